import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { transientError, userError } from '../errors/pipeline-error';

/**
 * Reads the text of a secret. It is asked again for every connection, so a rotation needs no restart.
 *
 * @throws PipelineError under the caller's code: terminal where permission or secret is missing, transient otherwise
 */
export type ReadSecret = (secretArn: string, options: { readonly code: string; readonly signal?: AbortSignal }) => Promise<string>;

const NOT_ALLOWED = 'grant the task role secretsmanager:GetSecretValue and use of the secret\'s key';
const NOT_THERE = 'store it under that name, with a value, in the account and Region of the stack';
/** Names under which Secrets Manager says no for good; anything else may pass. */
const TERMINAL = new Set(['ResourceNotFoundException', 'AccessDeniedException', 'InvalidRequestException', 'DecryptionFailure', 'InvalidParameterException']);

export function secretsManager(client?: SecretsManagerClient): ReadSecret {
  let made = client;
  return async (secretArn, { code, signal }) => {
    made ??= new SecretsManagerClient({});
    try {
      const { SecretString } = await made.send(new GetSecretValueCommand({ SecretId: secretArn }), { abortSignal: signal });
      return SecretString ?? '';
    } catch (error) {
      const { name, message } = error as Error;
      const about = `the secret ${secretArn} cannot be read (${name}: ${message})`;
      throw TERMINAL.has(name)
        ? userError(code, `${about}; ${name === 'ResourceNotFoundException' ? NOT_THERE : NOT_ALLOWED}`, { secretArn }, error)
        : transientError(code, about, { secretArn }, error);
    }
  };
}
