import type { Encoding, RejectCode } from '../../../src/contract';
import type { DatasetSpec } from '../_fixtures/contract-text';
import type { LogicalTable } from './parquet-reader';
import { encoded, encodes, LONGEST, type BrokenRecord, type SourceFormat } from './source-formats';
import { TYPE_TABLE, type TypeRow } from './type-table';

/** A record that must be in quarantine, where and as it is there. */
export interface ExpectedReject {
  readonly code: RejectCode;
  readonly column: string | null;
  readonly offset: number;
  readonly line: number;
  /** Hexadecimal; of a record that is too long, as many bytes as a record may have. */
  readonly raw: string;
}

/** A part in one format and encoding with every line of the tables that these can write, and what must become of it. */
export interface ConformanceCase {
  readonly title: string;
  readonly spec: DatasetSpec;
  readonly bytes: Buffer;
  /** By id, the rows that must come out. */
  readonly rows: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
  readonly rejects: readonly ExpectedReject[];
  /** `<column>: <text>` of every line of the table that is tried, and `<what>` of every broken record. */
  readonly covers: readonly string[];
}

/** Tells the rows of a case apart. */
const ID = { name: 'id', property: '{ logicalType: integer, primaryKey: true }' };

/** Columns whose names broken records know. */
const NAMED = ['i8', 'i16', 'string'];

/** The lines of the type table, in `parts` parts of about equal size; each has the columns that broken records name. */
export function typesOfPart(part: number, parts: number): readonly TypeRow[] {
  const named = TYPE_TABLE.filter(({ name }) => NAMED.includes(name));
  return [...named, ...TYPE_TABLE.filter((type) => !named.includes(type)).filter((_, index) => index % parts === part % parts)];
}

export function conformanceCase(format: SourceFormat, encoding: Encoding, types: readonly TypeRow[] = TYPE_TABLE): ConformanceCase {
  const { broken, between, tail } = format;
  const all: readonly Pick<TypeRow, 'name' | 'property' | 'custom'>[] = [ID, ...types];
  const names = all.map(({ name }) => name);
  // The source's names of the columns: of XML attributes they have a mark.
  const fields = format.name === 'xml, attributes' ? names.map((name, index) => (index % 2 === 0 ? `@${name}` : name)) : names;
  const part = new Part(encoding);
  part.add(format.head?.(fields) ?? '');
  const rows = new Map<string, Record<string, string | null>>();
  const rejects: ExpectedReject[] = [];
  const covers: string[] = [];
  let id = 0;
  const others = types.map(({ other }) => other ?? [null, null] as const);
  let written: readonly (string | null)[] = [];
  const write = (more: Readonly<Record<number, string | null>> = {}, number = String(id)): string => {
    written = [number, ...others.map(([text], index) => (index + 1 in more ? more[index + 1]! : text))];
    return format.write(fields, written, id);
  };
  const put = (record: string | Buffer, code?: RejectCode, column: string | null = null, told?: BrokenRecord['told']): void => {
    if (id > 0) part.add(between);
    const { offset, line, raw } = placeOf(format, id, part.add(record), () => {
      const text: Record<string, unknown> = Object.fromEntries(written.map((value, index) => [names[index]!, value]));
      told?.(text);
      return text;
    });
    if (code !== undefined) rejects.push({ code, column, offset, line, raw: raw.slice(0, 2 * LONGEST * (encoding.startsWith('utf-16') ? 2 : 1)) });
    id++;
  };
  const breakOne = (): void => {
    const { what, code, record, column = null, told } = queue.shift()!;
    covers.push(`${what} (${code})`);
    put(record((more) => write(more, '1')), code, column, told);
  };
  const queue = broken.filter((one) => one.encoding === undefined || one.encoding === encoding);
  types.forEach(({ name, good, bad }, index) => {
    for (const [text, value] of good) {
      if (!format.holds(text) || !encodes(text ?? '', encoding)) continue;
      covers.push(`${name}: ${text}`);
      rows.set(String(id), { id: String(id), ...Object.fromEntries(types.map((row, at) => [row.name, at === index ? value : others[at]![1]])) });
      put(write({ [index + 1]: text }));
    }
    for (const [text, code] of bad) {
      if (!format.holds(text) || !encodes(text ?? '', encoding)) continue;
      covers.push(`${name}: ${text} (${code})`);
      put(write({ [index + 1]: text }), code, name);
    }
    if (queue.length > 0) breakOne();
  });
  while (queue.length > 0) breakOne();
  part.add(tail);
  const record = `${format.record(fields)}${encoding === 'utf-8' ? '' : `, encoding: ${encoding}`}`;
  const columns = all.map((column, index) => ({ name: column.name, type: propertyOf(column, fields[index]!) }));
  return { title: `${format.name} in ${encoding}`, spec: { columns, record }, bytes: format.packed === undefined ? part.bytes : format.packed.pack(part.bytes.toString()), rows, rejects, covers };
}

/** Where a record is, and what quarantine holds of it. */
function placeOf({ packed }: SourceFormat, id: number, inText: ReturnType<Part['add']>, told: () => Record<string, unknown>): ReturnType<Part['add']> {
  if (packed === undefined) return inText;
  const line = packed.firstRow + id;
  return { offset: line - 1, line, raw: Buffer.from(JSON.stringify(told())).toString('hex') };
}

/** Cells that are not what they must be, rows that should not be there, and rows that are missing. */
export function differences(expected: ConformanceCase['rows'], found: LogicalTable['rows']): string[] {
  const wrong: string[] = [];
  const missing = new Map(expected);
  for (const row of found) {
    const wanted = missing.get(row.id!);
    missing.delete(row.id!);
    if (wanted === undefined) wrong.push(`${row.id}: unexpected or twice: ${JSON.stringify(row)}`);
    else for (const name of new Set([...Object.keys(row), ...Object.keys(wanted)])) if (row[name] !== wanted[name]) wrong.push(`${row.id}.${name}: ${JSON.stringify(row[name])}, expected ${JSON.stringify(wanted[name])}`);
  }
  return [...wrong, ...[...missing].map(([id, row]) => `${id}: missing: ${JSON.stringify(Object.entries(row).filter(([, value]) => value !== null))}`)];
}

/** The property of a column that the source calls `field`. */
function propertyOf({ name, property, custom }: Pick<TypeRow, 'name' | 'property' | 'custom'>, field: string): string {
  const customs = [...(custom === undefined ? [] : [custom]), ...(field === name ? [] : [`{ property: headraceSource, value: { field: "${field}" } }`])];
  return customs.length === 0 ? property : property.replace(/ \}$/, `, customProperties: [${customs.join(', ')}] }`);
}

/** Bytes of a part, as they are added, with the places of what is added. */
class Part {
  private readonly pieces: Buffer[];
  private offset: number;
  private line = 1;

  constructor(private readonly encoding: Encoding) {
    this.pieces = encoding === 'utf-16' ? [Buffer.from([0xfe, 0xff])] : [];
    this.offset = this.pieces.length * 2;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  add(text: string | Buffer): { offset: number; line: number; raw: string } {
    const bytes = typeof text === 'string' ? encoded(text, this.encoding) : text;
    const { offset, line } = this;
    this.pieces.push(bytes);
    this.offset += bytes.length;
    this.line += typeof text === 'string' ? text.split('\n').length - 1 : 0;
    return { offset, line, raw: bytes.toString('hex') };
  }
}
