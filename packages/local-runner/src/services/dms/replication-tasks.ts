import { filtersOf, holds } from './api-filters';
import { requireName } from './api-names';
import { DmsFault } from './dms-fault';
import type { EndpointSurroundings } from './endpoints';
import { DmsRefusal, type Document } from './refusal';
import { runReplication, tableStatistics, testEndpoint, type RunTables } from './run-replication';
import { taskSettings } from './task-settings';

type Status = 'creating' | 'modifying' | 'ready' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'deleting';

interface ReplicationTask {
  readonly arn: string;
  identifier: string;
  input: Document;
  readonly createdAt: number;
  status: Status;
  stopReason?: string;
  failure?: string;
  startedAt?: number;
  readonly tables: RunTables;
  stop: AbortController;
  run?: Promise<void>;
}

/** Seconds on AWS; here just long enough that nobody meets the next state by chance. */
const SOON_MS = 20;

/**
 * The replication tasks of a stack: a stand-in for DMS that was built from its documentation.
 *
 * It reads the very endpoints of the assembly, the mappings and settings of each task and the files in the bucket, loads into the local
 * PostgreSQL, and refuses what DMS documents as refused. Times, types on the wire, memory and logs are not those of DMS. Tasks end with the stack.
 */
export class LocalReplicationTasks {
  private readonly tasks = new Map<string, ReplicationTask>();
  private readonly connections = new Map<string, { status: 'testing' | 'successful' | 'failed'; failure?: string; endpoint: string; instance: string }>();

  constructor(private readonly around: () => EndpointSurroundings) {}

  testConnection({ EndpointArn, ReplicationInstanceArn }: Document): Document {
    this.requireInstance(ReplicationInstanceArn);
    const connection = { status: 'testing' as 'testing' | 'successful' | 'failed', failure: undefined as string | undefined, endpoint: String(EndpointArn), instance: String(ReplicationInstanceArn) };
    const key = `${EndpointArn} ${ReplicationInstanceArn}`;
    if (this.connections.get(key)?.status === 'testing') throw new DmsFault('InvalidResourceState', 'the connection is being tested already');
    this.connections.set(key, connection);
    void testEndpoint(String(EndpointArn), this.around()).then(() => { connection.status = 'successful'; }, (error: Error) => {
      connection.status = 'failed';
      connection.failure = `Test Endpoint failed: ${error.message}`;
    });
    return { Connection: { EndpointArn, ReplicationInstanceArn, Status: 'testing' } };
  }

  describeConnections(input: Document): Document {
    const wanted = filtersOf(input);
    const found = [...this.connections.values()].filter(({ endpoint, instance }) => holds(wanted, { 'endpoint-arn': endpoint, 'replication-instance-arn': instance }));
    return {
      Connections: found.map(({ endpoint, instance, status, failure }) => ({
        EndpointArn: endpoint, ReplicationInstanceArn: instance, Status: status, LastFailureMessage: failure,
      })),
    };
  }

  create(input: Document): Document {
    const { ReplicationTaskIdentifier: identifier, ResourceIdentifier: name, MigrationType } = input;
    requireName(identifier, 255, 'ReplicationTaskIdentifier');
    requireName(name, 31, 'ResourceIdentifier');
    if (MigrationType !== 'full-load') throw new DmsRefusal(`the local runner serves full-load, got ${MigrationType}`);
    this.requireInstance(input.ReplicationInstanceArn);
    const arn = this.arnOf(String(name));
    const taken = [...this.tasks.values()].find((task) => task.arn === arn || task.identifier === identifier);
    if (taken !== undefined) throw new DmsFault('ResourceAlreadyExists', `Replication Task already exists: ${taken.arn}`);
    taskSettings(input.ReplicationTaskSettings);
    const task: ReplicationTask = { arn, identifier: String(identifier), input, createdAt: Date.now(), status: 'creating', tables: new Map(), stop: new AbortController() };
    this.tasks.set(arn, task);
    later(() => { if (task.status === 'creating') task.status = 'ready'; });
    return { ReplicationTask: described(task) };
  }

  describe(input: Document): Document {
    const wanted = filtersOf(input);
    const found = [...this.tasks.values()].filter(({ arn, identifier }) => holds(wanted, { 'replication-task-arn': arn, 'replication-task-id': identifier }));
    if (found.length === 0) throw new DmsFault('ResourceNotFound', 'No Tasks found matching the filters');
    return { ReplicationTasks: found.map(described) };
  }

  start({ ReplicationTaskArn, StartReplicationTaskType: type }: Document): Document {
    const task = this.require(ReplicationTaskArn);
    const fits = task.startedAt === undefined ? 'start-replication' : 'reload-target';
    if (type !== fits) throw new DmsRefusal(`StartReplicationTaskType must be ${fits} for ${task.startedAt === undefined ? 'the first run of a task' : 'a full load that was run before'}, got ${type}`);
    if (!(task.startedAt === undefined ? ['ready'] : ['stopped', 'failed']).includes(task.status)) throw new DmsFault('InvalidResourceState', `Replication Task cannot be started, invalid state: ${task.status}`);
    for (const endpoint of [task.input.SourceEndpointArn, task.input.TargetEndpointArn]) {
      if (this.connections.get(`${endpoint} ${task.input.ReplicationInstanceArn}`)?.status !== 'successful') {
        throw new DmsFault('InvalidResourceState', 'Test connection for replication instance and endpoint should be successful for starting the replication task');
      }
    }
    task.status = 'starting';
    task.startedAt = Date.now();
    task.stop = new AbortController();
    task.tables.clear();
    task.stopReason = undefined;
    task.failure = undefined;
    task.run = new Promise<void>((resolve) => { later(resolve); }).then(() => this.run(task));
    return { ReplicationTask: described(task) };
  }

