import { userError } from '../../errors/pipeline-error';
import type { ReadSecret } from '../../stores/read-secret';
import type { SftpSourceSettings } from './sftp-settings';

export interface SftpLogin {
  readonly username: string;
  readonly password?: string;
  readonly privateKey?: string;
  readonly passphrase?: string;
}

/** Reads the login of a source. Asked for each connection, so a rotation needs no restart. */
export async function readLogin(source: SftpSourceSettings, secret: ReadSecret, signal: AbortSignal): Promise<SftpLogin> {
  const text = await secret(source.secretArn, { code: 'SOURCE_SECRET', signal });
  let fields: Record<string, unknown> = {};
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // The text is not shown: it is the secret.
  }
  const of = (name: string): string | undefined => (typeof fields?.[name] === 'string' && fields[name] !== '' ? fields[name] as string : undefined);
  const [username, password, privateKey, passphrase] = [source.username ?? of('username'), of('password'), of('privateKey'), of('passphrase')];
  if (username === undefined || (password === undefined && privateKey === undefined)) {
    const missing = username === undefined ? 'username (or the prop of that name)' : 'password or privateKey';
    throw userError('SOURCE_SECRET', `the secret ${source.secretArn} must be a JSON object of texts with ${missing}`, { secretArn: source.secretArn });
  }
  return { username, password, privateKey, passphrase };
}
