import {
  BatchCreatePartitionCommand, BatchDeletePartitionCommand, GetPartitionCommand, GetPartitionsCommand, type GlueClient, type PartitionError,
  type PartitionInput,
} from '@aws-sdk/client-glue';
import { setTimeout as delay } from 'node:timers/promises';
import { ATTEMPT_KEY, quoteLiteral, type CatalogTable } from '../../contract';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import { NULL_PARTITION } from '../../run/keys';

/** What one call may create, by the service. */
const CREATE_BATCH = 100;

/** What one call may delete, by the service. */
const DELETE_BATCH = 25;

/** Rounds in which single partitions that failed for a passing reason are tried again. */
const ROUNDS = 5;
const FIRST_PAUSE_MS = 200;

const PASSING = new Set(['InternalServiceException', 'OperationTimeoutException', 'ThrottlingException', 'ConcurrentModificationException']);

/** One partition of a table of runs or of rejected records. */
export interface CatalogPartition {
  /** Values of the partition columns in order, as text. */
  readonly values: readonly (string | null)[];
  readonly unitId: string;
  /** `s3://…/`: the folder of its list of files. */
  readonly location: string;
}

export interface CatalogTableRef {
  readonly database: string;
  readonly table: string;
}

/**
 * How the files of a table are read, which each of its partitions says again.
 *
 * Not its columns: Athena holds those of a partition against those of the table by their place, so a contract that adds a
 * column in the middle would make every earlier partition unreadable (ADR 84). Without them, columns go by name.
 */
export type FilesOfTable = Pick<CatalogTable, 'inputFormat' | 'outputFormat' | 'serde'>;

/** Registers what a unit wrote in the Glue Data Catalog. Registering twice is the same as once. */
export class CatalogPartitions {
  constructor(private readonly client: Pick<GlueClient, 'send'>, private readonly at: CatalogTableRef, private readonly files: FilesOfTable, private readonly signal?: AbortSignal) {}

  /** Creates the partitions; every one that fails is named. A partition that is there must point to the same place. */
  async register(partitions: readonly CatalogPartition[]): Promise<void> {
    let open: CatalogPartition[] = [...partitions];
    for (let round = 0; open.length > 0; round++) {
      if (round > 0) await delay(FIRST_PAUSE_MS * 2 ** (round - 1), undefined, { signal: this.signal });
      const failed: { partition: CatalogPartition; error: PartitionError }[] = [];
      for (let at = 0; at < open.length; at += CREATE_BATCH) failed.push(...await this.create(open.slice(at, at + CREATE_BATCH)));
      const again: CatalogPartition[] = [];
      for (const { partition, error } of failed) {
        if (error.ErrorDetail?.ErrorCode === 'AlreadyExistsException') await this.requireSame(partition);
        else again.push(partition);
      }
      const hopeless = failed.find(({ error }) => error.ErrorDetail?.ErrorCode !== 'AlreadyExistsException' && !PASSING.has(error.ErrorDetail?.ErrorCode ?? ''));
      const first = hopeless ?? failed.find(({ partition }) => again.includes(partition));
      if (
        first !== undefined && (hopeless !== undefined || round + 1 >= ROUNDS)
      ) throw this.failure(first.partition, first.error, again.length, hopeless === undefined);
      open = again;
    }
  }

  /** Removes partitions of a unit that will never be committed, or is gone. Throws `CATALOG_UNAVAILABLE` where one of them stays. */
  async remove(partitions: readonly CatalogPartition[]): Promise<void> {
    for (let at = 0; at < partitions.length; at += DELETE_BATCH) {
      const PartitionsToDelete = partitions.slice(at, at + DELETE_BATCH).map((partition) => ({ Values: catalogValues(partition) }));
      const { Errors = [] } = await this.call(() => this.client.send(new BatchDeletePartitionCommand(
        { ...this.address(), PartitionsToDelete },
      ), { abortSignal: this.signal }));
      const stays = Errors.filter(({ ErrorDetail }) => ErrorDetail?.ErrorCode !== 'EntityNotFoundException');
      if (stays.length > 0) throw this.notRemoved(stays);
    }
  }

