import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { TaskTokens } from '../asl';
import { Assembly } from '../assembly';
import { dismissGuard, reapLeftovers } from '../exec/child-guard';
import { compileCache } from '../exec/compile-cache';
import { ExecutionStore, type ExecutionRecord } from '../executions/execution-store';
import { startGateway, type Gateway } from '../gateway/start-gateway';
import { AccessDirectory } from '../iam/access-directory';
import { createAuthorizer } from '../iam/authorizer';
import { CATALOG_FILE } from '../queries/query-curated';
import type { S3ServiceOptions } from '../s3/s3-service';
import { cloudWatchLogsApi, LocalLogs } from '../services/cloudwatch-logs';
import { glueApi } from '../services/glue-api';
import { GlueCatalog } from '../services/glue-catalog';
import { sparkPython } from '../services/glue-jobs';
import type { StartExecution } from '../services/nested-executions';
import { LocalSecrets, secretsManagerApi } from '../services/secrets-manager';
import { LocalTopics, snsApi } from '../services/sns';
import { stepFunctionsApi } from '../services/step-functions-api';
import { Deployment } from './deployment';
import { deliverStatusChange } from './status-change';
import { executionPort } from './execution-port';
import { Executions } from './executions';
import { handlersFor } from './handlers';
import { certificateFolder, LocalDatabases, type LocalDatabase } from './local-databases';
import { machinesOf, type Machine } from './machine';
import { mapStorage } from './map-storage';
import { nativePackages } from './native-packages';
import { Principals, type AccessKey } from './principals';
import { SecretValues } from './secret-values';
import { bucketNames, eventRules, glueSeeds, publishAssets } from './seeds';
import type { OnStackEvent } from './stack-event';
import { StateFolder } from './state-folder';
import { lockStateFolder } from './state-lock';

export interface LocalStackOptions {
  /** Folder that `cdk synth` wrote. */
  readonly assemblyDir: string;
  /** Everything that runs and results leave behind; made when it is not there. */
  readonly stateDir: string;
  readonly onEvent?: OnStackEvent;
  /** Faults of the S3 endpoint, for tests. */
  readonly fault?: S3ServiceOptions['fault'];
  /** Waits and retry delays of the machines pass that many times faster. Default: 1, real time. */
  readonly timeFactor?: number;
  /** Tasks of a distributed Map that run at once. Default: 2. */
  readonly concurrency?: number;
  /**
   * A Python with PySpark and boto3, which runs Glue jobs. Default: HEADRACE_SPARK_PYTHON, else `.engines/venv/bin/python`
   * below the current folder; without either, a Glue job fails.
   */
  readonly spark?: string;
}

/** Tasks are whole processes, and each brings its own threads: more than this only makes a laptop swap. */
const DEFAULT_CONCURRENCY = 2;

/** A deployed assembly on this machine. Close it when done: it holds processes and ports. */
export class LocalStack {
  /** Deploys the assembly: endpoints, databases, buckets, catalog, assets; nothing is executed yet. */
  public static async start(options: LocalStackOptions): Promise<LocalStack> {
    const open: Array<() => Promise<void>> = [];
    try {
      return await LocalStack.deploy(options, open);
    } catch (error) {
      await Promise.all(open.map((close) => close()));
      dismissGuard();
      throw error;
    }
  }

