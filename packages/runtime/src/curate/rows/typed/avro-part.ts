import { isUtf8 } from 'node:buffer';
import { pipeline } from 'node:stream/promises';
import { Type, types } from 'avsc';
import { NOT_UTF8, tooLong } from '../framed-records';
import { AvroContainer, avroError, type AvroBlock } from './avro-container';
import { avroText, type AvroSchema, type AvroText } from './avro-text';
import { isNested } from '../../../contract/nested-type';
import { fieldName, isRead } from '../csv/csv-header';
import { nestedAvroText } from './nested-avro-text';
import { TextFiles } from './text-files';
import { mapColumns } from './typed-columns';
import type { TypedPart } from './typed-part';

/** Numbers of 64 bits, all of which are exact. */
const LONG = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => { const bytes = Buffer.alloc(8); bytes.writeBigInt64LE(value); return bytes; },
  fromJSON: BigInt, toJSON: String, isValid: (value: unknown) => typeof value === 'bigint', compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** Records whose texts are held in memory. */
const RECORDS_AT_ONCE = 1_000;

interface RecordSchema { readonly type: string; readonly fields: readonly { readonly name: string; readonly type: AvroSchema }[] }

/**
 * Curates an Avro object container file as it streams; returns its bytes.
 *
 * Throws `COLUMNS` with everything that is wrong with them, and `AVRO` where the file breaks its format, with the place.
 */
export async function readAvro(part: TypedPart): Promise<number> {
  const { store, ref, source, dataset, signal } = part;
  let bytes = 0;
  await pipeline(await store.getStream(ref, undefined, { signal }), async (chunks: AsyncIterable<Uint8Array>) => {
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    const container = await AvroContainer.open(counted(), source);
    const schema = recordSchema(container.schema, source);
    const names = schema.fields.map(({ name }) => name);
    part.useColumns(names);
    const type = readerOf(schema, source);
    const types = named(schema, source);
    const resolve = (of: AvroSchema): AvroSchema => resolved(of, types);
    const texts = mapColumns(dataset, names, source, (column, place) => {
      const { type: field } = schema.fields[place]!;
      return isNested(column.type) ? nestedAvroText(column, field, resolve, dataset.record.header === 'exact') : avroText(column, resolve(field));
    });
    const fields = dataset.columns.filter(isRead).map((column, index) => ({ name: fieldName(column), text: texts[index]! }));
    const files = new TextFiles(part);
    try {
      for await (const block of container.blocks()) {
        let taken = 0;
        for (const record of recordsOf(block, type, source)) {
          take(part, files, fields, record);
          // Texts may be many times as long as the bytes that they come from.
          if (++taken % RECORDS_AT_ONCE !== 0) continue;
          signal?.throwIfAborted();
          await files.flush();
          await part.flush();
        }
        await files.flush();
        await part.flush();
      }
      await files.finish();
    } finally {
      await files.discard();
    }
  }, { signal });
  return bytes;
}

type Field = { readonly name: string; readonly text: AvroText };

function take(part: TypedPart, files: TextFiles, fields: readonly Field[], record: Record<string, unknown>): void {
  const { maxRecordBytes } = part.dataset.record;
  const values = fields.map(({ name, text }) => {
    const value = record[name];
    if (value === null) return null;
    const told = text(value as never);
    return typeof told === 'string' ? Buffer.from(told) : told;
  });
  const bad = values.findIndex((value) => value !== null && !isUtf8(value));
  const length = values.reduce((sum, value) => sum + (value?.length ?? 0), 0);
  if (bad < 0 && length <= maxRecordBytes) {
    files.write(values);
    return;
  }
  // What is no text cannot stand in JSON as it is.
  const told = values.map((value, field) => [fields[field]!.name, value === null ? null : isUtf8(value) ? value.toString() : { base64: value.toString('base64') }]);
  part.bad({
    ...(bad < 0 ? { code: 'RECORD_SIZE', reason: tooLong(length, maxRecordBytes) } : { code: 'ENCODING', column: fields[bad]!.name, reason: NOT_UTF8 }),
    bytes: Buffer.from(JSON.stringify(Object.fromEntries(told))), offset: files.place, line: files.place + 1,
  });
  files.skip();
}

