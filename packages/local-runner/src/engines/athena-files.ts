import { readFileSync } from 'node:fs';
import { AthenaError, type AthenaCatalog, type AthenaStorage, type CatalogTable } from './athena-catalog';
import { requireSchemaOfTable } from './partition-schema';

/** A file of a table, with the values of the partition that it belongs to. */
export interface TableFile {
  readonly path: string;
  /** In the order of the table's partition keys; null is Hive's default partition. */
  readonly values: ReadonlyArray<string | null>;
}

const SYMLINKS = 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat';
const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/**
 * The files that a table consists of, by the catalog alone: a partitioned table has what its registered partitions
 * point to, and a folder that nobody registered does not exist.
 *
 * With Hive's symlink format a location holds text files that list the data files.
 */
export async function tableFiles(
  database: string, table: CatalogTable, catalog: AthenaCatalog, storage: AthenaStorage,
): Promise<TableFile[]> {
  const name = `${database}.${table.Name}`;
  const { StorageDescriptor: storageDescriptor } = table;
  const partitioned = (table.PartitionKeys ?? []).length > 0;
  const places = partitioned
    ? catalog.partitions(database, table.Name).map((partition) => {
      requireSchemaOfTable(name, table, partition);
      return { location: partition.StorageDescriptor?.Location, values: partition.Values.map((value) => (value === NULL_PARTITION ? null : value)) };
    })
    : [{ location: storageDescriptor?.Location, values: [] }];
  const reader = new LocationReader(name, storage, storageDescriptor?.InputFormat === SYMLINKS);
  const files: TableFile[] = [];
  for (const { location, values } of places) {
    for (const path of await reader.files(location)) files.push({ path, values });
  }
  return files;
}

class LocationReader {
  constructor(private readonly table: string, private readonly storage: AthenaStorage, private readonly symlinks: boolean) {}

  async files(location: string | undefined): Promise<string[]> {
    const { bucket, key } = this.place(location ?? '', 'location');
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
    const found = (await this.listed(bucket, prefix)).map((each) => this.path(bucket, each, location ?? ''));
    if (!this.symlinks) return found;
    const data: string[] = [];
    for (const list of found) for (const path of await this.linked(list, location ?? '')) data.push(path);
    return data;
  }

  private async linked(list: string, location: string): Promise<string[]> {
    const data: string[] = [];
    for (const line of readFileSync(list, 'utf8').split('\n').map((each) => each.trim())) {
      if (line === '') continue;
      const { bucket, key } = this.place(line, `symlink list in ${location}`);
      if (key.endsWith('/')) for (const each of await this.listed(bucket, key)) data.push(this.path(bucket, each, location));
      else data.push(this.path(bucket, key, location));
    }
    return data;
  }

  private async listed(bucket: string, prefix: string): Promise<string[]> {
    const keys = await this.storage.listKeys(bucket, prefix);
    // Hive takes names that begin with an underscore or a dot for its own notes.
    return keys.filter((key) => !key.endsWith('/') && !key.slice(prefix.length).split('/').some((part) => /^[_.]/.test(part)));
  }

  private path(bucket: string, key: string, location: string): string {
    const path = this.storage.pathOf(bucket, key);
    if (path !== undefined) return path;
    throw new AthenaError('HIVE_CANNOT_OPEN_SPLIT', `table ${this.table}: s3://${bucket}/${key} does not exist; ${location} names it`);
  }

  private place(uri: string, what: string): { bucket: string; key: string } {
    const [, bucket, key = ''] = /^s3[an]?:\/\/([^/]+)(?:\/(.*))?$/.exec(uri) ?? [];
    if (bucket !== undefined) return { bucket, key };
    throw new AthenaError('HIVE_METASTORE_ERROR', `table ${this.table}: the ${what} must begin with s3://, got ${JSON.stringify(uri)}`);
  }
}