  /** @param open gets what must be closed if a later step fails */
  private static async deploy(options: LocalStackOptions, open: Array<() => Promise<void>>): Promise<LocalStack> {
    const began = Date.now();
    const onEvent = options.onEvent ?? (() => {});
    const state = new StateFolder(options.stateDir);
    const unlock = lockStateFolder(state.root);
    open.push(async () => unlock());
    reapLeftovers(state.pids);
    const store = new ExecutionStore(state.executions);
    store.abortLeftOpen(new Date());

    const warn = (message: string) => onEvent({ kind: 'warning', message });
    const secrets = new SecretValues(state);
    const databases = new LocalDatabases(state);
    await databases.reserve(new Assembly(options.assemblyDir, { secretValue: () => 'unknown yet' }));
    const assembly = new Assembly(options.assemblyDir, {
      attributes: databases.attributes, secretValue: (arn, key) => secrets.reference(arn, key), onWarning: warn,
    });
    secrets.generate(assembly);
    secrets.attach(assembly, databases.attachments(assembly));

    const access = new AccessDirectory(assembly.resources);
    const principals = new Principals(access.roleArns);
    const operator: AccessKey = { accessKeyId: `AKIAOPERATOR${randomBytes(4).toString('hex').toUpperCase()}`, secretAccessKey: randomBytes(20).toString('hex') };
    const authorize = createAuthorizer({
      directory: access, principalOf: (id) => principals.roleOf(id),
      onDecision: ({ allowed, reason }) => {
        if (!allowed) onEvent({ kind: 'denied', message: reason });
      },
    });
    const topics = new LocalTopics({
      dir: state.topics,
      topics: assembly.ofType('AWS::SNS::Topic').map(({ ref }) => ref),
      onMessage: ({ topicArn, subject, message }) => onEvent({ kind: 'notice', topic: topicArn.slice(topicArn.lastIndexOf(':') + 1), subject, message }),
    });
    const definitions = glueSeeds(assembly);
    state.write(CATALOG_FILE, definitions);
    const catalog = new GlueCatalog(state.catalog, definitions);
    const machines = machinesOf(assembly);
    const tokens = new TaskTokens();
    const logs = new LocalLogs();
    const secretNames = new Map(assembly.ofType('AWS::SecretsManager::Secret').map(({ ref, properties }) => [ref, String(properties.Name ?? ref)]));
    // The port needs the executions, which need the gateway that it is part of: it looks them up when it is called.
    let executions: Executions | undefined = undefined as Executions | undefined;
    const running = await databases.start(assembly, secrets);
    open.push(...running.map((database) => () => database.stop()));
    const gateway = await startGateway({
      authorize: (request) => (request.accessKeyId === operator.accessKeyId ? { allowed: true } : authorize(request)),
      s3: { dir: state.s3, buckets: bucketNames(assembly), fault: options.fault },
      services: [
        snsApi(topics), glueApi(catalog), cloudWatchLogsApi(logs),
        secretsManagerApi(new LocalSecrets(
          secrets.entries().map(([arn, secretString]) => ({ arn, name: secretNames.get(arn) ?? arn, secretString })),
        )),
        stepFunctionsApi(executionPort(() => executions as Executions, store, tokens, machines.map(({ arn }) => arn))),
      ],
    });
    open.push(() => gateway.close());
    const client = (key: AccessKey) => new S3Client({
      endpoint: gateway.url, region: 'us-east-1', credentials: key, maxAttempts: 3,
    });
    await publishAssets(assembly, client(operator), (bucket, key) => gateway.s3.storage.bucket(bucket).get(key) !== undefined);

    const deployment = new Deployment({
      assembly, machines, principals, endpoint: gateway.url, pidFolder: state.pids, logs, nodePath: nativePackages(),
      childEnvironment: {
        ...compileCache(state.compileCache),
        ...(running.length > 0 ? { NODE_EXTRA_CA_CERTS: path.join(certificateFolder(state), 'server.crt') } : {}),
      },
    });
    const rules = eventRules(assembly);
    executions = new Executions({
      deployment, store, access, onEvent, taskTokens: tokens,
      handlers: (scope, machine) => handlersFor({
        deployment, scope, machine, topics, access, secretValue: (arn, key) => secrets.reference(arn, key),
        s3: client(principals.keyOf(machine.roleArn)), stateDir: state.root,
        spark: sparkPython(options.spark),
        start: (request) => executions!.start(request),
      }),
      storage: (machine) => mapStorage(client(principals.keyOf(machine.roleArn))),
      onEnded: (record) => deliverStatusChange(record, rules, topics, access),
      timeFactor: options.timeFactor ?? 1,
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    });
    onEvent({ kind: 'stack', what: `stack up: ${machines.length} machines, ${running.length} databases`, milliseconds: Date.now() - began });
    return new LocalStack(state, gateway, running, deployment, executions, catalog, store, unlock);
  }

  private constructor(
    public readonly state: StateFolder,
    private readonly gateway: Gateway,
    public readonly databases: readonly LocalDatabase[],
    public readonly deployment: Deployment,
    private readonly executions: Executions,
    public readonly catalog: GlueCatalog,
    public readonly store: ExecutionStore,
    private readonly unlock: () => void,
  ) {}

  public get endpoint(): string {
    return this.gateway.url;
  }

  public get machines(): readonly Machine[] {
    return this.deployment.machines;
  }

  /** Runs an execution to its end. Throws ExecutionAlreadyExists for a name that is taken. */
  public start(request: StartExecution): Promise<ExecutionRecord> {
    return this.executions.start(request);
  }

  /** Local file of an object; undefined where there is none. */
  public fileOf(bucket: string, key: string): string | undefined {
    if (!this.gateway.s3.storage.hasBucket(bucket)) return undefined;
    const file = this.gateway.s3.storage.bucket(bucket).pathOf(key);
    return existsSync(file) ? file : undefined;
  }

  /** Stops everything. Data, logs and records stay in the state folder. */
  public async close(): Promise<void> {
    await Promise.all([this.gateway.close(), ...this.databases.map((database) => database.stop())]);
    dismissGuard();
    this.unlock();
  }
}
