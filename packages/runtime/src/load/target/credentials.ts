import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { transientError, userError } from '../../errors/pipeline-error';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Reads a database secret. It is asked for every connection, so a rotation needs no restart. */
export type ReadCredentials = (secretArn: string, options: { readonly signal?: AbortSignal }) => Promise<Credentials>;

/** Names under which Secrets Manager says no for good; anything else may pass. */
const TERMINAL = new Set(['ResourceNotFoundException', 'AccessDeniedException', 'InvalidRequestException', 'DecryptionFailure', 'InvalidParameterException']);

export function secretsManagerCredentials(client: SecretsManagerClient = new SecretsManagerClient({})): ReadCredentials {
  return async (secretArn, { signal }) => {
    let text: string | undefined;
    try {
      text = (await client.send(new GetSecretValueCommand({ SecretId: secretArn }), { abortSignal: signal })).SecretString;
    } catch (error) {
      const { name, message } = error as Error;
      const about = `the secret ${secretArn} cannot be read (${name}: ${message})`;
      throw TERMINAL.has(name)
        ? userError('TARGET_SECRET', `${about}; grant the task role secretsmanager:GetSecretValue and use of the secret's key`, { secretArn }, error)
        : transientError('TARGET_SECRET', about, { secretArn }, error);
    }
    return parseSecret(text, secretArn);
  };
}

/** The texts of members are never part of an error: one of them is the password. */
export function parseSecret(text: string | undefined, secretArn: string): Credentials {
  let secret: Partial<Record<keyof Credentials, unknown>> | undefined;
  try {
    secret = JSON.parse(text ?? '') as typeof secret;
  } catch {
    secret = undefined;
  }
  const missing = (['username', 'password'] as const).filter((name) => typeof secret?.[name] !== 'string' || secret[name] === '');
  if (missing.length > 0) {
    throw userError('TARGET_SECRET', `the secret ${secretArn} must hold JSON with texts username and password, it lacks ${missing.join(' and ')}`, { secretArn, missing });
  }
  return { username: secret!.username as string, password: secret!.password as string };
}
