import { int32, int64, list, struct, text, varint, type ThriftValue } from './compact-thrift';
import type { ColumnType } from './column-type';

const MAGIC = Buffer.from('PAR1');

/** Numbers of the format: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>. */
const OPTIONAL = 1;
const UNCOMPRESSED = 0;
const [DATA_PAGE, DICTIONARY_PAGE] = [0, 2];
const [PLAIN, RLE, RLE_DICTIONARY] = [0, 3, 8];

/** Bits of a number in a page: whole bytes need no packing. */
const NUMBER_BITS = 16;

/** Rows, and which of them have a value: a bit for each, the lowest of a byte first, or all, or none. */
export interface Rows {
  readonly rows: number;
  readonly present: Buffer | 'all' | 'none';
}

/** A column in a row group. */
export interface ColumnChunk {
  /** Texts that numbers stand for, each behind its length, and the first rows: those that are not NULL have a number of two bytes each. */
  readonly numbered?: Rows & { readonly entries: number; readonly dictionary: Buffer; readonly numbers: Buffer };
  /** The other rows: values in their order, texts each behind its length. */
  readonly plain: Rows & { readonly values: readonly Buffer[] };
}

export interface FileColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A Parquet file, uncompressed, for an engine that reads it once; it is made of pieces, which are written one behind the other. */
export class ColumnsFile {
  private pieces: Buffer[] = [MAGIC];
  private length = MAGIC.length;
  private rows = 0;
  private readonly groups: ThriftValue[] = [];

  constructor(private readonly columns: readonly FileColumn[]) {}

  /** @param chunks one for each column */
  addGroup(rows: number, chunks: readonly ColumnChunk[]): void {
    const begin = this.length;
    const told = chunks.map((chunk, index) => this.addChunk(this.columns[index]!, rows, chunk));
    this.groups.push(struct({ 1: list(told), 2: int64(this.length - begin), 3: int64(rows) }));
    this.rows += rows;
  }

  /** Ends the file: nothing may be added. */
  end(): void {
    const { columns } = this;
    const elements = columns.map(({ name, type }) => struct({ 1: int32(type.physical), 3: int32(OPTIONAL), 4: text(name), ...type.logical }));
    const schema = list([struct({ 4: text('records'), 5: int32(columns.length) }), ...elements]);
    const groups = this.groups.length === 0 ? NO_GROUPS : list(this.groups);
    const footer = Buffer.from(struct({ 1: int32(1), 2: schema, 3: int64(this.rows), 4: groups })[1]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    this.add(footer, length, MAGIC);
  }

  /** What is to be written since the last call. */
  take(): Buffer[] {
    const { pieces } = this;
    this.pieces = [];
    return pieces;
  }

  private addChunk({ name, type }: FileColumn, rows: number, { numbered, plain }: ColumnChunk): ThriftValue {
    const begin = this.length;
    const entries = numbered?.entries ?? 0;
    if (entries > 0) this.addPage(DICTIONARY_PAGE, 7, struct({ 1: int32(entries), 2: int32(PLAIN) }), [numbered!.dictionary]);
    const data = this.length;
    if (numbered !== undefined && numbered.numbers.length > 0) {
      const groups = Math.ceil(numbered.numbers.length / NUMBER_BITS);
      const head = Buffer.from([NUMBER_BITS, ...varint((groups << 1) | 1)]);
      const fill = Buffer.alloc(groups * NUMBER_BITS - numbered.numbers.length);
      this.addData(RLE_DICTIONARY, numbered, [head, numbered.numbers, fill]);
    } else if (numbered !== undefined && numbered.rows > 0) {
      this.addData(PLAIN, numbered, []);
    }
    if (plain.rows > 0) this.addData(PLAIN, plain, plain.values);
    const bytes = int64(this.length - begin);
    const meta = struct({
      1: int32(type.physical), 2: list([PLAIN, RLE, RLE_DICTIONARY].map(int32)), 3: list([text(name)]), 4: int32(UNCOMPRESSED),
      5: int64(rows), 6: bytes, 7: bytes,
      9: int64(data), 11: entries > 0 ? int64(begin) : undefined,
    });
    return struct({ 2: int64(begin), 3: meta });
  }

  private addData(encoding: number, rows: Rows, values: readonly Buffer[]): void {
    this.addPage(DATA_PAGE, 5, struct({ 1: int32(rows.rows), 2: int32(encoding), 3: int32(RLE), 4: int32(RLE) }), [levels(rows), ...values]);
  }

  private addPage(type: number, field: number, header: ThriftValue, pieces: readonly Buffer[]): void {
    const bytes = int32(pieces.reduce((sum, piece) => sum + piece.length, 0));
    this.add(Buffer.from(struct({ 1: int32(type), 2: bytes, 3: bytes, [field]: header })[1]), ...pieces);
  }

  private add(...pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.pieces.push(piece);
      this.length += piece.length;
    }
  }
}

const NO_GROUPS: ThriftValue = [9, [12]];

/** Which rows have a value, behind the length of that. */
function levels({ rows, present }: Rows): Buffer {
  const bits = typeof present === 'string' ? [Buffer.from([...varint(rows << 1), present === 'all' ? 1 : 0])] : [Buffer.from(varint((present.length << 1) | 1)), present];
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bits.reduce((sum, each) => sum + each.length, 0));
  return Buffer.concat([length, ...bits]);
}
