import type { Fields } from '../../../run/settings';
import { parseUrl } from '../redact-url';

/** How a source is told who asks. Secrets are named by ARN. */
export type AuthSettings =
  | { readonly by: 'basic'; readonly secretArn: string; readonly usernameField: string; readonly passwordField: string }
  | { readonly by: 'bearer'; readonly secretArn: string; readonly field?: string }
  | { readonly by: 'apiKeyHeader' | 'apiKeyQuery'; readonly name: string; readonly secretArn: string; readonly field?: string }
  | OAuth2Settings
  | SigV4Settings;

export interface OAuth2Settings {
  readonly by: 'oauth2';
  readonly tokenUrl: string;
  readonly secretArn: string;
  readonly clientIdField: string;
  readonly clientSecretField: string;
  /** Where the client's credentials go: the Authorization header, or the form. */
  readonly clientIn: 'header' | 'form';
  readonly scope?: string;
  readonly audience?: string;
}

export interface SigV4Settings {
  readonly by: 'sigV4';
  readonly service: string;
  readonly region: string;
}

/** A certificate of the client, for mutual TLS. */
export interface CertificateSettings {
  /** JSON with the texts `certificate` and `privateKey`, both PEM, and `passphrase` where the key has one. */
  readonly secretArn: string;
}

const KINDS = ['basic', 'bearer', 'apiKeyHeader', 'apiKeyQuery', 'oauth2', 'sigV4'] as const;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

export function parseAuth(fields: Fields): AuthSettings {
  const by = fields.choice('by', KINDS);
  if (by === 'sigV4') return { by, service: fields.text('service'), region: fields.text('region') };
  const secretArn = parseSecretArn(fields);
  const field = fields.text('field', { optional: true });
  switch (by) {
    case 'basic': return {
      by, secretArn, usernameField: fields.text('usernameField', { optional: true }) ?? 'username', passwordField: fields.text('passwordField', { optional: true }) ?? 'password',
    };
    case 'bearer': return { by, secretArn, ...(field === undefined ? {} : { field }) };
    case 'apiKeyHeader': return { by, name: headerName(fields), secretArn, ...(field === undefined ? {} : { field }) };
    case 'apiKeyQuery': return { by, name: fields.text('name'), secretArn, ...(field === undefined ? {} : { field }) };
    case 'oauth2': return parseOAuth2(fields, secretArn);
  }
}

export function parseSecretArn(fields: Fields): string {
  return fields.text('secretArn', { pattern: /^arn:/, rule: 'must be the ARN of a secret' });
}

function headerName(fields: Fields): string {
  return fields.text('name', { pattern: HEADER_NAME, rule: 'must be the name of a header' }).toLowerCase();
}

function parseOAuth2(fields: Fields, secretArn: string): OAuth2Settings {
  const tokenUrl = fields.text('tokenUrl');
  const url = parseUrl(tokenUrl);
  if (tokenUrl !== '' && (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')) {
    fields.problem('tokenUrl', 'must be an http or https address without user and password');
  }
  const scope = fields.text('scope', { optional: true });
  const audience = fields.text('audience', { optional: true });
  return {
    by: 'oauth2', tokenUrl, secretArn,
    clientIdField: fields.text('clientIdField', { optional: true }) ?? 'client_id',
    clientSecretField: fields.text('clientSecretField', { optional: true }) ?? 'client_secret',
    clientIn: fields.choice('clientIn', ['header', 'form'], { optional: true }) ?? 'header',
    ...(scope === undefined ? {} : { scope }), ...(audience === undefined ? {} : { audience }),
  };
}
