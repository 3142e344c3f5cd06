import { filtersOf, holds } from './api-filters';
import { requireName } from './api-names';
import { DmsFault } from './dms-fault';
import type { EndpointSurroundings } from './endpoints';
import { DmsRefusal, refuseOthers, type Document } from './refusal';
import { runReplication, tableStatistics, testEndpoint, type RunTables } from './run-replication';
import { taskSettings } from './task-settings';

const STARTING = ['initializing', 'testing_connection', 'fetching_metadata', 'calculating_capacity', 'provisioning_capacity', 'replication_starting'] as const;

type Status = 'created' | (typeof STARTING)[number] | 'running' | 'stopping' | 'stopped' | 'failed' | 'deleting';

interface Replication {
  readonly arn: string;
  readonly identifier: string;
  readonly input: Document;
  status: Status;
  stopReason?: string;
  failure?: string;
  /** Whether it got as far as to have capacity; statistics are of that. */
  provisioned?: true;
  readonly tables: RunTables;
  readonly stop: AbortController;
  run?: Promise<void>;
}

const UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];
const COMPUTE = ['AvailabilityZone', 'DnsNameServers', 'KmsKeyId', 'MaxCapacityUnits', 'MinCapacityUnits', 'MultiAZ', 'PreferredMaintenanceWindow', 'ReplicationSubnetGroupId', 'VpcSecurityGroupIds'];
const SOON_MS = 10;

/** Serverless replications of a stack: as {@link LocalReplicationTasks}, by what DMS documents of DMS Serverless. */
export class LocalServerlessReplications {
  private readonly replications = new Map<string, Replication>();

  constructor(private readonly around: () => EndpointSurroundings) {}

