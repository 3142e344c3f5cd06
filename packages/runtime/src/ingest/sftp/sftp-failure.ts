import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { SftpSourceSettings } from './sftp-settings';

/** Status codes of SFTP version 3 that mean something to us. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

interface SshFault { readonly message?: string; readonly code?: string | number; readonly level?: string }

/** What the server, or the way to it, said, in words of the source. */
export function sftpFailure(error: unknown, source: SftpSourceSettings, what: string, offset = 0): PipelineError {
  const known = [error, (error as Error | undefined)?.cause].find((each): each is PipelineError => PipelineError.is(each));
  if (known !== undefined) return known;
  const { message = String(error), code, level } = (error ?? {}) as SshFault;
  const where = `sftp://${source.host}:${source.port}`;
  const facts = { host: source.host, port: source.port, what, offset, code, level };
  if (level === 'client-authentication') {
    return userError('SOURCE_LOGIN', `${where} refused the login (${message}); check user, password or private key in the secret ${source.secretArn}`, facts, error);
  }
  if (code === NO_SUCH_FILE) return userError('SOURCE_GONE', `${where}: ${what} is not there; correct the path, or start the next attempt if the file was taken away meanwhile`, facts, error);
  if (code === PERMISSION_DENIED) return userError('SOURCE_DENIED', `${where}: the login may not read ${what}; have the server's owner grant it`, facts, error);
  if (level === 'handshake' && /no matching/i.test(message)) {
    return userError('SOURCE_SSH', `${where}: server and client have no algorithm in common (${message}); the server must offer one that is not obsolete`, facts, error);
  }
  if (/parse.*privateKey|Encrypted private|passphrase/i.test(message)) {
    return userError('SOURCE_SECRET', `the secret ${source.secretArn}: privateKey cannot be read (${message}); it must be a private key in PEM or OpenSSH form, with its passphrase beside it if it has one`, facts, error);
  }
  return transientError(level === 'client-timeout' || /timed? ?out/i.test(message) ? 'SOURCE_TIMEOUT' : 'SOURCE_NETWORK', `${where}: ${what}: ${message} at byte ${offset}; if it lasts, check host and port, and that the server's firewall lets the tasks in`, facts, error);
}
