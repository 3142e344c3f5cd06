import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { TaskTokens } from '../asl';
import { Assembly, LOCAL } from '../assembly';
import { dismissGuard, reapLeftovers } from '../exec/child-guard';
import { compileCache } from '../exec/compile-cache';
import type { StartProcess } from '../exec/process';
import { ExecutionStore, type ExecutionRecord } from '../executions/execution-store';
import { startGateway, type Gateway } from '../gateway/start-gateway';
import type { S3ServiceOptions } from '../s3/s3-service';
import { cloudWatchLogsApi, LocalLogs } from '../services/cloudwatch-logs';
import { LocalDms } from '../services/dms/local-dms';
import { glueApi } from '../services/glue-api';
import { GlueCatalog } from '../services/glue-catalog';
import { sparkPython } from '../services/glue-jobs';
import type { StartExecution } from '../services/nested-executions';
import { eventsApi } from '../services/events-api';
import { QueueConsumers } from '../services/queue-consumers';
import { LocalQueues } from '../services/queues';
import { LocalSecrets, secretsManagerApi } from '../services/secrets-manager';
import { DEFAULT_FARGATE_VCPUS } from '../services/service-quotas';
import { LocalTopics, snsApi } from '../services/sns';
import { stepFunctionsApi } from '../services/step-functions-api';
import { stsApi } from '../services/sts';
import type { Deployment } from './deployment';
import { DetachedRuns } from './detached-runs';
import { LocalEventBus, type AwsEvent } from './event-bus';
import { executionPort } from './execution-port';
import { Executions } from './executions';
import { handlersFor } from './handlers';
import { certificateFolder, LocalDatabases, type LocalDatabase } from './local-databases';
import type { Machine } from './machine';
import { mapStorage } from './map-storage';
import { nativePackages } from './native-packages';
import { objectEvent } from './object-event';
import { Releases, type ReleaseEnvironment } from './releases';
import type { AccessKey } from './principals';
import { SecretValues } from './secret-values';
import { bucketNames } from './seeds';
import type { OnStackEvent } from './stack-event';
import { StateFolder } from './state-folder';
import { stackTime } from './stack-time';
import { lockStateFolder } from './state-lock';
import { statusChange } from './status-change';

export interface LocalStackOptions {
  /** Folder that `cdk synth` wrote. */
  readonly assemblyDir: string;
  /** Everything that runs and results leave behind; made when it is not there. */
  readonly stateDir: string;
  readonly onEvent?: OnStackEvent;
  /** Faults of the S3 endpoint, for tests. */
  readonly fault?: S3ServiceOptions['fault'];
  /** Waits and retry delays of the machines, and the time of events and queues, pass that many times faster. Default: 1, real time. */
  readonly timeFactor?: number;
  /** Tasks of a distributed Map that run at once. Default: 2. */
  readonly concurrency?: number;
  /** vCPU of Fargate that the account of the stack may run, as Service Quotas tells it; limits what is planned, and nothing here. Default: 4000. */
  readonly fargateVcpus?: number;
  /**
   * A Python with PySpark and boto3, which runs Glue jobs. Default: HEADRACE_SPARK_PYTHON, else `.engines/venv/bin/python`
   * below the current folder; without either, a Glue job fails.
   */
  readonly spark?: string;
  /**
   * How containers and functions become processes, for tests that start very many of them. Default: each is a new one, with its memory cap, which
   * ends when this process does.
   */
  readonly startProcess?: StartProcess;
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

    const secrets = new SecretValues(state);
    const databases = new LocalDatabases(state);
    await databases.reserve(new Assembly(options.assemblyDir, { secretValue: () => 'unknown yet' }));
    const topics = new LocalTopics({
      dir: state.topics, topics: [],
      onMessage: ({ topicArn, subject, message }) => onEvent({ kind: 'notice', topic: topicArn.slice(topicArn.lastIndexOf(':') + 1), subject, message }),
    });
    const now = stackTime(options.timeFactor ?? 1);
    const queues = new LocalQueues({
      dir: state.queues, now,
      onDead: ({ receives }, { arn }) => onEvent({ kind: 'warning', message: `a message of ${arn} was received ${receives} times in vain; it is in the dead-letter queue now` }),
    });
    const catalog = new GlueCatalog(state.catalog, { databases: [], tables: [] });
    const served = new LocalSecrets();
    const releases = new Releases({ state, secrets, databases, topics, queues, catalog, served, onEvent });
    const assembly = releases.read(options.assemblyDir);
    const bus = new LocalEventBus({ release: () => releases.current, topics, queues, onEvent });
    const tokens = new TaskTokens();
    const detached = new DetachedRuns();
    const logs = new LocalLogs();
    // The port needs the executions, which need the gateway that it is part of: it looks them up when it is called.
    let executions: Executions | undefined = undefined as Executions | undefined;
    const running = await databases.start(assembly, secrets);
    open.push(...running.map((database) => () => database.stop()));
    const gateway = await startGateway({
      authorize: releases.authorize,
      s3: {
        dir: state.s3, buckets: bucketNames(assembly), fault: options.fault,
        onEvent: (event) => {
          if (!releases.isDeployed || !releases.current.bucketsWithEvents.has(event.bucket)) return;
          try {
            bus.put(objectEvent(event, now()));
          } catch (error) {
            onEvent({ kind: 'denied', message: (error as Error).message });
          }
        },
      },
      services: [
        snsApi(topics), eventsApi(bus, now), glueApi(catalog), cloudWatchLogsApi(logs), secretsManagerApi(served), stsApi(releases.sts),
        stepFunctionsApi(executionPort(
          () => executions as Executions, store, tokens, () => releases.current.deployment.machines.map(({ arn }) => arn), detached,
        )),
      ],
    });
    open.push(() => gateway.close());
    const environment: ReleaseEnvironment = {
      pidFolder: state.pids, logs, nodePath: nativePackages(), startProcess: options.startProcess,
      childEnvironment: {
        ...compileCache(state.compileCache),
        ...(running.length > 0 ? { NODE_EXTRA_CA_CERTS: path.join(certificateFolder(state), 'server.crt') } : {}),
      },
    };
    const { deployment: { machines } } = await releases.deploy(assembly, gateway, environment);