  /** Whatever partitions a unit has, also one that no commit describes. */
  async ofUnit(unitId: string): Promise<CatalogPartition[]> {
    const found: CatalogPartition[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.call(() => this.client.send(new GetPartitionsCommand(
        { ...this.address(), Expression: `${ATTEMPT_KEY} = ${quoteLiteral(unitId)}`, ExcludeColumnSchema: true, NextToken },
      ), { abortSignal: this.signal }));
      for (const { Values = [], StorageDescriptor } of page.Partitions ?? []) found.push({ values: Values.slice(0, -1), unitId, location: StorageDescriptor?.Location ?? '' });
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    return found;
  }

  private async create(partitions: readonly CatalogPartition[]): Promise<{ partition: CatalogPartition; error: PartitionError }[]> {
    const PartitionInputList = partitions.map((partition) => this.input(partition));
    const answer = await this.call(() => this.client.send(new BatchCreatePartitionCommand(
      { ...this.address(), PartitionInputList },
    ), { abortSignal: this.signal }));
    return (answer.Errors ?? []).map((error) => {
      const partition = partitions.find((candidate) => same(catalogValues(candidate), error.PartitionValues ?? []));
      if (partition === undefined) throw new PipelineError('CATALOG', `the catalog reports an error for a partition that was not sent: ${JSON.stringify(error)}`);
      return { partition, error };
    });
  }

  private async requireSame(partition: CatalogPartition): Promise<void> {
    const answer = await this.call(() => this.client.send(new GetPartitionCommand(
      { ...this.address(), PartitionValues: catalogValues(partition) },
    ), { abortSignal: this.signal }));
    const found = answer.Partition?.StorageDescriptor?.Location;
    if (found === partition.location) return;
    throw new PipelineError('CATALOG', `catalog partition ${this.name(partition)} exists and points to ${found ?? 'nothing'}, expected ${partition.location}; remove it and run this attempt again`, {
      fault: 'user', facts: { ...this.at, values: catalogValues(partition), found, expected: partition.location },
    });
  }

  private input(partition: CatalogPartition): PartitionInput {
    const { inputFormat, outputFormat, serde } = this.files;
    return {
      Values: catalogValues(partition),
      StorageDescriptor: {
        Location: partition.location,
        InputFormat: inputFormat,
        OutputFormat: outputFormat,
        SerdeInfo: { SerializationLibrary: serde?.library, Parameters: { ...serde?.parameters } },
      },
    };
  }

  private address(): { DatabaseName: string; TableName: string } {
    return { DatabaseName: this.at.database, TableName: this.at.table };
  }

  private async call<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      this.signal?.throwIfAborted();
      throw PipelineError.is(error) ? error : catalogFailure(this.at, error);
    }
  }

  private failure(partition: CatalogPartition, error: PartitionError, count: number, passing: boolean): PipelineError {
    const { ErrorCode, ErrorMessage } = error.ErrorDetail ?? {};
    return new PipelineError(passing ? 'CATALOG_UNAVAILABLE' : 'CATALOG', `${count} catalog partitions of ${this.at.database}.${this.at.table} could not be registered, the first is ${this.name(partition)}: `
      + `${ErrorCode ?? 'no code'} ${ErrorMessage ?? ''}; nothing was published, run the same attempt again`, { kind: passing ? 'transient' : 'terminal', facts: { ...this.at, count, values: catalogValues(partition), ErrorCode } });
  }

  private notRemoved(errors: readonly PartitionError[]): PipelineError {
    const [{ PartitionValues: values = [], ErrorDetail: { ErrorCode, ErrorMessage } = {} }] = errors as [PartitionError];
    return transientError('CATALOG_UNAVAILABLE', `${errors.length} catalog partitions could not be removed, the first is ${this.named(values)}: `
      + `${ErrorCode ?? 'no code'} ${ErrorMessage ?? ''}; run the same attempt again`, { ...this.at, count: errors.length, values, ErrorCode });
  }

  private name(partition: CatalogPartition): string {
    return this.named(catalogValues(partition));
  }

  private named(values: readonly string[]): string {
    return `${this.at.database}.${this.at.table} (${values.join(', ')})`;
  }
}

/** What a refusal of the Glue Data Catalog means, and whether it passes. */
export function catalogFailure(at: CatalogTableRef, error: unknown): PipelineError {
  const { name, message, $metadata } = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } };
  const where = `catalog table ${at.database}.${at.table}`;
  if (name === 'AccessDeniedException') return userError('CATALOG_DENIED', `${where}: ${message}; add the permission to the role that the message names`, { ...at }, error);
  if (name === 'EntityNotFoundException') return userError('CATALOG_TABLE', `${where} does not exist: ${message}; deploy the stage again`, { ...at }, error);
  const status = $metadata?.httpStatusCode;
  if (status === undefined || status >= 500 || status === 429 || PASSING.has(name ?? '')) return transientError('CATALOG_UNAVAILABLE', `${where}: ${message ?? name}`, { ...at, name }, error);
  return new PipelineError('CATALOG', `${where}: ${name}: ${message}`, { facts: { ...at, name }, cause: error });
}

/** The values of a partition as the catalog holds them; the unit id is the last. */
export function catalogValues({ values, unitId }: CatalogPartition): string[] {
  return [...values.map((value) => value ?? NULL_PARTITION), unitId];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
