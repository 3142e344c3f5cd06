import { isUtf8 } from 'node:buffer';
import { pipeline } from 'node:stream/promises';
import { Type } from 'avsc';
import { NOT_UTF8, tooLong } from '../framed-records';
import { AvroContainer, avroError, type AvroBlock } from './avro-container';
import { AvroCursor } from './avro-cursor';
import { avroText, type AvroSchema, type AvroText } from './avro-text';
import { AvroValues } from './avro-values';
import type { Column } from '../../../contract/contract';
import { isNested } from '../../../contract/nested-type';
import { nestedAvroText } from './nested-avro-text';
import { TextFiles } from './text-files';
import { toldRecord } from './told-record';
import { mapColumns, type TypedText } from './typed-columns';
import type { TypedPart } from './typed-part';

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
    const fields = mapColumns(dataset, names, source, (column, place): TypedText<Field> => {
      const { type: field } = schema.fields[place]!;
      const told = isNested(column.type) ? nestedAvroText(column, field, resolve, dataset.record.header === 'exact') : avroText(column, resolve(field));
      return 'problem' in told ? told : { text: { column, place, text: told.text } };
    });
    const records = new RecordReader(type, new Set(fields.map(({ place }) => place)), source);
    const files = new TextFiles(part);
    try {
      for await (const block of container.blocks()) {
        let taken = 0;
        for (const record of records.of(block)) {
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

/** A column that is read, and the place of its field in the record. */
interface Field { readonly column: Column; readonly place: number; readonly text: AvroText }

function take(part: TypedPart, files: TextFiles, fields: readonly Field[], record: readonly unknown[]): void {
  const { maxRecordBytes } = part.dataset.record;
  const values = fields.map(({ place, text }) => {
    const value = record[place];
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
  part.bad({
    ...(bad < 0 ? { code: 'RECORD_SIZE', reason: tooLong(length, maxRecordBytes) } : { code: 'ENCODING', column: fields[bad]!.column.name, reason: NOT_UTF8 }),
    bytes: toldRecord(fields.map(({ column }, field) => [column, values[field]!])), offset: files.place, line: files.place + 1,
  });
  files.skip();
}

class RecordReader {
  private readonly values = new AvroValues();
  private readonly read: (cursor: AvroCursor) => unknown[];

  constructor(private readonly type: Type, wanted: ReadonlySet<number>, private readonly source: string) {
    this.read = this.values.record(type, wanted);
  }

  *of({ bytes, records, at }: AvroBlock): Generator<readonly unknown[]> {
    const { source } = this;
    const cursor = new AvroCursor(bytes);
    for (let record = 0; record < records; record++) {
      let found: readonly unknown[];
      try {
        if (record === 0) this.values.check(records, this.type, bytes.length);
        found = this.read(cursor);
      } catch (error) {
        throw avroError(source, `record ${record + 1} of the block at byte ${at} cannot be read: ${(error as Error).message}`, error);
      }
      yield found;
    }
    if (cursor.left > 0) throw avroError(source, `the block at byte ${at} has ${cursor.left} bytes more than its records`);
  }
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
    return Type.forSchema(plain(schema as unknown as AvroSchema) as never);
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

/** The schema without logical types, which are read from the values, and without defaults, which are of readers with another schema. */
function plain(type: AvroSchema): AvroSchema {
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return (type as readonly AvroSchema[]).map(plain);
  const whole = type as { readonly type: AvroSchema; readonly items?: AvroSchema; readonly values?: AvroSchema; readonly fields?: RecordSchema['fields'] };
  if (whole.items !== undefined) return { ...whole, items: plain(whole.items) } as AvroSchema;
  if (whole.values !== undefined) return { ...whole, values: plain(whole.values) } as AvroSchema;
  if (whole.fields !== undefined) {
    return { ...whole, fields: whole.fields.map((field) => ({ name: field.name, type: plain(field.type) })) } as unknown as AvroSchema;
  }
  return whole.type === 'fixed' || whole.type === 'enum' ? { ...whole, logicalType: undefined } : plain(whole.type);
}
