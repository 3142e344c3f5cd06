import type { Fields } from '../../run/settings';
import type { FileSettings } from '../source/file-selection';
import { parseFileSettings, textList } from '../source/parse-file-settings';
import type { SourceSettings } from '../source/source-kind';

/** Files in a folder of an SFTP server. */
export interface SftpSourceSettings extends FileSettings {
  readonly kind: 'sftp';
  readonly host: string;
  readonly port: number;
  /** JSON with `password` or `privateKey` (and its `passphrase`), and `username` where the settings have none. */
  readonly secretArn: string;
  readonly username?: string;
  /** `SHA256:…`, as `ssh-keygen -lf` prints them; one of them must be the server's. */
  readonly hostKeys: readonly string[];
  /** Absolute, or relative to the folder of the login. */
  readonly path: string;
  /** Age below which a file may still be written to. */
  readonly settleSeconds: number;
}

export const DEFAULT_SETTLE_SECONDS = 60;

/** What servers and clients name files that are not finished. */
export const UNFINISHED_SUFFIXES = ['.part', '.partial', '.filepart', '.tmp'];

export function parseSftpSource(fields: Fields, common: Omit<SourceSettings, 'kind'>): SftpSourceSettings {
  const username = fields.text('username', { optional: true });
  const hostKeys = textList(fields, 'hostKeys');
  if (hostKeys.length === 0) fields.problem('hostKeys', 'must name at least one fingerprint of the server, like SHA256:…; ssh-keyscan <host> | ssh-keygen -lf - prints them');
  for (const key of hostKeys.filter((one) => !FINGERPRINT.test(one))) {
    fields.problem('hostKeys', `must be fingerprints like SHA256: and 43 characters, got ${JSON.stringify(key)}; ssh-keyscan <host> | ssh-keygen -lf - prints them`);
  }
  const settings: SftpSourceSettings = {
    kind: 'sftp', host: fields.text('host'), port: fields.integer('port', { min: 1, max: 65_535, optional: true }) ?? 22,
    secretArn: fields.text('secretArn'), ...(username === undefined ? {} : { username }), hostKeys,
    path: fields.text('path').replace(/(.)\/+$/, '$1'),
    settleSeconds: fields.integer('settleSeconds', { min: 0, max: 86_400, optional: true }) ?? DEFAULT_SETTLE_SECONDS,
    ...parseFileSettings(fields, common),
  };
  return fields.has('ignoreSuffixes') ? settings : { ...settings, ignoreSuffixes: UNFINISHED_SUFFIXES };
}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;

/** A file's address, without the login, fit for commits. */
export function sftpUrl({ host, port }: Pick<SftpSourceSettings, 'host' | 'port'>, path: string): string {
  const at = host.includes(':') ? `[${host}]` : host;
  // A tilde tells a path that begins at the folder of the login from an absolute one.
  const start = path.startsWith('/') ? '' : '~/';
  return `sftp://${at}${port === 22 ? '' : `:${port}`}/${start}${path.replace(/^\//, '').split('/').map(encodeURIComponent).join('/')}`;
}
