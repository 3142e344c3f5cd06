import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../gateway/service-api';
import { PartitionJournal } from './partition-journal';

export interface GlueColumn { readonly Name: string; readonly Type?: string; readonly Comment?: string }

/** A table as the API's `TableInput` gives it. */
export interface GlueTableInput {
  readonly Name: string;
  readonly PartitionKeys?: readonly GlueColumn[];
  readonly StorageDescriptor?: { readonly Location?: string; readonly Columns?: readonly GlueColumn[]; readonly [name: string]: unknown };
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly TableType?: string;
  readonly ViewOriginalText?: string;
  readonly [name: string]: unknown;
}

export interface GlueDatabaseInput { readonly Name: string; readonly [name: string]: unknown }

/** A partition as the API's `PartitionInput` gives it. */
export interface GluePartitionInput {
  readonly Values: readonly string[];
  readonly StorageDescriptor?: { readonly Location?: string; readonly [name: string]: unknown };
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

export interface GluePartition extends GluePartitionInput {
  /** Seconds since 1970. */
  readonly CreationTime: number;
}

export interface GlueSeeds {
  readonly databases: readonly GlueDatabaseInput[];
  readonly tables: ReadonlyArray<{ readonly database: string; readonly table: GlueTableInput }>;
}

interface Table {
  readonly input: GlueTableInput;
  readonly partitions: PartitionJournal;
  readonly createdAt: Date;
  /** Of a table that a running pipeline made: counts its changes. */
  readonly version?: number;
}

/** Behind the name of a table that a running pipeline made. */
const MADE = '.table.json';

/**
 * The databases and tables of a deployment with their partitions. Definitions come from the templates at each start;
 * partitions, and tables that no template has, are what running pipelines made, and stay on disk, one file per table.
 */
export class GlueCatalog {
  private readonly databases = new Map<string, { input: GlueDatabaseInput; tables: Map<string, Table>; createdAt: Date }>();

  constructor(private readonly dir: string, seeds: GlueSeeds) {
    this.define(seeds);
    this.readMade();
  }

  /** Makes databases and tables, or changes those that are there; their partitions stay. */
  define({ databases, tables }: GlueSeeds): void {
    for (const input of databases) this.addDatabase(input);
    for (const { database, table } of tables) this.addTable(database, table);
  }

  listDatabases() {
    return [...this.databases.values()].map(({ input, createdAt }) => ({ ...input, CreateTime: createdAt })).sort(byName);
  }

  /** @throws ServiceError EntityNotFoundException */
  database(name: string) {
    const { input, createdAt } = this.findDatabase(name);
    return { ...input, CreateTime: createdAt };
  }

  tables(databaseName: string) {
    return [...this.findDatabase(databaseName).tables.values()].map((table) => this.describe(databaseName, table)).sort(byName);
  }

  /** @throws ServiceError EntityNotFoundException */
  table(databaseName: string, name: string) {
    return this.describe(databaseName, this.findTable(databaseName, name));
  }

  /** @throws ServiceError AlreadyExistsException, EntityNotFoundException */
  createTable(databaseName: string, input: GlueTableInput): void {
    if (this.findDatabase(databaseName).tables.has(input.Name.toLowerCase())) throw new ServiceError('AlreadyExistsException', 'Table already exists.');
    this.putMade(databaseName, input, 1, new Date());
  }

  /**
   * Changes a table that a running pipeline made, if it has still the version that the caller knows.
   *
   * @throws ServiceError ConcurrentModificationException, EntityNotFoundException, InvalidInputException
   */
  updateTable(databaseName: string, input: GlueTableInput, versionId: string | undefined): void {
    const { version, createdAt } = this.findTable(databaseName, input.Name);
    if (version === undefined) throw new ServiceError('InvalidInputException', `table ${databaseName}.${input.Name} is of a template, which a deployment changes; here only tables that a pipeline made can be changed`);
    if (versionId !== undefined && versionId !== String(version)) throw new ServiceError('ConcurrentModificationException', `Update table failed due to concurrent modifications: version ${versionId} was given, it is ${version}`);
    this.putMade(databaseName, input, version + 1, createdAt);
  }

  /** All partitions of a table, in order of their values. */
  partitions(databaseName: string, tableName: string): GluePartition[] {
    return this.findTable(databaseName, tableName).partitions.list();
  }

  partition(databaseName: string, tableName: string, values: readonly string[]): GluePartition | undefined {
    return this.findTable(databaseName, tableName).partitions.get(values);
  }