  create(input: Document): Document {
    const { ReplicationConfigIdentifier: identifier, ResourceIdentifier: name, ReplicationType: type } = input;
    if (typeof identifier !== 'string' || !/^[\x21-\x7e]{8,16}$/.test(identifier) || /[/"@]/.test(identifier)) {
      throw new DmsRefusal(`ReplicationConfigIdentifier must have 8 to 16 printable ASCII characters without /, " and @, got ${JSON.stringify(identifier)}`);
    }
    requireName(name, 31, 'ResourceIdentifier');
    if (type !== 'full-load') throw new DmsRefusal(`the local runner serves full-load, got ${type}`);
    checkCompute((input.ComputeConfig ?? {}) as Document);
    if (typeof input.TableMappings !== 'string') throw new DmsRefusal('TableMappings is required, as JSON text');
    taskSettings(input.ReplicationSettings);
    const arn = this.arnOf(String(name));
    const taken = [...this.replications.values()].find((one) => one.arn === arn || one.identifier === identifier);
    if (taken !== undefined) throw new DmsFault('ResourceAlreadyExists', `Replication Config already exists: ${taken.arn}`);
    this.replications.set(arn, { arn, identifier, input, status: 'created', tables: new Map(), stop: new AbortController() });
    return { ReplicationConfig: { ReplicationConfigIdentifier: identifier, ReplicationConfigArn: arn } };
  }

  describe(input: Document): Document {
    const wanted = filtersOf(input);
    const found = [...this.replications.values()].filter(({ arn, identifier }) => holds(wanted, { 'replication-config-arn': arn, 'replication-config-id': identifier }));
    return { Replications: found.map(described) };
  }

  start({ ReplicationConfigArn, StartReplicationType: type }: Document): Document {
    const one = this.require(ReplicationConfigArn);
    if (type !== 'start-replication') throw new DmsRefusal(`the only valid StartReplicationType for the first run of a full-load replication is start-replication, got ${type}`);
    if (one.status !== 'created') throw new DmsFault('InvalidResourceState', `after a serverless replication has been started, you cannot restart it fresh; it is ${one.status}`);
    one.status = 'initializing';
    one.run = this.run(one);
    return { Replication: described(one) };
  }

  stop({ ReplicationConfigArn }: Document): Document {
    const one = this.require(ReplicationConfigArn);
    if (one.status !== 'running') throw new DmsFault('InvalidResourceState', `Replication cannot be stopped, invalid state: ${one.status}`);
    one.status = 'stopping';
    one.stop.abort();
    return { Replication: described(one) };
  }

  delete({ ReplicationConfigArn }: Document): Document {
    const one = this.require(ReplicationConfigArn);
    if (!['created', 'stopped', 'failed'].includes(one.status)) throw new DmsFault('InvalidResourceState', `Replication Config cannot be deleted, invalid state: ${one.status}`);
    one.status = 'deleting';
    setTimeout(() => this.replications.delete(one.arn), SOON_MS).unref();
    return { ReplicationConfig: { ReplicationConfigArn: one.arn } };
  }

  tableStatistics(input: Document): Document {
    const one = this.require(input.ReplicationConfigArn);
    if (one.provisioned === undefined) throw new DmsFault('InvalidResourceState', `Replication has no capacity to tell of, state: ${one.status}`);
    return { ReplicationConfigArn: one.arn, ReplicationTableStatistics: tableStatistics(one.tables, input) };
  }

  arnOf(name: string): string {
    const { region, account } = this.around().deployment;
    return `arn:aws:dms:${region}:${account}:replication-config:${name}`;
  }

  /** Stops what runs, when the stack is closed. */
  async close(): Promise<void> {
    for (const one of this.replications.values()) one.stop.abort();
    await Promise.all([...this.replications.values()].map(({ run }) => run));
  }

  private async run(one: Replication): Promise<void> {
    const request = {
      sourceEndpointArn: String(one.input.SourceEndpointArn), targetEndpointArn: String(one.input.TargetEndpointArn),
      mappings: one.input.TableMappings, settings: one.input.ReplicationSettings,
    };
    try {
      for (const status of STARTING) {
        one.status = status;
        if (status === 'testing_connection') for (const arn of [request.sourceEndpointArn, request.targetEndpointArn]) await testEndpoint(arn, this.around());
        await new Promise<void>((resolve) => { setTimeout(resolve, SOON_MS).unref(); });
        if (one.stop.signal.aborted) return;
      }
    } catch (error) {
      one.status = 'failed';
      one.failure = `Test connection failed for endpoint: ${(error as Error).message}`;
      return;
    }
    one.status = 'running';
    one.provisioned = true;
    const { status, stopReason, failure } = await runReplication(request, one.tables, one.stop.signal, this.around());
    Object.assign(one, { status, stopReason, failure });
  }

  private require(arn: unknown): Replication {
    const one = this.replications.get(String(arn));
    if (one === undefined) throw new DmsFault('ResourceNotFound', `Replication Config not found: ${arn}`);
    return one;
  }
}

function checkCompute(config: Document): void {
  refuseOthers(config, COMPUTE, 'ComputeConfig');
  const { MaxCapacityUnits: max, MinCapacityUnits: min = 1, MultiAZ, AvailabilityZone } = config;
  for (const [name, units] of Object.entries({ MaxCapacityUnits: max, MinCapacityUnits: min })) {
    if (!UNITS.includes(units)) throw new DmsRefusal(`ComputeConfig.${name} must be one of ${UNITS.join(', ')}, got ${JSON.stringify(units)}`);
  }
  if (min > max) throw new DmsRefusal(`ComputeConfig.MinCapacityUnits must not exceed MaxCapacityUnits, got ${min} and ${max}`);
  if (MultiAZ === true && AvailabilityZone !== undefined) throw new DmsRefusal("you can't set the AvailabilityZone parameter if the MultiAZ parameter is set to true");
}

function described({ arn, identifier, input, status, stopReason, failure }: Replication): Document {
  return {
    ReplicationConfigIdentifier: identifier, ReplicationConfigArn: arn, ReplicationType: input.ReplicationType, Status: status,
    SourceEndpointArn: input.SourceEndpointArn, TargetEndpointArn: input.TargetEndpointArn,
    ...(stopReason === undefined ? {} : { StopReason: stopReason }), ...(failure === undefined ? {} : { FailureMessages: [failure] }),
  };
}
