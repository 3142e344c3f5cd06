import { defineService } from '../gateway/define-service';
import { ServiceError, type ServiceApi, type ServiceInput } from '../gateway/service-api';
import type { GlueCatalog, GluePartition, GluePartitionInput } from './glue-catalog';
import { compilePartitionFilter } from './partition-filter';

/** Limits of the API's model. */
const MAX_BATCH_CREATE = 100;
const MAX_BATCH_DELETE = 25;
const MAX_BATCH_UPDATE = 100;
const MAX_BATCH_GET = 1000;
const MAX_PAGE = 1000;
const MAX_TABLE_PAGE = 100;

export function glueApi(catalog: GlueCatalog): ServiceApi {
  const full = (input: ServiceInput, partition: GluePartition) =>
    ({ ...partition, DatabaseName: input.DatabaseName, TableName: input.TableName });
  return defineService({
    service: 'glue',
    protocol: 'json1.1',
    operations: {
      GetDatabase: ({ Name }) => ({ Database: catalog.database(Name) }),
      GetDatabases: ({ MaxResults, NextToken }) => renamed(page(catalog.listDatabases(), MaxResults, NextToken, MAX_TABLE_PAGE), 'DatabaseList'),
      GetTable: ({ DatabaseName, Name }) => ({ Table: catalog.table(DatabaseName, Name) }),
      GetTables: ({ DatabaseName, Expression, MaxResults, NextToken }) => {
        const pattern = Expression === undefined ? undefined : new RegExp(`^(?:${Expression})$`, 'i');
        const tables = catalog.tables(DatabaseName).filter(({ Name }) => pattern?.test(Name) ?? true);
        return renamed(page(tables, MaxResults, NextToken, MAX_TABLE_PAGE), 'TableList');
      },
      CreateTable: ({ DatabaseName, TableInput }) => catalog.createTable(DatabaseName, TableInput),
      UpdateTable: ({ DatabaseName, TableInput, VersionId }) => catalog.updateTable(DatabaseName, TableInput, VersionId),
      GetPartition: (input) => {
        const partition = catalog.partition(input.DatabaseName, input.TableName, input.PartitionValues);
        if (partition === undefined) throw new ServiceError('EntityNotFoundException', 'Cannot find partition.');
        return { Partition: full(input, partition) };
      },
      GetPartitions: (input) => {
        const { PartitionKeys } = catalog.table(input.DatabaseName, input.TableName);
        const fits = compilePartitionFilter(input.Expression, PartitionKeys ?? []);
        const partitions = catalog.partitions(input.DatabaseName, input.TableName).filter(({ Values }) => fits(Values));
        const segment = input.Segment;
        const mine = partitions.filter((_, index) => segment === undefined || index % segment.TotalSegments === segment.SegmentNumber);
        return renamed(page(mine.map((partition) => full(input, partition)), input.MaxResults, input.NextToken, MAX_PAGE), 'Partitions');
      },
      BatchGetPartition: (input) => {
        const wanted = input.PartitionsToGet as Array<{ Values: string[] }>;
        requireAtMost(wanted, MAX_BATCH_GET, 'partitionsToGet');
        catalog.table(input.DatabaseName, input.TableName);
        const found = wanted.map(({ Values }) => catalog.partition(input.DatabaseName, input.TableName, Values));
        const partitions = found.filter((partition) => partition !== undefined).map((partition) => full(input, partition));
        return { Partitions: partitions, UnprocessedKeys: [] };
      },
      CreatePartition: ({ DatabaseName, TableName, PartitionInput }) => catalog.createPartition(DatabaseName, TableName, PartitionInput),
      BatchCreatePartition: (input) => {
        const partitions = input.PartitionInputList as GluePartitionInput[];
        requireAtMost(partitions, MAX_BATCH_CREATE, 'partitionInputList');
        return each(input, catalog, partitions, ({ Values }) => Values, (partition) =>
          catalog.createPartition(input.DatabaseName, input.TableName, partition));
      },
      UpdatePartition: ({ DatabaseName, TableName, PartitionValueList, PartitionInput }) =>
        catalog.updatePartition(DatabaseName, TableName, PartitionValueList, PartitionInput),
      BatchUpdatePartition: (input) => {
        const entries = input.Entries as Array<{ PartitionValueList: string[]; PartitionInput: GluePartitionInput }>;
        requireAtMost(entries, MAX_BATCH_UPDATE, 'entries');
        const { Errors } = each(input, catalog, entries, ({ PartitionValueList }) => PartitionValueList, (entry) =>
          catalog.updatePartition(input.DatabaseName, input.TableName, entry.PartitionValueList, entry.PartitionInput));
        return { Errors: Errors.map(({ PartitionValues, ErrorDetail }) => ({ PartitionValueList: PartitionValues, ErrorDetail })) };
      },
      DeletePartition: ({ DatabaseName, TableName, PartitionValues }) => catalog.deletePartition(DatabaseName, TableName, PartitionValues),
      BatchDeletePartition: (input) => {
        const wanted = input.PartitionsToDelete as Array<{ Values: string[] }>;
        requireAtMost(wanted, MAX_BATCH_DELETE, 'partitionsToDelete');
        return each(input, catalog, wanted, ({ Values }) => Values, ({ Values }) =>
          catalog.deletePartition(input.DatabaseName, input.TableName, Values));
      },
    },
  });
}

interface ItemError { PartitionValues: readonly string[]; ErrorDetail: { ErrorCode: string; ErrorMessage: string } }

/** Does a batch item by item: some may fail while others are done, and there is no taking back. */
function each<T>(
  input: ServiceInput, catalog: GlueCatalog, items: readonly T[], valuesOf: (item: T) => readonly string[], run: (item: T) => void,
): { Errors: ItemError[] } {
  // A table that is missing fails the whole call, not each item.
  catalog.table(input.DatabaseName, input.TableName);
  const errors: ItemError[] = [];
  for (const item of items) {
    try {
      run(item);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      errors.push({ PartitionValues: valuesOf(item), ErrorDetail: { ErrorCode: error.code, ErrorMessage: error.message } });
    }
  }
  return { Errors: errors };
}

function requireAtMost(list: readonly unknown[] | undefined, limit: number, name: string): void {
  if (!Array.isArray(list)) {
    throw new ServiceError('ValidationException', `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  }
  if (list.length > limit) {
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${limit}`,
    );
  }
}

interface Page<T> { items: T[]; NextToken?: string }

function page<T>(all: readonly T[], maxResults: unknown, nextToken: unknown, limit: number): Page<T> {
  if (maxResults !== undefined && !(typeof maxResults === 'number' && maxResults >= 1 && maxResults <= limit)) {
    throw new ServiceError(
      'ValidationException',
      `1 validation error detected: Value '${String(maxResults)}' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and ${limit}`,
    );
  }
  const start = nextToken === undefined ? 0 : Number(Buffer.from(String(nextToken), 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) throw new ServiceError('InvalidInputException', 'The pagination token is invalid');
  const end = start + ((maxResults as number | undefined) ?? limit);
  const more = end < all.length;
  return { items: all.slice(start, end), ...(more ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {}) };
}

function renamed<T>({ items, ...rest }: Page<T>, name: string): object {
  return { [name]: items, ...rest };
}
