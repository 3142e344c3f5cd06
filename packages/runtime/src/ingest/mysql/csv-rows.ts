import type { CsvDialect } from '../sql/csv-dialect';

const CHUNK_BYTES = 256 * 1024;
const LF = 10;

type Render = (value: Buffer) => Buffer;

interface Field {
  readonly render?: Render;
  readonly quoted: boolean;
}

/**
 * Writes rows of raw values as CSV.
 *
 * NULL is the bare token. Texts are quoted always, so that none of them can be taken for it; numbers and times need no
 * quotes, unless the contract's token for NULL might be one.
 */
export class CsvRows {
  private chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  private at = 0;
  private readonly fields: readonly Field[];
  private readonly delimiter: number;
  private readonly quote: number;
  private readonly null: Buffer;

  /** @param full receives each chunk; the memory is the receiver's then */
  constructor(names: readonly string[], renders: readonly string[], dialect: CsvDialect, private readonly full: (chunk: Buffer) => void) {
    this.delimiter = dialect.delimiter.charCodeAt(0);
    this.quote = dialect.quote.charCodeAt(0);
    this.null = Buffer.from(dialect.null, 'utf8');
    this.fields = renders.map((name): Field => ({ render: renderer(name), quoted: dialect.quoteAll || name === 'text' || name.startsWith('flag') }));
    if (dialect.header) this.line(names.map((name) => Buffer.from(name, 'utf8')), names.map(() => ({ quoted: true })));
  }

  add(row: ReadonlyArray<Buffer | null>): void {
    this.line(row, this.fields);
  }

  end(): void {
    if (this.at > 0) this.full(this.chunk.subarray(0, this.at));
    this.at = 0;
  }

  private line(values: ReadonlyArray<Buffer | null>, fields: readonly Field[]): void {
    for (let index = 0; index < fields.length; index += 1) {
      const { render, quoted } = fields[index] as Field;
      const value = values[index] as Buffer | null;
      const bytes = value === null ? this.null : render === undefined ? value : render(value);
      // Every byte may be a quote; one delimiter, two quotes and the line end come besides.
      if (this.chunk.length - this.at < 2 * bytes.length + 4) this.room(2 * bytes.length + 4);
      if (index > 0) this.chunk[this.at++] = this.delimiter;
      if (value !== null && quoted) this.inQuotes(bytes);
      else this.put(bytes, 0, bytes.length);
    }
    this.chunk[this.at++] = LF;
  }

  private inQuotes(bytes: Buffer): void {
    const { quote } = this;
    this.chunk[this.at++] = quote;
    let from = 0;
    for (let found = bytes.indexOf(quote); found !== -1; found = bytes.indexOf(quote, from)) {
      this.put(bytes, from, found + 1);
      this.chunk[this.at++] = quote;
      from = found + 1;
    }
    this.put(bytes, from, bytes.length);
    this.chunk[this.at++] = quote;
  }

  private put(bytes: Buffer, from: number, to: number): void {
    // Calling out costs more than the few bytes of a number.
    if (to - from > 24) this.at += bytes.copy(this.chunk, this.at, from, to);
    else for (let index = from; index < to; index += 1) this.chunk[this.at++] = bytes[index] as number;
  }

  private room(bytes: number): void {
    this.end();
    this.chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytes));
  }
}

function renderer(name: string): Render | undefined {
  if (name === 'digits') return (value) => value.subarray(/^0*(?=\d)/.exec(value.toString('latin1'))?.[0].length ?? 0);
  if (name === 'bits') return (value) => Buffer.from(wholeNumber(value).toString());
  if (name === 'instant') return (value) => Buffer.concat([value, Buffer.from('Z')]);
  if (name === 'base64') return (value) => Buffer.from(value.toString('base64'));
  if (name === 'uuid') return (value) => (value.length === 16 ? Buffer.from(value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')) : Buffer.from(value.toString('hex')));
  if (name.startsWith('flag')) {
    const [no, yes, bits] = JSON.parse(name.slice('flag'.length)) as [string, string, boolean];
    const words = new Map([['0', Buffer.from(no)], ['1', Buffer.from(yes)]]);
    // Any other number stays what it is, and curate says that it is no boolean.
    return (value) => words.get(bits ? wholeNumber(value).toString() : value.toString('latin1')) ?? value;
  }
  return undefined;
}

function wholeNumber(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}