  /** Another name, mappings and settings for a task that does not run; its endpoints stay. */
  modify(input: Document): Document {
    const task = this.require(input.ReplicationTaskArn);
    const before = task.status;
    if (!['ready', 'stopped', 'failed'].includes(before)) throw new DmsFault('InvalidResourceState', `Replication Task cannot be modified, invalid state: ${before}`);
    const { ReplicationTaskIdentifier: identifier = task.identifier, ReplicationTaskArn: _, ...changes } = input;
    requireName(identifier, 255, 'ReplicationTaskIdentifier');
    taskSettings(changes.ReplicationTaskSettings ?? task.input.ReplicationTaskSettings);
    task.identifier = String(identifier);
    task.input = { ...task.input, ...changes };
    task.status = 'modifying';
    later(() => { if (task.status === 'modifying') task.status = before; });
    return { ReplicationTask: described(task) };
  }

  stop({ ReplicationTaskArn }: Document): Document {
    const task = this.require(ReplicationTaskArn);
    if (task.status !== 'running' && task.status !== 'starting') throw new DmsFault('InvalidResourceState', `Replication Task cannot be stopped, invalid state: ${task.status}`);
    task.status = 'stopping';
    task.stop.abort();
    return { ReplicationTask: described(task) };
  }

  delete({ ReplicationTaskArn }: Document): Document {
    const task = this.require(ReplicationTaskArn);
    if (!['ready', 'stopped', 'failed'].includes(task.status)) throw new DmsFault('InvalidResourceState', `Replication Task cannot be deleted, invalid state: ${task.status}`);
    task.status = 'deleting';
    later(() => this.tasks.delete(task.arn));
    return { ReplicationTask: described(task) };
  }

  tableStatistics(input: Document): Document {
    const task = this.require(input.ReplicationTaskArn);
    return { ReplicationTaskArn: task.arn, TableStatistics: tableStatistics(task.tables, input) };
  }

  /** ARN of the task that a name gives: DMS makes it of `ResourceIdentifier`. */
  arnOf(name: string): string {
    const { region, account } = this.around().deployment;
    return `arn:aws:dms:${region}:${account}:task:${name}`;
  }

  /** Stops what runs, when the stack is closed. */
  async close(): Promise<void> {
    for (const task of this.tasks.values()) task.stop.abort();
    await Promise.all([...this.tasks.values()].map(({ run }) => run));
  }

  private async run(task: ReplicationTask): Promise<void> {
    if (task.status === 'starting') task.status = 'running';
    const { SourceEndpointArn, TargetEndpointArn, TableMappings: mappings, ReplicationTaskSettings: settings } = task.input;
    const request = { sourceEndpointArn: String(SourceEndpointArn), targetEndpointArn: String(TargetEndpointArn), mappings, settings };
    Object.assign(task, await runReplication(request, task.tables, task.stop.signal, this.around()));
  }

  private require(arn: unknown): ReplicationTask {
    const task = this.tasks.get(String(arn));
    if (task === undefined) throw new DmsFault('ResourceNotFound', `Replication Task not found: ${arn}`);
    return task;
  }

  private requireInstance(arn: unknown): void {
    const instances = this.around().deployment.assembly.ofType('AWS::DMS::ReplicationInstance');
    // One that is not in the assembly stands for one that is there already.
    if (!/^arn:[^:]+:dms:[^:]+:[^:]+:rep:.+$/.test(String(arn)) && !instances.some(({ ref }) => ref === arn)) throw new DmsFault('ResourceNotFound', `Replication Instance not found: ${arn}`);
  }
}

function described({ arn, identifier, input, status, stopReason, failure, createdAt, startedAt, tables }: ReplicationTask): Document {
  const states = [...tables.values()].map(({ state }) => state);
  return {
    ReplicationTaskIdentifier: identifier, ReplicationTaskArn: arn,
    SourceEndpointArn: input.SourceEndpointArn, TargetEndpointArn: input.TargetEndpointArn,
    ReplicationInstanceArn: input.ReplicationInstanceArn, MigrationType: input.MigrationType, Status: status,
    ...(stopReason === undefined ? {} : { StopReason: stopReason }), ...(failure === undefined ? {} : { LastFailureMessage: failure }),
    ReplicationTaskCreationDate: createdAt / 1000, ...(startedAt === undefined ? {} : { ReplicationTaskStartDate: startedAt / 1000 }),
    ReplicationTaskStats: {
      FullLoadProgressPercent: status === 'stopped' ? 100 : 0, TablesLoaded: states.filter((state) => state === 'Table completed').length,
      TablesLoading: states.filter((state) => state === 'Full load').length, TablesQueued: states.filter((state) => state === 'Before load').length,
      TablesErrored: states.filter((state) => state === 'Table error').length,
    },
  };
}

function later(act: () => void): void {
  setTimeout(act, SOON_MS).unref();
}
