/** Why a record is not a JSON object as the contract has it; thrown within this folder only, and cheap: it has no stack. */
export class JsonProblem {
  constructor(readonly reason: string) {}
}

/** Receives the members of one record: `text` is the value's exact text, null for JSON null. */
export type MemberSink = (name: string, text: Buffer | null) => void;

/** Whether a member may be an object or array, because it is left out. */
export type LeavesOut = (name: string) => boolean;

export const QUOTE = 34;
export const BACKSLASH = 92;
export const COMMA = 44;
export const COLON = 58;
export const OPEN = 123;
export const CLOSE = 125;
export const OPEN_ARRAY = 91;
export const CLOSE_ARRAY = 93;
export const MINUS = 45;
/** Objects and arrays in each other, in a record and in a document. No data has so many, and none of them may cost memory without end. */
export const MAX_DEPTH = 1_000;
const WORDS = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')] as const;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Reads one record as a flat JSON object (RFC 8259) and hands over each member's text.
 *
 * A number keeps its lexeme: 1.10 stays 1.10 and 20 digits stay 20 digits, because no value ever becomes a JavaScript
 * number. Throws {@link JsonProblem}.
 */
export function readJsonRecord(record: Buffer, member: MemberSink, leavesOut: LeavesOut): void {
  new FlatRecord(record, leavesOut).read(member);
}

/** Reads the tokens of one record, strictly. */
export class RecordReader {
  /** The byte that is read next. */
  at = 0;

  constructor(protected readonly record: Buffer) {}

  /** Reads to behind the brace that opens the record. */
  begin(): void {
    this.space();
    if (this.record[this.at] !== OPEN) throw new JsonProblem(this.at === this.record.length ? 'the record is empty' : 'the record is not a JSON object');
    this.at++;
    this.space();
  }

  end(): void {
    this.space();
    if (this.at < this.record.length) throw new JsonProblem(`text after the object at byte ${this.at}`);
  }