  /** @throws ServiceError AlreadyExistsException, InvalidInputException */
  createPartition(databaseName: string, tableName: string, input: GluePartitionInput): void {
    const table = this.findTable(databaseName, tableName);
    checkValues(table.input, input.Values);
    if (table.partitions.get(input.Values)) throw new ServiceError('AlreadyExistsException', 'Partition already exists.');
    table.partitions.put({ ...input, CreationTime: Date.now() / 1000 });
  }

  /** @throws ServiceError EntityNotFoundException, AlreadyExistsException, InvalidInputException */
  updatePartition(databaseName: string, tableName: string, values: readonly string[], input: GluePartitionInput): void {
    const table = this.findTable(databaseName, tableName);
    checkValues(table.input, input.Values);
    const current = table.partitions.get(values);
    if (current === undefined) throw new ServiceError('EntityNotFoundException', 'Cannot find partition.');
    const moves = JSON.stringify(values) !== JSON.stringify(input.Values);
    if (moves && table.partitions.get(input.Values)) throw new ServiceError('AlreadyExistsException', 'Partition already exists.');
    if (moves) table.partitions.delete(values);
    table.partitions.put({ ...input, CreationTime: current.CreationTime });
  }

  /** @throws ServiceError EntityNotFoundException */
  deletePartition(databaseName: string, tableName: string, values: readonly string[]): void {
    if (!this.findTable(databaseName, tableName).partitions.delete(values)) {
      throw new ServiceError('EntityNotFoundException', 'Partition not found.');
    }
  }

  private addDatabase(input: GlueDatabaseInput): void {
    const name = input.Name.toLowerCase();
    const before = this.databases.get(name);
    this.databases.set(name, { input: { ...input, Name: name }, tables: before?.tables ?? new Map(), createdAt: before?.createdAt ?? new Date() });
  }

  private addTable(databaseName: string, input: GlueTableInput, made?: Pick<Table, 'version' | 'createdAt'>): void {
    const folder = databaseName.toLowerCase();
    // A table may be deployed into a database that another stack, outside the assembly, owns.
    if (!this.databases.has(folder)) this.addDatabase({ Name: folder });
    const name = input.Name.toLowerCase();
    mkdirSync(join(this.dir, folder), { recursive: true });
    const { tables } = this.findDatabase(folder);
    const before = tables.get(name);
    tables.set(name, {
      input: { ...input, Name: name },
      partitions: before?.partitions ?? new PartitionJournal(join(this.dir, folder, `${name}.partitions.ndjson`)),
      createdAt: before?.createdAt ?? new Date(),
      ...made,
    });
  }

  private putMade(databaseName: string, input: GlueTableInput, version: number, createdAt: Date): void {
    this.addTable(databaseName, input, { version, createdAt });
    const file = join(this.dir, databaseName.toLowerCase(), `${input.Name.toLowerCase()}${MADE}`);
    // Renamed, so that another process never reads half of it.
    writeFileSync(`${file}.new`, JSON.stringify({ input, version, createdAt }));
    renameSync(`${file}.new`, file);
  }

  private readMade(): void {
    for (const database of this.databases.keys()) {
      const folder = join(this.dir, database);
      mkdirSync(folder, { recursive: true });
      for (const file of readdirSync(folder).filter((name) => name.endsWith(MADE))) {
        const { input, version, createdAt } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { input: GlueTableInput; version: number; createdAt: string };
        this.addTable(database, input, { version, createdAt: new Date(createdAt) });
      }
    }
  }

  private findDatabase(name: string) {
    const database = this.databases.get(String(name).toLowerCase());
    if (database === undefined) throw new ServiceError('EntityNotFoundException', `Database ${name} not found.`);
    return database;
  }

  private findTable(databaseName: string, name: string): Table {
    const table = this.findDatabase(databaseName).tables.get(String(name).toLowerCase());
    if (table === undefined) throw new ServiceError('EntityNotFoundException', `Table ${name} not found.`);
    return table;
  }

  private describe(databaseName: string, { input, createdAt, version }: Table) {
    const times = { CreateTime: createdAt, UpdateTime: createdAt };
    const made = version === undefined ? {} : { VersionId: String(version) };
    return { PartitionKeys: [], Retention: 0, ...input, DatabaseName: databaseName.toLowerCase(), ...times, ...made };
  }
}

function checkValues(table: GlueTableInput, values: readonly string[]): void {
  const keys = table.PartitionKeys ?? [];
  if (!Array.isArray(values) || values.length !== keys.length) {
    throw new ServiceError('InvalidInputException', 'The number of partition keys do not match the number of partition values');
  }
}

function byName(a: { Name: string }, b: { Name: string }): number {
  return a.Name < b.Name ? -1 : 1;
}
