import { createHash } from 'node:crypto';
import { defineService } from '../gateway/define-service';
import { LOCAL_ACCOUNT, LOCAL_REGION, ServiceError, type ServiceApi } from '../gateway/service-api';

/** A secret with its value; kept in memory only. */
export interface LocalSecret {
  readonly arn: string;
  readonly name: string;
  readonly secretString: string;
  readonly description?: string;
}

/** The secrets of a stack. */
export class LocalSecrets {
  private readonly secrets = new Map<string, LocalSecret>();
  private readonly createdAt = new Date();

  constructor(secrets: Iterable<LocalSecret> = []) {
    for (const secret of secrets) this.put(secret);
  }

  /** Adds a secret or replaces its value. */
  put(secret: LocalSecret): void {
    this.secrets.set(secret.arn, secret);
  }

  /** By name, ARN, or ARN without the six characters at its end. */
  find(id: string): LocalSecret | undefined {
    const exact = this.secrets.get(id);
    if (exact) return exact;
    return [...this.secrets.values()].find((secret) => secret.name === id || secret.arn.replace(/-[A-Za-z0-9]{6}$/, '') === id);
  }

  /** ARN to check permissions against, also for a secret that does not exist. */
  arnOf(id: string): string {
    const whole = id.startsWith('arn:') ? id : `arn:aws:secretsmanager:${LOCAL_REGION}:${LOCAL_ACCOUNT}:secret:${id}`;
    // With a suffix, so that whoever may read it is told that it is not there, and not that reading is denied.
    return this.find(id)?.arn ?? (/-[A-Za-z0-9]{6}$/.test(whole) ? whole : `${whole}-000000`);
  }

  /** @throws ServiceError ResourceNotFoundException */
  require(id: string): LocalSecret {
    const secret = this.find(id);
    if (secret === undefined) throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return secret;
  }

  describe(secret: LocalSecret) {
    return {
      ARN: secret.arn, Name: secret.name, Description: secret.description, RotationEnabled: false, CreatedDate: this.createdAt,
      LastChangedDate: this.createdAt, VersionIdsToStages: { [versionId(secret)]: ['AWSCURRENT'] },
    };
  }

  get since(): Date {
    return this.createdAt;
  }
}

export function secretsManagerApi(secrets: LocalSecrets): ServiceApi {
  return defineService({
    service: 'secretsmanager',
    protocol: 'json1.1',
    names: { secretArn: (id) => secrets.arnOf(id) },
    operations: {
      GetSecretValue: ({ SecretId, VersionStage, VersionId }) => {
        const secret = secrets.require(String(SecretId));
        if ((VersionStage ?? 'AWSCURRENT') !== 'AWSCURRENT' || (VersionId !== undefined && VersionId !== versionId(secret))) {
          const which = VersionId === undefined ? `staging label: ${VersionStage}` : `VersionId: ${VersionId}`;
          throw new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${which}`);
        }
        return {
          ARN: secret.arn, Name: secret.name, VersionId: versionId(secret), SecretString: secret.secretString,
          VersionStages: ['AWSCURRENT'], CreatedDate: secrets.since,
        };
      },
      DescribeSecret: ({ SecretId }) => secrets.describe(secrets.require(String(SecretId))),
    },
  });
}

/** Changes with the value, as a new version's id would; it does not tell the value. */
function versionId(secret: LocalSecret): string {
  const hash = createHash('sha256').update(`${secret.arn}\n${secret.secretString}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
