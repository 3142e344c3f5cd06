import { openSource, openTarget, type DmsSource, type EndpointSurroundings } from './endpoints';
import { loadTable, TableFailed, type LoadedTable } from './load-table';
import { DmsRefusal, type Document } from './refusal';
import { mappedTables, type MappedTable } from './table-rules';
import { taskSettings, type TaskSettings } from './task-settings';

/** An answer of the API that is an error, by the name of the fault without its ending. */
export class DmsFault extends Error {
  constructor(readonly fault: 'ResourceNotFound' | 'ResourceAlreadyExists' | 'InvalidResourceState' | 'AccessDenied', message: string) {
    super(message);
  }
}

type Status = 'creating' | 'ready' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'deleting';

interface ReplicationTask {
  readonly arn: string;
  readonly identifier: string;
  readonly input: Document;
  readonly createdAt: number;
  status: Status;
  stopReason?: string;
  failure?: string;
  startedAt?: number;
  readonly tables: Map<string, LoadedTable & { readonly mapped: MappedTable }>;
  readonly stop: AbortController;
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
    void this.test(String(EndpointArn)).then(() => { connection.status = 'successful'; }, (error: Error) => {
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
    if (type !== 'start-replication') throw new DmsRefusal(`StartReplicationTaskType must be start-replication for the first run of a task, got ${type}; the local runner runs a task once`);
    if (task.status !== 'ready') throw new DmsFault('InvalidResourceState', `Replication Task cannot be started, invalid state: ${task.status}`);
    for (const endpoint of [task.input.SourceEndpointArn, task.input.TargetEndpointArn]) {
      if (this.connections.get(`${endpoint} ${task.input.ReplicationInstanceArn}`)?.status !== 'successful') {
        throw new DmsFault('InvalidResourceState', 'Test connection for replication instance and endpoint should be successful for starting the replication task');
      }
    }
    task.status = 'starting';
    task.startedAt = Date.now();
    task.run = new Promise<void>((resolve) => { later(resolve); }).then(() => this.run(task));
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

  tableStatistics({ ReplicationTaskArn, MaxRecords = 100 }: Document): Document {
    if (!(Number.isInteger(MaxRecords) && MaxRecords >= 20 && MaxRecords <= 500)) throw new DmsRefusal(`MaxRecords: minimum 20, maximum 500, got ${MaxRecords}`);
    const task = this.require(ReplicationTaskArn);
    const all = [...task.tables.values()].map(({ mapped, state, rows }) => ({
      SchemaName: mapped.table.owner, TableName: mapped.table.name, TableState: state, FullLoadRows: rows,
      FullLoadCondtnlChkFailedRows: 0, FullLoadErrorRows: 0, Inserts: 0, Deletes: 0, Updates: 0, Ddls: 0,
    }));
    return { ReplicationTaskArn: task.arn, TableStatistics: all.slice(0, MaxRecords) };
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

  private async test(endpointArn: string): Promise<void> {
    const around = this.around();
    const endpoint = around.deployment.assembly.ofType('AWS::DMS::Endpoint').find(({ ref }) => ref === endpointArn);
    if (endpoint?.properties.EndpointType === 'source') (await openSource(endpointArn, around)).files.s3.destroy();
    else await (await openTarget(endpointArn, around)).end();
  }

  private async run(task: ReplicationTask): Promise<void> {
    try {
      if (task.status === 'starting') task.status = 'running';
      const around = this.around();
      const settings = taskSettings(task.input.ReplicationTaskSettings);
      const source = await openSource(String(task.input.SourceEndpointArn), around);
      const mapped = mappedTables(task.input.TableMappings, source.tables);
      for (const one of mapped) task.tables.set(one.table.name, { mapped: one, state: 'Before load', rows: 0 });
      if (mapped.length === 0 && settings.failOnNoTables) throw new DmsRefusal('No tables were found at task initialization. Either the selected table(s) or schemas(s) no longer exist or no match was found for the table selection pattern(s).');
      for (const table of task.tables.values()) await this.load(task, table, source, settings, around).catch((error: Error) => {
        source.files.s3.destroy();
        throw error;
      });
      source.files.s3.destroy();
      this.end(task, 'stopped', task.stop.signal.aborted ? 'NORMAL' : 'FULL_LOAD_ONLY_FINISHED');
    } catch (error) {
      if (task.stop.signal.aborted) return this.end(task, 'stopped', 'NORMAL');
      this.end(task, 'failed', 'FATAL_ERROR', `Last Error ${(error as Error).message} Stop Reason FATAL_ERROR Error Level FATAL`);
    }
  }

  private async load(
    task: ReplicationTask, table: LoadedTable & { readonly mapped: MappedTable }, source: DmsSource, settings: TaskSettings,
    around: EndpointSurroundings,
  ): Promise<void> {
    task.stop.signal.throwIfAborted();
    table.state = 'Full load';
    const client = await openTarget(String(task.input.TargetEndpointArn), around);
    try {
      await loadTable(table.mapped, source.files, client, settings, table, task.stop.signal);
      table.state = 'Table completed';
    } catch (error) {
      table.state = task.stop.signal.aborted ? 'Table cancelled' : 'Table error';
      table.error = (error as Error).message;
      // A suspended table is no failure of the task: that is how rows get lost.
      if (!(error instanceof TableFailed) || error.stopsTask) throw error;
    } finally {
      await client.end();
    }
  }

  private end(task: ReplicationTask, status: 'stopped' | 'failed', reason: string, failure?: string): void {
    task.status = status;
    task.stopReason = `Stop Reason ${reason}`;
    task.failure = failure;
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

function requireName(value: unknown, longest: number, what: string): void {
  if (typeof value === 'string' && value.length <= longest && /^[A-Za-z](?:-?[A-Za-z0-9])*$/.test(value)) return;
  throw new DmsRefusal(`${what} must have 1 to ${longest} letters, digits and hyphens, begin with a letter, not end with a hyphen and not have two in a row, got ${JSON.stringify(value)}`);
}

type Filters = ReadonlyMap<string, readonly string[]>;

function filtersOf({ Filters = [] }: Document): Filters {
  return new Map((Filters as Document[]).map(({ Name, Values }) => [String(Name), Values as string[]]));
}

function holds(filters: Filters, of: Readonly<Record<string, string>>): boolean {
  return [...filters].every(([name, values]) => {
    if (of[name] === undefined) throw new DmsRefusal(`the local runner knows no filter ${name}; it knows ${Object.keys(of).join(', ')}`);
    return values.includes(of[name]);
  });
}

function later(act: () => void): void {
  setTimeout(act, SOON_MS).unref();
}
