import { transientError, userError } from '../../../errors/pipeline-error';
import { isTransientStatus } from '../http-failure';
import { redactUrl } from '../redact-url';
import type { OAuth2Settings } from './auth-settings';
import type { AuthDeps, HttpAuth, Outgoing } from './http-auth';
import { fieldsOf, headerValue, SecretText } from './secret-text';

/** A token is no longer used when less than this is left of it: the request it goes with must still arrive. */
const MARGIN_SECONDS = 60;

/** Of a token that lives shorter than twice the margin, this part is used. */
const SHORT_LIFE = 0.5;

/** What a server that does not tell is taken to mean; a refused token is renewed all the same. */
const DEFAULT_LIFE_SECONDS = 300;

interface Token { readonly text: string; readonly until: number }

/** Bearer tokens by OAuth 2.0 client credentials (RFC 6749, section 4.4): fetched when needed, used until they are about to end. */
export class BearerTokens implements HttpAuth {
  private readonly secret: SecretText;
  private readonly seconds: () => number;
  private token?: Token;

  constructor(private readonly settings: OAuth2Settings, private readonly deps: AuthDeps) {
    this.secret = new SecretText(settings.secretArn, deps);
    this.seconds = deps.seconds ?? (() => performance.now() / 1_000);
  }

  async apply({ url, headers }: Outgoing, signal: AbortSignal): Promise<Outgoing> {
    if (this.token === undefined || this.seconds() >= this.token.until) this.token = await this.fetch(signal);
    return { url, headers: { ...headers, authorization: `Bearer ${this.token.text}` } };
  }

  /** A refused token may have been revoked, and the secret rotated: both are asked for anew. */
  async renew(signal: AbortSignal): Promise<boolean> {
    this.token = undefined;
    await this.secret.renew(signal);
    return true;
  }

  private async fetch(signal: AbortSignal): Promise<Token> {
    try {
      return await this.request(signal);
    } catch (error) {
      // The client's secret may have been rotated since it was read.
      if ((error as { code?: string }).code !== 'SOURCE_TOKEN' || !(await this.secret.renew(signal))) throw error;
      return this.request(signal);
    }
  }

  private async request(signal: AbortSignal): Promise<Token> {
    const { tokenUrl, secretArn, clientIdField, clientSecretField, clientIn, scope, audience } = this.settings;
    const [id, secret] = fieldsOf(await this.secret.read(signal), secretArn, [clientIdField, clientSecretField]) as [string, string];
    this.deps.report.protect(secret);
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }), ...(audience === undefined ? {} : { audience }) });
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    if (clientIn === 'form') {
      form.set('client_id', id);
      form.set('client_secret', secret);
    } else {
      // Both are form-encoded before they are joined: RFC 6749, section 2.3.1.
      const credentials = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64');
      this.deps.report.protect(credentials);
      headers.authorization = `Basic ${credentials}`;
    }
    const { status, text, retryAfterMs } = await this.deps.post(tokenUrl, headers, form.toString(), signal);
    return this.read(status, text, retryAfterMs);
  }

  /** Reads the answer. Its text is never shown: it holds the token, or repeats what was sent. */
  private read(status: number, text: string, retryAfterMs: number | undefined): Token {
    const where = redactUrl(this.settings.tokenUrl);
    const facts = { status, url: where, retryAfterMs };
    if (isTransientStatus(status)) throw transientError('SOURCE_UNAVAILABLE', `the token server ${where} answered ${status}`, facts);
    const answer = parse(text);
    if (status !== 200) {
      const reason = ERROR_CODES.find((code) => code === answer.error);
      const said = reason === undefined ? '' : ` (${reason})`;
      throw userError('SOURCE_TOKEN', `the token server ${where} answered ${status}${said}; check the client, its secret ${this.settings.secretArn}, and scope and audience`, facts);
    }
    const { access_token: token, token_type: type, expires_in: life } = answer;
    if (typeof token !== 'string' || token === '' || (typeof type === 'string' && type.toLowerCase() !== 'bearer')) {
      throw userError('SOURCE_TOKEN', `the token server ${where} answered without a bearer token in access_token; check tokenUrl`, facts);
    }
    this.deps.report.protect(token);
    const seconds = Number(life ?? DEFAULT_LIFE_SECONDS);
    const lasts = Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_LIFE_SECONDS;
    return { text: headerValue(token, this.settings.secretArn), until: this.seconds() + Math.max(lasts - MARGIN_SECONDS, lasts * SHORT_LIFE) };
  }
}

/** Of RFC 6749, section 5.2: safe to show, for they are not the server's own words. */
const ERROR_CODES = ['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'];

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
