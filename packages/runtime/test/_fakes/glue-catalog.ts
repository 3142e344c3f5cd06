import type { BatchCreatePartitionCommandInput, BatchDeletePartitionCommandInput, GetPartitionCommandInput, GetPartitionsCommandInput, GetTableCommandInput, GlueClient, PartitionError, PartitionInput } from '@aws-sdk/client-glue';

/** A Glue Data Catalog of partitions in memory: batch limits, one error per partition, and what a test makes fail. */
export class FakeGlueCatalog {
  /** `database.table` to partitions by their values. */
  readonly tables = new Map<string, Map<string, PartitionInput>>();
  readonly calls: { name: string; count: number }[] = [];
  /** Gives the error code of a partition, or undefined to let it pass. */
  refuse: (values: readonly string[]) => string | undefined = () => undefined;
  /** The same for removing it. */
  refuseDelete: (values: readonly string[]) => string | undefined = () => undefined;
  /** Throws instead of serving a call. */
  fail: (name: string) => Error | undefined = () => undefined;

  constructor(...tables: string[]) {
    for (const table of tables) this.tables.set(table, new Map());
  }

  get client(): Pick<GlueClient, 'send'> {
    return { send: (command: { constructor: { name: string }; input: unknown }) => this.serve(command.constructor.name, command.input) } as unknown as Pick<GlueClient, 'send'>;
  }

  partitions(table: string): { values: string[]; location: string }[] {
    return [...(this.tables.get(table) ?? new Map<string, PartitionInput>()).values()].map(({ Values, StorageDescriptor }) => ({ values: Values ?? [], location: StorageDescriptor?.Location ?? '' }));
  }

  private async serve(name: string, input: unknown): Promise<unknown> {
    const failure = this.fail(name);
    if (failure !== undefined) throw failure;
    if (name === 'BatchCreatePartitionCommand') return this.create(input as BatchCreatePartitionCommandInput);
    if (name === 'BatchDeletePartitionCommand') return this.delete(input as BatchDeletePartitionCommandInput);
    if (name === 'GetPartitionCommand') return this.get(input as GetPartitionCommandInput);
    if (name === 'GetPartitionsCommand') return this.find(input as GetPartitionsCommandInput);
    if (name === 'GetTableCommand') {
      const { DatabaseName, Name } = input as GetTableCommandInput;
      this.table(DatabaseName, Name);
      return { Table: { DatabaseName, Name } };
    }
    throw new Error(`the fake does not serve ${name}`);
  }

  private create({ DatabaseName, TableName, PartitionInputList = [] }: BatchCreatePartitionCommandInput): { Errors: PartitionError[] } {
    this.calls.push({ name: 'create', count: PartitionInputList.length });
    if (PartitionInputList.length > 100) throw Object.assign(new Error('at most 100'), { name: 'InvalidInputException' });
    const table = this.table(DatabaseName, TableName);
    const Errors: PartitionError[] = [];
    for (const partition of PartitionInputList) {
      const values = partition.Values ?? [];
      const code = this.refuse(values) ?? (table.has(values.join('\0')) ? 'AlreadyExistsException' : undefined);
      if (code !== undefined) Errors.push({ PartitionValues: values, ErrorDetail: { ErrorCode: code, ErrorMessage: 'fake' } });
      else table.set(values.join('\0'), partition);
    }
    return { Errors };
  }

  private delete({ DatabaseName, TableName, PartitionsToDelete = [] }: BatchDeletePartitionCommandInput): { Errors: PartitionError[] } {
    this.calls.push({ name: 'delete', count: PartitionsToDelete.length });
    if (PartitionsToDelete.length > 25) throw Object.assign(new Error('at most 25'), { name: 'InvalidInputException' });
    const table = this.table(DatabaseName, TableName);
    const Errors: PartitionError[] = [];
    for (const { Values = [] } of PartitionsToDelete) {
      const code = this.refuseDelete(Values) ?? (table.has(Values.join('\0')) ? undefined : 'EntityNotFoundException');
      if (code !== undefined) Errors.push({ PartitionValues: Values, ErrorDetail: { ErrorCode: code, ErrorMessage: 'fake' } });
      else table.delete(Values.join('\0'));
    }
    return { Errors };
  }

  /** By the last partition key only. */
  private find({ DatabaseName, TableName, Expression }: GetPartitionsCommandInput): { Partitions: PartitionInput[] } {
    const [, unit] = /^_headrace_attempt = '([^']+)'$/.exec(Expression ?? '') ?? [];
    if (unit === undefined) throw new Error(`the fake does not understand ${Expression}`);
    return { Partitions: [...this.table(DatabaseName, TableName).values()].filter(({ Values = [] }) => Values.at(-1) === unit) };
  }

  private get({ DatabaseName, TableName, PartitionValues = [] }: GetPartitionCommandInput): { Partition: PartitionInput } {
    const Partition = this.table(DatabaseName, TableName).get(PartitionValues.join('\0'));
    if (Partition === undefined) throw Object.assign(new Error('no such partition'), { name: 'EntityNotFoundException', $metadata: { httpStatusCode: 400 } });
    return { Partition };
  }

  private table(database: string | undefined, name: string | undefined): Map<string, PartitionInput> {
    const table = this.tables.get(`${database}.${name}`);
    if (table === undefined) throw Object.assign(new Error(`Table ${name} not found`), { name: 'EntityNotFoundException', $metadata: { httpStatusCode: 400 } });
    return table;
  }
}
