import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { userError } from '../../errors/pipeline-error';
import { secretsManager } from '../../stores/read-secret';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Reads a database secret. It is asked for every connection, so a rotation needs no restart. */
export type ReadCredentials = (secretArn: string, options: { readonly signal?: AbortSignal }) => Promise<Credentials>;

export function secretsManagerCredentials(client?: SecretsManagerClient): ReadCredentials {
  const read = secretsManager(client);
  return async (secretArn, { signal }) => parseSecret(await read(secretArn, { code: 'TARGET_SECRET', signal }), secretArn);
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