  /** Takes `byte` if it stands here. */
  took(byte: number): boolean {
    if (this.record[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  /** The bytes from a place on, up to here. */
  textFrom(start: number): Buffer {
    return this.record.subarray(start, this.at);
  }

  /** Reads what stands after a member: false at the end of the object. */
  more(): boolean {
    this.space();
    const byte = this.record[this.at++];
    if (byte === CLOSE) return false;
    if (byte !== COMMA) throw this.unexpected('a comma or the end of the object', this.at - 1);
    this.space();
    return true;
  }

  /** Whether an object or array stands here. */
  container(): typeof OPEN | typeof OPEN_ARRAY | undefined {
    const byte = this.record[this.at];
    return byte === OPEN || byte === OPEN_ARRAY ? byte : undefined;
  }

  /** Reads a member's name, up to its value. */
  name(): string {
    this.expect(QUOTE, 'a member name in quotes');
    const name = this.string().toString('utf8');
    this.space();
    this.expect(COLON, 'a colon');
    this.space();
    return name;
  }

  /** Passes a value of any kind. */
  skip(): void {
    const closes: number[] = [];
    for (;;) {
      const byte = this.record[this.at];
      if (byte === OPEN || byte === OPEN_ARRAY) {
        if (closes.length === MAX_DEPTH) throw new JsonProblem(`more than ${MAX_DEPTH.toLocaleString('en-US')} objects and arrays in each other`);
        closes.push(byte === OPEN ? CLOSE : CLOSE_ARRAY);
        this.at++;
        this.space();
        if (this.record[this.at] !== closes.at(-1)) {
          if (byte === OPEN) this.name();
          continue;
        }
      } else {
        this.plain();
      }
      this.closeAll(closes);
      if (closes.length === 0) return;
      this.expect(COMMA, closes.at(-1) === CLOSE ? 'a comma or }' : 'a comma or ]');
      this.space();
      if (closes.at(-1) === CLOSE) this.name();
    }
  }

  /** Passes the ends of objects and arrays that stand here. */
  private closeAll(closes: number[]): void {
    while (closes.length > 0) {
      this.space();
      if (this.record[this.at] !== closes.at(-1)) return;
      closes.pop();
      this.at++;
    }
  }

  /** The text of a plain value; null for JSON null. */
  plain(): Buffer | null {
    const byte = this.record[this.at];
    if (byte === QUOTE) {
      this.at++;
      return this.string();
    }
    if (byte === MINUS || isDigit(byte)) return this.number();
    for (const word of WORDS) {
      if (this.record.compare(word, 0, word.length, this.at, Math.min(this.at + word.length, this.record.length)) === 0) {
        const text = this.record.subarray(this.at, this.at + word.length);
        this.at += word.length;
        return word === WORDS[2] ? null : text;
      }
    }
    throw this.unexpected('a value', this.at);
  }

  /** The text of a string whose opening quote has been read. */
  private string(): Buffer {
    const { record } = this;
    const start = this.at;
    let byte = record[this.at];
    while (byte !== QUOTE && byte !== BACKSLASH) {
      if (byte === undefined) throw new JsonProblem('a string is not closed');
      if (byte < 32) throw new JsonProblem(`an unescaped control character in a string at byte ${this.at}`);
      byte = record[++this.at];
    }
    if (byte === QUOTE) return record.subarray(start, this.at++);
    const pieces: Buffer[] = [record.subarray(start, this.at)];
    this.escapedRest(pieces);
    return Buffer.concat(pieces);
  }

  private escapedRest(pieces: Buffer[]): void {
    const { record } = this;
    for (;;) {
      const byte = record[this.at];
      if (byte === undefined) throw new JsonProblem('a string is not closed');
      if (byte === QUOTE) {
        this.at++;
        return;
      }
      if (byte === BACKSLASH) {
        this.at++;
        pieces.push(Buffer.from(this.escape(), 'utf8'));
        continue;
      }
      const start = this.at;
      while (this.at < record.length && record[this.at] !== QUOTE && record[this.at] !== BACKSLASH) {
        if (record[this.at]! < 32) throw new JsonProblem(`an unescaped control character in a string at byte ${this.at}`);
        this.at++;
      }
      pieces.push(record.subarray(start, this.at));
    }
  }

  private escape(): string {
    const char = String.fromCharCode(this.record[this.at++] ?? 0);
    if (char !== 'u') {
      const text = ESCAPES[char];
      if (text === undefined) throw new JsonProblem(`\\${char} is not an escape of JSON`);
      return text;
    }
    const unit = this.hex();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // Half of a pair is no character; a reader that replaced it would change the value.
    if (unit > 0xdbff || this.record[this.at] !== BACKSLASH || this.record[this.at + 1] !== 117) throw new JsonProblem('half of a surrogate pair');
    this.at += 2;
    const low = this.hex();
    if (low < 0xdc00 || low > 0xdfff) throw new JsonProblem('half of a surrogate pair');
    return String.fromCharCode(unit, low);
  }

  private hex(): number {
    const text = this.record.toString('latin1', this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(text)) throw new JsonProblem('\\u needs four hexadecimal digits');
    this.at += 4;
    return Number.parseInt(text, 16);
  }

  private number(): Buffer {
    const { record } = this;
    const start = this.at;
    if (record[this.at] === MINUS) this.at++;
    const first = record[this.at];
    this.digits(start);
    if (first === 48 && this.at - start > (record[start] === MINUS ? 2 : 1)) throw new JsonProblem(`a number with a leading zero at byte ${start}`);
    if (record[this.at] === 46) {
      this.at++;
      this.digits(start);
    }
    if (record[this.at] === 101 || record[this.at] === 69) {
      this.at++;
      if (record[this.at] === 43 || record[this.at] === MINUS) this.at++;
      this.digits(start);
    }
    return record.subarray(start, this.at);
  }

  private digits(start: number): void {
    if (!isDigit(this.record[this.at])) throw new JsonProblem(`a malformed number at byte ${start}`);
    while (isDigit(this.record[this.at])) this.at++;
  }

  space(): void {
    for (;;) {
      const byte = this.record[this.at];
      if (byte !== 32 && byte !== 9 && byte !== 13 && byte !== 10) return;
      this.at++;
    }
  }

  expect(byte: number, what: string): void {
    if (this.record[this.at] !== byte) throw this.unexpected(what, this.at);
    this.at++;
  }

  private unexpected(what: string, at: number): JsonProblem {
    return new JsonProblem(at >= this.record.length ? `the record ends where ${what} is expected` : `expected ${what} at byte ${at}`);
  }
}

class FlatRecord extends RecordReader {
  constructor(record: Buffer, private readonly leavesOut: LeavesOut) {
    super(record);
  }

  read(member: MemberSink): void {
    this.begin();
    if (this.record[this.at] === CLOSE) this.at++;
    else this.members(member);
    this.end();
  }

  private members(member: MemberSink): void {
    for (;;) {
      const name = this.name();
      member(name, this.value(name));
      if (!this.more()) return;
    }
  }

  private value(name: string): Buffer | null {
    const byte = this.record[this.at];
    if (byte !== OPEN && byte !== OPEN_ARRAY) return this.plain();
    if (!this.leavesOut(name)) throw new JsonProblem(notPlain(JSON.stringify(name), byte));
    this.skip();
    return null;
  }
}

/** @param what the member's name in quotes, or its pointer */
export function notPlain(what: string, opening: number): string {
  return `member ${what} is ${opening === OPEN ? 'an object' : 'an array'}, expected a plain value`;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}