    const clientOf = ({ roleArn }: Machine) => new S3Client({
      endpoint: gateway.url, region: 'us-east-1', credentials: releases.current.principals.keyOf(roleArn), maxAttempts: 3,
    });
    const dms = new LocalDms(() => ({
      deployment: releases.current.deployment, access: releases.current.access, keyOf: (role) => releases.current.principals.keyOf(role),
      secret: (arn) => secrets.get(arn), endpoint: gateway.url, ...(running.length > 0 ? { certificate: path.join(certificateFolder(state), 'server.crt') } : {}),
    }));
    open.push(() => dms.close());
    executions = new Executions({
      release: () => releases.current, store, onEvent, taskTokens: tokens,
      handlers: (scope, machine, deployment) => handlersFor({
        deployment, scope, machine, topics, access: releases.current.access, secretValue: (arn, key) => secrets.reference(arn, key),
        s3: clientOf(machine), stateDir: state.root,
        fargateVcpus: options.fargateVcpus ?? DEFAULT_FARGATE_VCPUS,
        spark: sparkPython(options.spark), dms,
        start: (request) => executions!.start(request),
      }),
      storage: (machine) => mapStorage(clientOf(machine)),
      onEnded: async (record) => bus.put(statusChange(record)),
      timeFactor: options.timeFactor ?? 1,
      concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    });
    const consumers = new QueueConsumers({
      queues, now, onEvent, release: () => releases.current, logs: state.functions, timeFactor: options.timeFactor ?? 1,
    });
    onEvent({ kind: 'stack', what: `stack up: ${machines.length} machines, ${running.length} databases`, milliseconds: Date.now() - began });
    const deployNext = async (assemblyDir: string): Promise<void> => {
      const start = Date.now();
      databases.requireReserved(new Assembly(assemblyDir, { secretValue: () => 'unknown yet' }));
      const { deployment } = await releases.deploy(releases.read(assemblyDir), gateway, environment);
      onEvent({ kind: 'stack', what: `deployed: ${deployment.machines.length} machines`, milliseconds: Date.now() - start });
    };
    return new LocalStack(state, gateway, running, releases, executions, catalog, store, bus, consumers, detached, dms, unlock, deployNext);
  }

  private constructor(
    public readonly state: StateFolder,
    private readonly gateway: Gateway,
    public readonly databases: readonly LocalDatabase[],
    private readonly releases: Releases,
    private readonly executions: Executions,
    public readonly catalog: GlueCatalog,
    public readonly store: ExecutionStore,
    private readonly bus: LocalEventBus,
    private readonly consumers: QueueConsumers,
    private readonly detached: DetachedRuns,
    private readonly dms: LocalDms,
    private readonly unlock: () => void,
    private readonly deployNext: (assemblyDir: string) => Promise<void>,
  ) {}

  /** What was deployed last. */
  public get deployment(): Deployment {
    return this.releases.current.deployment;
  }

  public get endpoint(): string {
    return this.gateway.url;
  }

  /** For a client of the SDK that acts as you: it may do everything, such as putting objects into a bucket. The key is a new one at each start. */
  public get clientConfig(): { readonly endpoint: string; readonly region: string; readonly credentials: AccessKey } {
    return { endpoint: this.endpoint, region: LOCAL.region, credentials: this.releases.operator };
  }

  public get machines(): readonly Machine[] {
    return this.deployment.machines;
  }

  /**
   * Deploys another assembly over the one that is up, as the next version of the same app. Executions that run keep the definition and the task
   * revisions that they began with, so the earlier assembly's folder must stay until they have ended; those that start later run the new one.
   */
  public deploy(assemblyDir: string): Promise<void> {
    return this.deployNext(assemblyDir);
  }

  /** Buckets that tell EventBridge of their objects. */
  public get bucketsWithEvents(): ReadonlySet<string> {
    return this.releases.current.bucketsWithEvents;
  }

  /** Runs an execution to its end. Throws ExecutionAlreadyExists for a name that is taken. */
  public start(request: StartExecution): Promise<ExecutionRecord> {
    return this.executions.start(request);
  }

  /**
   * Puts an event on the default event bus, as a service of AWS does; EventBridge may deliver one more than once. Throws when the policy of a
   * target of a rule refuses it.
   */
  public emit(event: AwsEvent): void {
    this.bus.put(event);
  }

  /** Local file of an object; undefined where there is none. */
  public fileOf(bucket: string, key: string): string | undefined {
    if (!this.gateway.s3.storage.hasBucket(bucket)) return undefined;
    const file = this.gateway.s3.storage.bucket(bucket).pathOf(key);
    return existsSync(file) ? file : undefined;
  }

  /** Stops everything, and ends the executions that functions have started. Data, logs and records stay in the state folder. */
  public async close(): Promise<void> {
    await this.consumers.close();
    await this.detached.end();
    await this.dms.close();
    await Promise.all([this.gateway.close(), ...this.databases.map((database) => database.stop())]);
    dismissGuard();
    this.unlock();
  }
}
