import type { CsvDialect } from '../csv-dialect';
import { valueBytes } from './column-type';
import { ColumnsFile } from './columns-file';
import { CutColumn, type CutField } from './cut-column';
import { cutFunctions, POSITION, ROW } from './cut-loop';
import { CutMemory } from './cut-memory';
import { COLUMN_BYTES, SLACK_BYTES } from './cut-words';
import { MONTH_DAYS } from './date-loop';
import { MASKS, SLOT_BYTES } from './dictionary-loop';
import { GATHERED } from './gather-loop';
import { POWERS } from './number-loop';
import { wasmModule } from '../wasm-code';
import { WebAssembly } from '../web-assembly';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of records in a row group, and the most rows. */
const GROUP_BYTES = 8 * MIB;
const MOST_GROUP_ROWS = 64 * KIB;
/** Memory for numbers and values until a row group is written, from which follows how many rows it may have. */
const VALUES_BUDGET_BYTES = 16 * MIB;
const NUMBER_BYTES = 2;

/** Memory for the tables of all dictionaries, from which follows how many entries they may have. */
const TABLE_BUDGET_BYTES = 2 * MIB;
const [FEWEST_ENTRIES, MOST_ENTRIES] = [64, 4_096];
/** Room for a text in a dictionary, on average. */
const ENTRY_BYTES = 16;

/** Memory for what is noted of texts, from which follows how many records are cut at once. */
const NOTES_BUDGET_BYTES = 256 * KIB;
const [FEWEST_CUT, MOST_CUT] = [64, 2_048];
const NOTE_BYTES = 8;

export interface CutOptions {
  readonly dialect: Pick<CsvDialect, 'delimiter' | 'quote' | 'fields'>;
  /** Texts that mean NULL where they stand without quotes. */
  readonly nullTokens: readonly string[];
  /** One for each field, undefined for those that nobody reads; at least one is read. */
  readonly fields: readonly (CutField | undefined)[];
}

/**
 * Takes good records of CSV apart, into a Parquet file of values and texts.
 *
 * The scanner has proven where fields begin and end, so that the engine need not find out again. Values in their plainest form are written as
 * such, other texts of the column beside them, for the engine to cast. The texts of a dictionary are cast once instead of row by row; a
 * column with too many different texts is told plainly from there on, up to the end of the part.
 */
export class ColumnCutter {
  private readonly memory = new CutMemory();
  private readonly functions: {
    readonly cut: (position: number, end: number, row: number, lastRow: number) => void;
    readonly gather: (from: number, to: number, target: number) => void;
  };
  private readonly columns: readonly CutColumn[];
  private readonly groupRows: number;
  private readonly cutRows: number;
  private file: ColumnsFile;
  private row = 0;
  private groupBytes = 0;
  private others = new Set<string>();

