import type { CsvDialect } from './csv-dialect';
import { byteClasses } from './byte-classes';
import { FIELD_END, type FieldAutomaton } from './field-automaton';
import { ENDED_CRLF, ENDED_LF, LANES, RecordLoop, SINGLE, WINDOW_BYTES } from './record-loop';
import { UTF8_FIRST, UTF8_INNER } from './utf8-moves';

const LF = 10;
const CR = 13;

/** Larger tables would leave the second-level cache to nobody else, and take long to build. */
const MAX_STATES = 4096;
const MAX_CELLS = 128 * 1024;

/** Where a range of bytes that continue a character begins, or the one behind it. */
const UTF8_BOUNDS = [UTF8_FIRST, ...UTF8_INNER].flat().flatMap(([first, last]) => [first, last + 1]);

/** What the automaton knows of one field; undefined for a text without a form. */
export interface FieldForm {
  readonly plain?: FieldAutomaton;
  readonly quoted?: FieldAutomaton;
}

/**
 * One automaton for whole records: as many fields as there must be, every one in its grammar and valid UTF-8, and the line end.
 *
 * Nearly all records of nearly all sources pass it, at one table look-up a byte and without a branch for a field. It only
 * ever says yes: a record that it does not expect is for the scanner to judge.
 */
export class RecordAutomaton {
  /** Line-end bytes of the records that {@link run} passed last: 1 or 2. */
  terminator = 1;
  /** How many {@link run} passed last. */
  records = 0;

  private block: Buffer = Buffer.alloc(0);
  private to = 0;
  /** Where the window begins and ends in the block: what lies outside of it is not known to the loop. */
  private windowFrom = 0;
  private windowTo = 0;
  /** Where lanes began, from the window's beginning: what they passed are records if one begins there. */
  private starts: readonly number[] = [];

  private constructor(private readonly loop: RecordLoop, private readonly maxRecordBytes: number) {}

  /** Undefined when the table would be too large to be of use. */
  static of(dialect: CsvDialect, forms: readonly FieldForm[]): RecordAutomaton | undefined {
    const loop = new Table(dialect, forms).build();
    return loop === undefined ? undefined : new RecordAutomaton(loop, dialect.maxRecordBytes);
  }

  /** Turns to another text, `block[0, to)`. `block[to]` must be LF: it ends the loop. */
  open(block: Buffer, to: number): void {
    this.block = block;
    this.to = to;
    this.windowFrom = this.windowTo = 0;
    this.starts = [];
  }

  /**
   * Passes records from `from` on, all with the same line end and only one when that is CR LF, and returns where the next one
   * begins. Bytes before `from` may have been changed since it was told of them.
   *
   * @param synthetic index of an LF that is not in the source, or -1
   */
  run(from: number, synthetic: number): number {
    this.terminator = 1;
    this.records = 0;
    const { loop, to } = this;
    let record = from;
    while (record < to) {
      if (record >= this.windowTo && !this.look(record)) break;
      const { windowFrom } = this;
      const lane = this.lane(record - windowFrom);
      record = windowFrom + loop.cameTo(lane);
      this.records += loop.records(lane);
      const stop = loop.stop(lane);
      if (stop === ENDED_LF && loop.records(lane) > 0) continue;
      const end = windowFrom + loop.stoppedAt(lane);
      // With a CR before the sentinel, the record is incomplete and will be seen again.
      if (stop === ENDED_CRLF && this.records === 0 && end <= to && end - 1 !== synthetic && end - record - 2 <= this.maxRecordBytes) {
        this.terminator = 2;
        this.records = 1;
        record = end;
      }
      break;
    }
    return record;
  }

  /** Fills the window from a record on, and runs through all of it; false where the record has no end in it. */
  private look(from: number): boolean {
    const { block, to, loop } = this;
    const most = Math.min(to, from + WINDOW_BYTES);
    const end = most === to ? to : block.lastIndexOf(LF, most - 1) + 1;
    if (end <= from) return false;
    loop.load(block.subarray(from, end + 1));
    this.windowFrom = from;
    this.windowTo = end;
    const starts = [0];
    for (let lane = 1; lane < LANES; lane++) {
      const start = block.lastIndexOf(LF, from + Math.floor(((end - from) * lane) / LANES)) + 1 - from;
      if (start > starts.at(-1)! && start < end - from) starts.push(start);
    }
    loop.lanes(starts, end - from);
    this.starts = starts;
    return true;
  }

  /**
   * The lane that began at a record, or a single one that has run from it up to where the next lane began: a record that passes has no
   * line end but its last.
   */
  private lane(record: number): number {
    const { starts } = this;
    let limit = this.windowTo - this.windowFrom;
    for (let lane = starts.length - 1; lane >= 0; lane--) {
      const start = starts[lane]!;
      if (start === record) return lane;
      if (start > record) limit = start;
    }
    this.loop.single(record, limit);
    return SINGLE;
  }
}

/** Puts the automata of fields together, with the bytes that separate them. */
class Table {
  /** Of each byte: bytes with the same number are in one class of every automaton, and none of them separates anything. */
  private readonly classes: Uint8Array;
  /** One byte of each class. */
  private readonly samples: readonly number[];
  /** By state: what each class leads to. */
  private readonly rows: Int32Array[] = [];
  private readonly afterCr: number;

  constructor(private readonly dialect: CsvDialect, private readonly forms: readonly FieldForm[]) {
    const automata = forms.flatMap(({ plain, quoted }) => [...(plain === undefined ? [] : [plain]), ...(quoted === undefined ? [] : [quoted])]);
    const told = new Set([separators(dialect), UTF8_CLASSES, ...automata.map(({ classes }) => classes)]);
    ({ classes: this.classes, samples: this.samples } = byteClasses(told));
    // The first row stands for the ends, which have no moves of their own.
    this.row();
    this.afterCr = this.row();
    this.move(this.rows[this.afterCr]!, LF, -ENDED_CRLF);
  }

