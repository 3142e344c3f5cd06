import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { Assembly } from '../assembly';
import type { Gateway } from '../gateway/start-gateway';
import type { Authorize } from '../iam/access';
import { AccessDirectory } from '../iam/access-directory';
import { createAuthorizer } from '../iam/authorizer';
import { CATALOG_FILE } from '../queries/query-curated';
import type { GlueCatalog } from '../services/glue-catalog';
import type { QueueMapping } from '../services/queue-consumers';
import type { LocalQueues } from '../services/queues';
import type { LocalSecrets } from '../services/secrets-manager';
import type { LocalTopics } from '../services/sns';
import type { StsPort } from '../services/sts';
import { Deployment, type DeploymentOptions } from './deployment';
import type { EventRule } from './event-rules';
import type { LocalDatabases } from './local-databases';
import { machinesOf } from './machine';
import { Principals, type AccessKey } from './principals';
import type { SecretValues } from './secret-values';
import { bucketNames, bucketsWithEvents, eventRules, glueSeeds, publishAssets, queueMappings, queuesOf } from './seeds';
import type { OnStackEvent } from './stack-event';
import type { StateFolder } from './state-folder';

/** One assembly as it is deployed. An execution keeps the one that it began with, as a running machine keeps its definition and revisions. */
export interface Release {
  readonly deployment: Deployment;
  readonly access: AccessDirectory;
  readonly principals: Principals;
  readonly rules: readonly EventRule[];
  /** Buckets that tell EventBridge of their objects. */
  readonly bucketsWithEvents: ReadonlySet<string>;
  readonly queueMappings: readonly QueueMapping[];
  readonly authorize: Authorize;
}

export interface ReleasesOptions {
  readonly state: StateFolder;
  readonly secrets: SecretValues;
  readonly databases: LocalDatabases;
  readonly topics: LocalTopics;
  readonly queues: LocalQueues;
  readonly catalog: GlueCatalog;
  /** What Secrets Manager serves. */
  readonly served: LocalSecrets;
  readonly onEvent: OnStackEvent;
}

/** What every deployment of one stack has in common. */
export type ReleaseEnvironment = Pick<DeploymentOptions, 'pidFolder' | 'logs' | 'nodePath' | 'childEnvironment' | 'startProcess'>;

/** Deploys assemblies into one state folder, one after the other, as a CDK app is deployed version by version. */
export class Releases {
  /** Whoever uses the stack by hand: allowed everything, as the one who deploys. */
  public readonly operator: AccessKey = {
    accessKeyId: `AKIAOPERATOR${randomBytes(4).toString('hex').toUpperCase()}`, secretAccessKey: randomBytes(20).toString('hex'),
  };

  private release: Release | undefined;

  public constructor(private readonly options: ReleasesOptions) {}

  public get isDeployed(): boolean {
    return this.release !== undefined;
  }

  /** What new executions run. Throws before the first deployment. */
  public get current(): Release {
    if (this.release === undefined) throw new Error('nothing is deployed yet');
    return this.release;
  }

  /** Resolves an assembly with the databases and secrets of the state folder. Databases must have been reserved. */
  public read(assemblyDir: string): Assembly {
    const { secrets, databases, onEvent } = this.options;
    const assembly = new Assembly(assemblyDir, {
      attributes: databases.attributes, secretValue: (arn, key) => secrets.reference(arn, key),
      onWarning: (message) => onEvent({ kind: 'warning', message }),
    });
    secrets.generate(assembly);
    secrets.attach(assembly, databases.attachments(assembly));
    return assembly;
  }

  /** Knows the keys of the operator and of every role; roles have the policies that were deployed last, also for what runs already. */
  public readonly authorize: Authorize = (request) => (
    request.accessKeyId === this.operator.accessKeyId ? { allowed: true } : this.current.authorize(request)
  );

  /** Roles that assume others, such as one that the owner of a bucket gives; trust policies are those that were deployed last. */
  public readonly sts: StsPort = {
    principalOf: (accessKeyId) => {
      const { access, principals } = this.current;
      const arn = principals.roleOf(accessKeyId);
      return arn === undefined ? undefined : access.principal(arn);
    },
    checkTrust: (roleArn, principal, context) => {
      const evaluation = this.current.access.checkTrust(roleArn, principal, context);
      if (!evaluation.allowed) this.options.onEvent({ kind: 'denied', message: evaluation.reason });
      return evaluation;
    },
    // A session is as its role: it has the role's key, and does not end.
    issue: ({ arn }) => ({ ...this.current.principals.keyOf(arn), sessionToken: 'local' }),
  };

  /** Makes an assembly what new executions run. What earlier ones made stays: buckets, topics, tables, secrets. */
  public async deploy(assembly: Assembly, gateway: Gateway, environment: ReleaseEnvironment): Promise<Release> {
    const { state, secrets, topics, queues, catalog, served, onEvent } = this.options;
    topics.add(assembly.ofType('AWS::SNS::Topic').map(({ ref }) => ref));
    const definitions = glueSeeds(assembly);
    state.write(CATALOG_FILE, definitions);
    catalog.define(definitions);
    const names = new Map(assembly.ofType('AWS::SecretsManager::Secret').map(({ ref, properties }) => [ref, String(properties.Name ?? ref)]));
    for (const [arn, secretString] of secrets.entries()) served.put({ arn, name: names.get(arn) ?? arn, secretString });
    for (const name of bucketNames(assembly)) gateway.s3.storage.createBucket(name);
    const client = new S3Client({ endpoint: gateway.url, region: 'us-east-1', credentials: this.operator, maxAttempts: 3 });
    await publishAssets(assembly, client, (bucket, key) => gateway.s3.storage.bucket(bucket).get(key) !== undefined);
    client.destroy();

    const access = new AccessDirectory(assembly.resources);
    const principals = new Principals(access.roleArns);
    const authorize = createAuthorizer({
      directory: access, principalOf: (id) => principals.roleOf(id),
      onDecision: ({ allowed, reason }) => {
        if (!allowed) onEvent({ kind: 'denied', message: reason });
      },
    });
    const deployment = new Deployment({ ...environment, assembly, machines: machinesOf(assembly), principals, endpoint: gateway.url });
    this.release = {
      deployment, access, principals, authorize,
      rules: eventRules(assembly), bucketsWithEvents: bucketsWithEvents(assembly), queueMappings: queueMappings(assembly),
    };
    queues.define(queuesOf(assembly));
    return this.release;
  }
}