  constructor({ dialect: { delimiter, quote, fields: count }, nullTokens, fields }: CutOptions) {
    const { memory } = this;
    const read = fields.flatMap((field, number) => (field === undefined ? [] : [{
      field, number, bytes: field.value === undefined ? NUMBER_BYTES : valueBytes(field.value.form),
    }]));
    const texts = Math.max(1, read.filter(({ field }) => field.value === undefined).length);
    const entries = powerOfTwo(TABLE_BUDGET_BYTES / (2 * SLOT_BYTES) / texts, FEWEST_ENTRIES, MOST_ENTRIES);
    this.cutRows = powerOfTwo(NOTES_BUDGET_BYTES / NOTE_BYTES / read.length, FEWEST_CUT, MOST_CUT);
    const rowBytes = read.reduce((sum, { bytes }) => sum + bytes, 0);
    // A record has at least one byte for each field.
    this.groupRows = Math.max(this.cutRows, Math.min(MOST_GROUP_ROWS, Math.floor(GROUP_BYTES / count), Math.floor(VALUES_BUDGET_BYTES / rowBytes)));
    const columns = memory.place(count * COLUMN_BYTES);
    const tables = [MASKS, POWERS, MONTH_DAYS];
    const [masks, powers, monthDays] = tables.map(({ length }) => memory.place(length)) as [number, number, number];
    const presentBytes = Math.ceil(this.groupRows / 8);
    const places = read.map(({ field: { value }, number, bytes }) => {
      const slots = value === undefined ? 2 * entries : 0;
      const dictionaryBytes = value === undefined ? entries * ENTRY_BYTES : 0;
      return {
        words: columns + number * COLUMN_BYTES, slots, dictionaryBytes, presentBytes,
        table: memory.place(slots * SLOT_BYTES), dictionary: memory.place(dictionaryBytes), numbers: memory.place(bytes * this.groupRows),
        notes: memory.place(NOTE_BYTES * this.cutRows), present: memory.place(presentBytes), otherPresent: memory.place(presentBytes),
      };
    });
    tables.forEach((table, index) => { memory.views.bytes.set(table, [masks, powers, monthDays][index]); });
    this.columns = read.map(({ field }, index) => new CutColumn(field, places[index]!, memory));
    const nullTexts = nullTokens.map((token) => Buffer.from(token));
    const module = wasmModule(cutFunctions({
      delimiter, quote, columns, columnsEnd: columns + count * COLUMN_BYTES, nullTexts, masks, powers, monthDays, slots: 2 * entries, entries,
    }));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { m: { memory: memory.memory } });
    this.functions = exports as ColumnCutter['functions'];
    this.file = this.newFile();
  }

  /** Adds good records, each with LF behind it; returns how many there were. */
  add(pieces: readonly Uint8Array[]): number {
    const { memory, memory: { end: textAt } } = this;
    const end = textAt + pieces.reduce((sum, { length }) => sum + length, 0);
    // What is gathered of a column goes behind the text, and is no longer than it with a length for each row.
    const target = end + SLACK_BYTES;
    memory.reserve(target + end - textAt + 4 * this.cutRows + SLACK_BYTES);
    let at = textAt;
    for (const piece of pieces) {
      this.memory.views.bytes.set(piece, at);
      at += piece.length;
    }
    let records = 0;
    for (let position = textAt; position < end;) {
      const { row } = this;
      this.functions.cut(position, end, row, Math.min(this.groupRows, row + this.cutRows));
      const next = this.memory.views.words[POSITION >> 2]!;
      this.row = this.memory.views.words[ROW >> 2]!;
      records += this.row - row;
      this.groupBytes += next - position;
      position = next;
      for (const column of this.columns) this.gather(column, target);
      if (this.row === this.groupRows || this.groupBytes >= GROUP_BYTES) this.endGroup();
    }
    return records;
  }

  /** What is to be written to the file since the last call. */
  take(): Buffer[] {
    return this.file.take();
  }

  /** Ends the file and begins another; returns the rest of it, and names of its columns with a text in place of a value. */
  end(): { readonly rest: readonly Buffer[]; readonly others: ReadonlySet<string> } {
    if (this.row > 0) this.endGroup();
    this.file.end();
    const { others } = this;
    const rest = this.file.take();
    this.file = this.newFile();
    this.others = new Set();
    return { rest, others };
  }

  private newFile(): ColumnsFile {
    return new ColumnsFile(this.columns.flatMap(({ fileColumns }) => fileColumns));
  }

  /** Keeps the texts that were noted, since the next ones take their place. */
  private gather(column: CutColumn, target: number): void {
    const { notesEnd, at: { notes } } = column;
    if (notesEnd === notes) return;
    this.functions.gather(notes, notesEnd, target);
    column.texts.push(Buffer.from(this.memory.views.bytes.subarray(target, this.memory.views.words[GATHERED >> 2]!)));
    column.forget();
  }

  private endGroup(): void {
    this.file.addGroup(this.row, this.columns.flatMap((column) => column.chunks(this.row)));
    for (const column of this.columns) {
      if (column.hasOthers) this.others.add(column.field.text);
      column.begin();
    }
    this.row = 0;
    this.groupBytes = 0;
  }
}

/** The largest one up to a number, within bounds that are some. */
function powerOfTwo(most: number, least: number, largest: number): number {
  return Math.min(largest, Math.max(least, 2 ** Math.floor(Math.log2(most))));
}
