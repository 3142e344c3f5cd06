import type { aws_iam as iam, aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import type { BoundAuth } from './private/bound-auth';

/** User and password of HTTP Basic. */
export interface HttpBasicAuthProps {
  /**
   * Field of the secret's JSON that holds the user.
   *
   * @default 'username'
   */
  readonly usernameField?: string;

  /**
   * Field of the secret's JSON that holds the password.
   *
   * @default 'password'
   */
  readonly passwordField?: string;
}

/** A secret value in a header or parameter. */
export interface HttpTokenAuthProps {
  /**
   * Field of the secret's JSON that holds the value.
   *
   * @default - the secret is the value
   */
  readonly field?: string;
}

/** Where a client of OAuth 2.0 puts its credentials when it asks for a token. */
export enum HttpClientCredentialsIn {
  /** In the Authorization header. */
  HEADER = 'header',

  /** In the form, as `client_id` and `client_secret`. */
  FORM = 'form',
}

/** Tokens by OAuth 2.0 client credentials. */
export interface HttpOAuth2Props {
  /** Where tokens are asked for, `https:` or `http:`. */
  readonly tokenUrl: string;

  /** JSON with the client's id and secret. */
  readonly secret: secretsmanager.ISecret;

  /**
   * Field of the secret's JSON that holds the client's id.
   *
   * @default 'client_id'
   */
  readonly clientIdField?: string;

  /**
   * Field of the secret's JSON that holds the client's secret.
   *
   * @default 'client_secret'
   */
  readonly clientSecretField?: string;

  /**
   * Where the credentials go.
   *
   * @default HttpClientCredentialsIn.HEADER
   */
  readonly credentialsIn?: HttpClientCredentialsIn;

  /**
   * What the token shall allow; words separated by spaces.
   *
   * @default - what the server gives by itself
   */
  readonly scope?: string;

  /**
   * The API that the token is for, where the server asks for it.
   *
   * @default - the server does not ask
   */
  readonly audience?: string;
}

/** Requests signed with the role of the task (Signature Version 4). */
export interface HttpSigV4Props {
  /** Name of the service in signatures, such as `execute-api`. */
  readonly service: string;

  /** Region of the service, such as `eu-central-1`. */
  readonly region: string;

  /**
   * What the role of the task must be allowed for these requests, such as `execute-api:Invoke` on the API.
   *
   * @default - the role is allowed elsewhere, by a policy of the resource
   */
  readonly statements?: iam.PolicyStatement[];
}

/**
 * How an HTTP source is told who asks. No secret stands in the template, the environment, logs or state.
 *
 * @example
 * declare const secret: secretsmanager.Secret;
 *
 * const auth = HttpAuth.oauth2({ tokenUrl: 'https://login.example.com/token', secret, scope: 'orders.read' });
 */
export abstract class HttpAuth {
  /** User and password, from fields of the secret's JSON. */
  static basic(secret: secretsmanager.ISecret, props: HttpBasicAuthProps = {}): HttpAuth {
    return ofSecret(secret, { by: 'basic', ...props });
  }

  /** `Authorization: Bearer` with a token that is in the secret. */
  static bearer(secret: secretsmanager.ISecret, props: HttpTokenAuthProps = {}): HttpAuth {
    return ofSecret(secret, { by: 'bearer', ...props });
  }

  /**
   * A key in a header.
   *
   * @param name of the header, such as `X-Api-Key`
   */
  static apiKeyHeader(name: string, secret: secretsmanager.ISecret, props: HttpTokenAuthProps = {}): HttpAuth {
    return ofSecret(secret, { by: 'apiKeyHeader', name, ...props });
  }

  /**
   * A key in the query. It is left out of logs and commits; servers and proxies on the way log addresses, so prefer a header.
   *
   * @param name of the parameter, such as `api_key`
   */
  static apiKeyQuery(name: string, secret: secretsmanager.ISecret, props: HttpTokenAuthProps = {}): HttpAuth {
    return ofSecret(secret, { by: 'apiKeyQuery', name, ...props });
  }

  /** Tokens by OAuth 2.0 client credentials: fetched, kept, and renewed before they end or when one is refused. */
  static oauth2(props: HttpOAuth2Props): HttpAuth {
    const { secret, credentialsIn, ...rest } = props;
    return ofSecret(secret, { by: 'oauth2', clientIn: credentialsIn, ...rest });
  }

  /** Signed with the role of the task, for APIs in AWS. */
  static sigV4(props: HttpSigV4Props): HttpAuth {
    const { service, region, statements = [] } = props;
    return new SettingsAuth({
      settings: { by: 'sigV4', service, region }, secrets: [],
      grantRead: (role) => statements.forEach((statement) => role.addToPrincipalPolicy(statement)),
    });
  }

  /** @internal */
  abstract get _bound(): BoundAuth;
}

class SettingsAuth extends HttpAuth {
  constructor(private readonly bound: BoundAuth) {
    super();
  }

  /** @internal */
  get _bound(): BoundAuth {
    return this.bound;
  }
}

function ofSecret(secret: secretsmanager.ISecret, settings: Record<string, unknown>): HttpAuth {
  return new SettingsAuth({ settings: { ...settings, secretArn: secret.secretArn }, secrets: [secret] });
}
