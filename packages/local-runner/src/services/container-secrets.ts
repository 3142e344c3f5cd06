import { TaskFailure } from '../asl/task-failure';
import type { AccessDirectory } from '../iam/access-directory';
import type { Container } from '../stack/deployment';

export interface ContainerSecretsDeps {
  readonly access: AccessDirectory;
  /** The text of a secret, or of one key of it; throws where there is none. */
  readonly secretValue: (arn: string, jsonKey: string) => string;
}

const SECRET = /^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::([^:]*):([^:]*):([^:]*))?$/;

/** What ECS puts into a container's environment, read as the execution role may. */
export function containerSecrets(
  container: Container, executionRoleArn: string | undefined, { access, secretValue }: ContainerSecretsDeps,
): Record<string, string> {
  return Object.fromEntries(container.secrets.map(({ Name, ValueFrom }) => {
    const [, arn, jsonKey = ''] = SECRET.exec(ValueFrom) ?? [];
    if (arn === undefined) throw notStarted(`${Name} of container ${container.name} comes from ${ValueFrom}; locally only Secrets Manager is there, so use ecs.Secret.fromSecretsManager`);
    const { allowed, reason } = access.check(executionRoleArn ?? 'no-role', { action: 'secretsmanager:GetSecretValue', resource: arn });
    if (!allowed) throw notStarted(`unable to pull secrets or registry auth: execution resource retrieval failed: ${reason}`);
    return [Name, secretValue(arn, jsonKey)];
  }));
}

function notStarted(reason: string): TaskFailure {
  return new TaskFailure('States.TaskFailed', JSON.stringify({ StopCode: 'TaskFailedToStart', StoppedReason: `ResourceInitializationError: ${reason}`, LastStatus: 'STOPPED' }));
}