function* recordsOf({ bytes, records, at }: AvroBlock, type: Type, source: string): Generator<Record<string, unknown>> {
  let position = 0;
  for (let record = 0; record < records; record++) {
    let found: { value: unknown; offset: number };
    try {
      found = type.decode(bytes, position) as { value: unknown; offset: number };
    } catch (error) {
      throw avroError(source, `record ${record + 1} of the block at byte ${at} cannot be read: ${(error as Error).message}`, error);
    }
    if (found.offset < 0) throw avroError(source, `record ${record + 1} of the block at byte ${at} goes beyond the block`);
    position = found.offset;
    yield found.value as Record<string, unknown>;
  }
  if (position !== bytes.length) throw avroError(source, `the block at byte ${at} has ${bytes.length - position} bytes more than its records`);
}

function recordSchema(text: string, source: string): RecordSchema {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    throw avroError(source, `its schema is no JSON: ${(error as Error).message}`, error);
  }
  const { type, fields } = (schema ?? {}) as Partial<RecordSchema>;
  if (type !== 'record' || !Array.isArray(fields)) throw avroError(source, 'its schema is no record');
  return schema as RecordSchema;
}

function readerOf(schema: RecordSchema, source: string): Type {
  try {
    return Type.forSchema(plain(schema as unknown as AvroSchema) as never, { registry: { long: LONG } as never });
  } catch (error) {
    throw avroError(source, `its schema cannot be read: ${(error as Error).message}`, error);
  }
}

/** Types that a schema defines in one place and names in others. */
function named(schema: unknown, source: string, found = new Map<string, AvroSchema>()): Map<string, AvroSchema> {
  if (Array.isArray(schema)) for (const branch of schema) named(branch, source, found);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return found;
  const { type, name, fields, items, values } = schema as Record<string, unknown>;
  if (typeof name === 'string' && (type === 'fixed' || type === 'enum')) {
    const short = name.slice(name.lastIndexOf('.') + 1);
    if (found.has(short)) throw avroError(source, `its schema has two types called ${short} in different namespaces, which cannot be told apart here; have the source give them different names`);
    found.set(short, schema as AvroSchema);
  } else if (typeof name === 'string' && type === 'record') {
    const short = name.slice(name.lastIndexOf('.') + 1);
    // Of two records with one name neither is meant by it; a column that needs it is refused.
    found.set(short, found.has(short) ? short : schema as AvroSchema);
  }
  for (const inner of [type, items, values, ...(Array.isArray(fields) ? fields as unknown[] : [])]) named(inner, source, found);
  return found;
}

function resolved(type: AvroSchema, names: ReadonlyMap<string, AvroSchema>): AvroSchema {
  if (Array.isArray(type)) return (type as readonly AvroSchema[]).map((branch) => resolved(branch, names));
  return typeof type === 'string' ? names.get(type.slice(type.lastIndexOf('.') + 1)) ?? type : type;
}

/**
 * The schema without logical types, which are read from the values. Bytes lie in the file as strings do, and tell whether they are UTF-8, so
 * that strings are read as bytes.
 */
function plain(type: AvroSchema): AvroSchema {
  if (typeof type === 'string') return type === 'string' ? 'bytes' : type;
  if (Array.isArray(type)) {
    const branches = (type as readonly AvroSchema[]).map(plain);
    return new Set(branches).size === branches.length ? branches : branches.map((branch, index) => (innerType((type as readonly AvroSchema[])[index]!) === 'string' ? 'string' : branch));
  }
  const whole = type as { readonly type: AvroSchema; readonly items?: AvroSchema; readonly values?: AvroSchema; readonly fields?: RecordSchema['fields'] };
  if (whole.items !== undefined) return { ...whole, items: plain(whole.items) } as AvroSchema;
  if (whole.values !== undefined) return { ...whole, values: plain(whole.values) } as AvroSchema;
  if (whole.fields !== undefined) {
    return { ...whole, fields: whole.fields.map((field) => ({ name: field.name, type: plain(field.type) })) } as unknown as AvroSchema;
  }
  return whole.type === 'fixed' || whole.type === 'enum' ? { ...whole, logicalType: undefined } : plain(whole.type);
}

function innerType(type: AvroSchema): unknown {
  return typeof type === 'string' ? type : (type as { readonly type?: unknown }).type;
}
