import type { Report } from '../../../report/report';
import type { ReadSecret } from '../../../stores/read-secret';
import type { Headers } from '../http-request';
import type { AuthSettings } from './auth-settings';
import { BearerTokens } from './oauth-token';
import { fieldsOf, headerValue, SecretText } from './secret-text';
import { awsSigner } from './sign-v4';

/** A GET before it goes out. */
export interface Outgoing {
  readonly url: URL;
  /** Lower case names. */
  readonly headers: Headers;
}

/** Puts credentials on requests. Only requests to the origin that the source names ever reach it. */
export interface HttpAuth {
  apply(request: Outgoing, signal: AbortSignal): Promise<Outgoing>;
  /** Called when the source said no: reads the secret anew. False where asking again would send the same. */
  renew(signal: AbortSignal): Promise<boolean>;
  /** Name of the query parameter that carries the credential; taken off addresses that the source gives back. */
  readonly parameter?: string;
}

export interface FormAnswer { readonly status: number; readonly text: string; readonly retryAfterMs?: number }

export interface AuthDeps {
  readonly secret: ReadSecret;
  readonly report: Report;
  /** Sends a form to the token server, and answers with status and text. */
  readonly post: (url: string, headers: Headers, body: string, signal: AbortSignal) => Promise<FormAnswer>;
  /** Seconds that never step back. */
  readonly seconds?: () => number;
}

/** The credentials that the settings name; undefined where the source needs none. */
export function httpAuth(settings: AuthSettings | undefined, deps: AuthDeps): HttpAuth | undefined {
  if (settings === undefined) return undefined;
  switch (settings.by) {
    case 'sigV4': return awsSigner(settings);
    case 'oauth2': return new BearerTokens(settings, deps);
    default: return new SecretAuth(settings, deps);
  }
}

type SecretSettings = Extract<AuthSettings, { by: 'basic' | 'bearer' | 'apiKeyHeader' | 'apiKeyQuery' }>;

/** Credentials that stand in a secret as they are sent. */
class SecretAuth implements HttpAuth {
  private readonly secret: SecretText;

  constructor(private readonly settings: SecretSettings, private readonly deps: AuthDeps) {
    this.secret = new SecretText(settings.secretArn, deps);
  }

  get parameter(): string | undefined {
    return this.settings.by === 'apiKeyQuery' ? this.settings.name : undefined;
  }

  async apply({ url, headers }: Outgoing, signal: AbortSignal): Promise<Outgoing> {
    const text = await this.secret.read(signal);
    const { settings } = this;
    switch (settings.by) {
      case 'basic': {
        const [user, password] = this.fields(text, [settings.usernameField, settings.passwordField]);
        const credentials = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
        this.deps.report.protect(credentials);
        return { url, headers: { ...headers, authorization: `Basic ${credentials}` } };
      }
      case 'bearer': return { url, headers: { ...headers, authorization: `Bearer ${this.inHeader(text, settings.field)}` } };
      case 'apiKeyHeader': return { url, headers: { ...headers, [settings.name]: this.inHeader(text, settings.field) } };
      case 'apiKeyQuery': {
        const keyed = new URL(url);
        keyed.searchParams.set(settings.name, this.one(text, settings.field));
        return { url: keyed, headers };
      }
    }
  }

  renew(signal: AbortSignal): Promise<boolean> {
    return this.secret.renew(signal);
  }

  private inHeader(text: string, field: string | undefined): string {
    return headerValue(this.one(text, field), this.settings.secretArn);
  }

  private one(text: string, field: string | undefined): string {
    return this.fields(text, [field])[0] as string;
  }

  private fields(text: string, names: ReadonlyArray<string | undefined>): string[] {
    const values = fieldsOf(text, this.settings.secretArn, names);
    for (const value of values) this.deps.report.protect(value);
    return values;
  }
}
