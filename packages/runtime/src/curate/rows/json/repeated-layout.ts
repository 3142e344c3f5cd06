import { BACKSLASH, CLOSE, COLON, COMMA, isDigit, MINUS, OPEN, QUOTE } from './json-record';

const PLUS = 43;
const POINT = 46;
const ZERO = 48;
const LOWER_E = 101;
const UPPER_E = 69;
const WORDS = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')] as const;

/** What cannot stand in a text of JSON as it is. */
const ESCAPED = /["\\\u0000-\u001f]/;

/** A layout that fails so much more often than it holds is not tried any more. */
const PATIENCE = 1_000;

/** Where a value lies in its record; `start` is {@link NULL} for JSON null and for a member that is not there. */
export const NULL = -1;

/**
 * Reads flat JSON records whose members stand in the same order as those of the record before, which is how nearly all are written.
 *
 * It makes nothing but numbers, where the plain reader makes an object of each name and value. It never judges: what it does not follow, an
 * escape in a text or another member among them, it leaves to the plain reader, and so every reject and its reason is of that one.
 */
export class RepeatedLayout {
  /** First byte of the value of each column, and the one behind its last. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private names: readonly Buffer[] = [];
  private columns: Int32Array = new Int32Array(0);
  private at = 0;
  /** Behind the last byte of the value that was read. */
  private end = 0;
  private misses = 0;

  constructor(columns: number) {
    this.starts = new Int32Array(columns);
    this.ends = new Int32Array(columns);
  }

  /**
   * Takes the layout of a record that passed.
   *
   * @param members names as they are meant, with the column of each; negative for one that is left out
   */
  learn(members: ReadonlyMap<string, number>): void {
    if (this.misses > PATIENCE) return;
    const names = [...members.keys()];
    // Names are compared as they stand in the record.
    this.names = names.some((name) => ESCAPED.test(name)) ? [] : names.map((name) => Buffer.from(name));
    this.columns = Int32Array.from(members.values());
  }

  /** Whether the record, which is `bytes` from `start` up to `end`, follows the layout; then `starts` and `ends` tell its values. */
  follows(bytes: Buffer, start: number, end: number): boolean {
    const { names } = this;
    if (names.length === 0) return false;
    if (this.read(bytes, start, end)) {
      if (this.misses > 0) this.misses--;
      return true;
    }
    // A miss costs a reading, and a hit saves several.
    this.misses += 2;
    if (this.misses > PATIENCE) this.names = [];
    return false;
  }

  /** What is read never comes back, so a record that ends where it should was read to nowhere else. */
  private read(record: Buffer, begin: number, stop: number): boolean {
    const { names, columns, starts, ends } = this;
    starts.fill(NULL);
    this.at = begin;
    this.space(record);
    if (record[this.at++] !== OPEN) return false;
    for (let index = 0; index < names.length; index++) {
      this.space(record);
      if (!this.name(record, names[index]!)) return false;
      const column = columns[index]!;
      const start = this.value(record);
      if (start < NULL) return false;
      if (column >= 0) {
        starts[column] = start;
        ends[column] = this.end;
      }
      this.space(record);
      if (record[this.at++] !== (index === names.length - 1 ? CLOSE : COMMA)) return false;
    }
    // What follows the record may be a line end, which is a space.
    while (this.at < stop && isSpace(record[this.at])) this.at++;
    return this.at === stop;
  }

  private name(record: Buffer, name: Buffer): boolean {
    let at = this.at;
    if (record[at++] !== QUOTE) return false;
    for (let index = 0; index < name.length; index++) if (record[at++] !== name[index]) return false;
    if (record[at++] !== QUOTE) return false;
    this.at = at;
    this.space(record);
    if (record[this.at++] !== COLON) return false;
    this.space(record);
    return true;
  }

  /** Where a plain value begins, with `at` behind it; {@link NULL} for null, and less for what is left to the plain reader. */
  private value(record: Buffer): number {
    let at = this.at;
    const first = record[at]!;
    if (first === QUOTE) {
      const start = ++at;
      for (let byte = record[at]!; byte !== QUOTE; byte = record[++at]!) if (!(byte >= 32) || byte === BACKSLASH) return NULL - 1;
      this.end = at;
      this.at = at + 1;
      return start;
    }
    const start = at;
    if (first === MINUS || isDigit(first)) {
      if (!this.number(record)) return NULL - 1;
      this.end = this.at;
      return start;
    }
    for (const word of WORDS) {
      if (record.compare(word, 0, word.length, at, Math.min(at + word.length, record.length)) !== 0) continue;
      this.end = this.at = at + word.length;
      return word === WORDS[2] ? NULL : start;
    }
    return NULL - 1;
  }

  private number(record: Buffer): boolean {
    if (record[this.at] === MINUS) this.at++;
    const first = this.at;
    if (!this.digits(record) || (record[first] === ZERO && this.at > first + 1)) return false;
    if (record[this.at] === POINT) {
      this.at++;
      if (!this.digits(record)) return false;
    }
    if (record[this.at] === LOWER_E || record[this.at] === UPPER_E) {
      this.at++;
      if (record[this.at] === PLUS || record[this.at] === MINUS) this.at++;
      if (!this.digits(record)) return false;
    }
    return true;
  }

  private digits(record: Buffer): boolean {
    const start = this.at;
    while (isDigit(record[this.at])) this.at++;
    return this.at > start;
  }

  private space(record: Buffer): void {
    while (isSpace(record[this.at])) this.at++;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 13 || byte === 10;
}