  build(): RecordLoop | undefined {
    const starts = this.forms.map(() => this.row());
    for (const [field, form] of this.forms.entries()) {
      this.plain(starts, field, form);
      if (this.dialect.quote >= 0) this.quoted(starts, field, form);
      if (this.rows.length > MAX_STATES) return undefined;
    }
    // An empty line is no record, or one: that is not for a table to say.
    if (this.forms.length === 1) for (const end of [LF, CR]) this.move(this.rows[starts[0]!]!, end, 0);
    const { classes: merged, samples } = byteClasses(this.rows, this.samples.length);
    if (this.rows.length * samples.length > MAX_CELLS) return undefined;
    const rows = this.rows.map((row) => {
      const narrow = new Int32Array(samples.length);
      for (let column = 0; column < samples.length; column++) narrow[column] = row[samples[column]!]!;
      return narrow;
    });
    return new RecordLoop(this.classes.map((each) => merged[each]!), rows, starts[0]!, this.dialect.maxRecordBytes);
  }

  /** The states of a field without quotes; its first one is there already. */
  private plain(starts: readonly number[], field: number, { plain }: FieldForm): void {
    const { delimiter, quote } = this.dialect;
    if (plain === undefined) {
      const rest = this.text();
      this.close(this.rows[rest]!, starts, field);
      if (quote >= 0) this.move(this.rows[rest]!, quote, 0);
      // A quote opens a quoted field at the start only, so what follows the first byte is another state.
      this.rows[starts[field]!]!.set(this.rows[rest]!);
      return;
    }
    const states = this.copy(plain);
    states.forEach((state, index) => {
      const row = this.rows[state]!;
      for (const end of [delimiter, LF, CR, ...(quote < 0 ? [] : [quote])]) this.move(row, end, 0);
      if (plain.accepts[index + 1] === 1) this.close(row, starts, field);
    });
    // The start is a state of its own even where the automaton comes back to it: a quote opens a field there and nowhere else.
    this.rows[starts[field]!]!.set(this.rows[states[(plain.start >> 8) - 1]!]!);
  }

  private quoted(starts: readonly number[], field: number, { plain, quoted }: FieldForm): void {
    const { quote } = this.dialect;
    const closed = this.row();
    this.close(this.rows[closed]!, starts, field);
    const first = this.rows[starts[field]!]!;
    if (quoted === undefined) {
      // A field with a form must have both automata, or its quoted texts are unproven.
      if (plain !== undefined) return;
      const open = this.text();
      for (const end of [LF, CR]) this.move(this.rows[open]!, end, 0);
      this.move(this.rows[open]!, quote, closed);
      this.move(this.rows[closed]!, quote, open);
      this.move(first, quote, open);
      return;
    }
    const states = this.copy(quoted);
    states.forEach((state, index) => {
      const row = this.rows[state]!;
      for (const end of [LF, CR]) this.move(row, end, 0);
      this.move(row, quote, quoted.accepts[index + 1] === 1 ? closed : 0);
    });
    this.move(first, quote, states[(quoted.start >> 8) - 1]!);
  }

  /** A state that takes any text of whole characters without U+0000, which no target can store. */
  private text(): number {
    const home = this.row();
    const inner = UTF8_INNER.map((_, state) => (state === 0 ? home : this.row()));
    [[[1, 0x7f, 0] as const, ...UTF8_FIRST], ...UTF8_INNER.slice(1)].forEach((moves, state) => {
      const row = this.rows[inner[state]!]!;
      for (const [first, last, to] of moves) this.samples.forEach((byte, each) => { if (byte >= first && byte <= last) row[each] = inner[to]!; });
    });
    return home;
  }

  /** The moves that end a field. */
  private close(row: Int32Array, starts: readonly number[], field: number): void {
    const last = field === starts.length - 1;
    this.move(row, this.dialect.delimiter, last ? 0 : starts[field + 1]!);
    this.move(row, LF, last && (this.dialect.lineEnds & 1) !== 0 ? -ENDED_LF : 0);
    this.move(row, CR, last && (this.dialect.lineEnds & 2) !== 0 ? this.afterCr : 0);
  }

  /** Copies the states of a field's automaton; returns their rows in its order. */
  private copy({ next, accepts }: FieldAutomaton): number[] {
    const { samples } = this;
    const states = Array.from({ length: accepts.length - 1 }, () => this.row());
    for (let index = 0; index < states.length; index++) {
      const row = this.rows[states[index]!]!;
      for (let each = 0; each < samples.length; each++) {
        const target = next[(index + 1) * 256 + samples[each]!]!;
        // Byte 0 stays unexpected, even where a pattern names it.
        row[each] = target === FIELD_END || samples[each] === 0 ? 0 : states[(target >> 8) - 1]!;
      }
    }
    return states;
  }

  /** Says what a byte that is a class of its own leads to. */
  private move(row: Int32Array, byte: number, to: number): void {
    row[this.classes[byte]!] = to;
  }

  private row(): number {
    this.rows.push(new Int32Array(this.samples.length));
    return this.rows.length - 1;
  }
}

/** Each byte that separates or is never text, told apart from all others. */
function separators({ delimiter, quote }: CsvDialect): Uint8Array {
  const own = new Uint8Array(256);
  [0, LF, CR, delimiter, ...(quote < 0 ? [] : [quote])].forEach((byte, index) => { own[byte] = index + 1; });
  return own;
}

/** Bytes by the ranges that characters are made of. */
const UTF8_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => UTF8_BOUNDS.filter((bound) => bound <= byte).length);
