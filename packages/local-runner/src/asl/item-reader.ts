import * as zlib from 'node:zlib';
import { csvItems, csvRows, CSV_DELIMITERS } from './csv-items';
import { ErrorName } from './error-names';
import type { MapStorage } from './execution';
import { isObject, type Json, type JsonObject } from './json';
import type { StateVisit } from './state-visit';
import { TaskFailure } from './task-failure';

interface ReaderItem {
  readonly value: Json;
  readonly key?: string;
  readonly source: string;
}

/**
 * Reads the items of a distributed Map from S3, as its `ItemReader` says, as `Map.Item` of the context object.
 *
 * @throws TaskFailure `States.ItemReaderFailed`, with the storage's own message in the cause
 */
export async function readItems(visit: StateVisit, effectiveInput: Json): Promise<JsonObject[]> {
  const reader = visit.state.ItemReader as JsonObject;
  const config = (reader.ReaderConfig ?? {}) as JsonObject;
  const template = reader.Arguments ?? reader.Parameters ?? {};
  const location = (await visit.evaluate(template, 'ItemReader', { data: effectiveInput })) as JsonObject;
  const most = await visit.number('MaxItems', { least: 0, of: config, data: effectiveInput });
  let items: ReaderItem[];
  try {
    items = await new ItemSource(visit.frame.execution.environment.storage, config).read(String(reader.Resource), location);
  } catch (error) {
    const told = error instanceof TaskFailure ? error.message : (error as Error).message;
    throw new TaskFailure(ErrorName.itemReaderFailed, `the ItemReader of state "${visit.name}" failed for ${JSON.stringify(location)}: ${told}`);
  }
  // Step Functions takes 0 for "no limit".
  const limited = most === undefined || most === 0 ? items : items.slice(0, most);
  return limited.map(({ value, key, source }, index) =>
    ({ Index: index, ...(key === undefined ? {} : { Key: key }), Value: value, Source: source }));
}

interface InventoryManifest {
  readonly fileSchema: string;
  /** ARN of the bucket that holds the files. */
  readonly destinationBucket: string;
  readonly files: ReadonlyArray<{ readonly key: string }>;
}

class ItemSource {
  constructor(private readonly storage: Partial<MapStorage>, private readonly config: JsonObject) {}

  async read(resource: string, location: JsonObject): Promise<ReaderItem[]> {
    const bucket = text(location, 'Bucket');
    if (resource.endsWith(':s3:listObjectsV2')) return this.list(bucket, String(location.Prefix ?? ''));
    if (!resource.endsWith(':s3:getObject')) throw new Error(`${resource} is no item reader; use s3:getObject or s3:listObjectsV2`);
    const key = text(location, 'Key');
    const manifest = this.config.ManifestType ?? (this.config.InputType === 'MANIFEST' ? 'S3_INVENTORY' : undefined);
    if (manifest === 'S3_INVENTORY') return this.inventory(bucket, key);
    if (manifest === 'ATHENA_DATA') return this.athenaManifest(bucket, key);
    return this.object(bucket, key);
  }

  private async list(bucket: string, prefix: string): Promise<ReaderItem[]> {
    if (this.storage.listObjects === undefined) throw new Error('no listObjects is given to runStateMachine');
    const objects = await this.storage.listObjects(bucket, prefix);
    if (this.config.Transformation !== 'LOAD_AND_FLATTEN') {
      return objects.map((object) => ({ value: JSON.parse(JSON.stringify(object)) as Json, source: `S3://${bucket}` }));
    }
    const items: ReaderItem[] = [];
    for (const { Key: key } of objects) for (const item of await this.object(bucket, key)) items.push(item);
    return items;
  }

  private async object(bucket: string, key: string): Promise<ReaderItem[]> {
    const source = `S3://${bucket}/${key}`;
    const content = await this.content(bucket, key);
    const values = this.parse(content);
    return isObject(values)
      ? Object.entries(values).map(([name, value]) => ({ value, key: name, source }))
      : values.map((value) => ({ value, source }));
  }

  private parse(content: Buffer): Json[] | JsonObject {
    switch (this.config.InputType ?? 'JSON') {
      case 'CSV':
        return this.csv(content.toString());
      case 'JSONL':
        return content.toString().split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Json);
      case 'JSON': {
        const found = pointed(JSON.parse(content.toString()) as Json, this.config.ItemsPointer as string | undefined);
        if (Array.isArray(found) || isObject(found)) return found;
        throw new Error('the file holds neither an array nor an object');
      }
      default:
        throw new Error(`InputType ${String(this.config.InputType)} is not supported here; use JSON, JSONL or CSV`);
    }
  }

  private csv(content: string): Json[] {
    const delimiter = CSV_DELIMITERS[String(this.config.CSVDelimiter ?? 'COMMA')];
    if (delimiter === undefined) throw new Error(`CSVDelimiter must be one of ${Object.keys(CSV_DELIMITERS).join(', ')}, got ${String(this.config.CSVDelimiter)}`);
    const given = this.config.CSVHeaderLocation === 'GIVEN';
    return csvItems(content, { delimiter, headers: given ? (this.config.CSVHeaders as string[]) : undefined });
  }

  private async inventory(bucket: string, key: string): Promise<ReaderItem[]> {
    const manifest = JSON.parse((await this.content(bucket, key)).toString()) as InventoryManifest;
    const headers = manifest.fileSchema.split(',').map((name) => name.trim());
    const from = manifest.destinationBucket.replace(/^arn:[^:]+:s3:::/, '');
    const items: ReaderItem[] = [];
    for (const file of manifest.files) {
      const rows = csvItems((await this.content(from, file.key)).toString(), { delimiter: ',', headers });
      for (const value of rows) items.push({ value, source: `S3://${from}/${file.key}` });
    }
    return items;
  }

  private async athenaManifest(bucket: string, key: string): Promise<ReaderItem[]> {
    const items: ReaderItem[] = [];
    for (const [location = ''] of csvRows((await this.content(bucket, key)).toString(), ',')) {
      const [, from, part] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
      if (from === undefined || part === undefined) throw new Error(`the manifest names no S3 object in ${JSON.stringify(location)}`);
      for (const item of await this.object(from, part)) items.push(item);
    }
    return items;
  }

  private async content(bucket: string, key: string): Promise<Buffer> {
    if (this.storage.readObject === undefined) throw new Error('no readObject is given to runStateMachine');
    const body = await this.storage.readObject(bucket, key);
    if (key.endsWith('.gz')) return zlib.gunzipSync(body);
    if (!/\.zstd?$/.test(key)) return body;
    const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (body: Buffer) => Buffer };
    if (zstdDecompressSync === undefined) throw new Error(`${key} is compressed with zstd, which needs Node.js 22.15 or newer here`);
    return zstdDecompressSync(body);
  }
}

function text(location: JsonObject, field: string): string {
  const value = location[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`${field} must be a text, got ${JSON.stringify(value)}`);
}

/** What a JSON pointer such as `/data/items/0` selects. */
function pointed(document: Json, pointer: string | undefined): Json {
  let value: Json | undefined = document;
  for (const token of (pointer ?? '').split('/').slice(1)) {
    const name = token.replace(/~1/g, '/').replace(/~0/g, '~');
    value = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
    if (value === undefined) throw new Error(`ItemsPointer ${JSON.stringify(pointer)} selects nothing`);
  }
  return value;
}
