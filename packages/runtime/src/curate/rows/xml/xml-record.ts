import { isSpaceByte, NAME_BYTES } from './xml-bytes';
import type { XmlField } from './xml-fields';
import { attributeOf, cdataOf, textOf } from './xml-text';

const [CR, BANG, QUOTE, AMPERSAND, APOSTROPHE, DASH, SLASH, LESS, GREATER, QUESTION] = Buffer.from('\r!"&\'-/<>?') as unknown as number[];

/** Why a record does not fit the contract; thrown within this folder only, and cheap: it has no stack. */
export class XmlProblem {
  constructor(readonly reason: string) {}
}

/** Values of the record by column; undefined where nothing stood. */
export type XmlValues = (Buffer | null | undefined)[];

/**
 * Reads records, which are well-formed elements of UTF-8, into the values of their columns.
 *
 * What the contract does not know makes an exact record a {@link XmlProblem}, and is passed otherwise. Comments and
 * processing instructions are nothing; a CDATA section is text.
 */
export class XmlRecordReader {
  private record: Buffer = Buffer.alloc(0);
  private at = 0;
  private number = 0;
  private values: XmlValues = [];

  constructor(private readonly root: XmlField, private readonly exact: boolean) {}

  read(record: Buffer, values: XmlValues): void {
    this.record = record;
    this.values = values;
    this.number++;
    this.at = 1;
    this.name();
    this.element(this.root);
  }

  /** Reads an element whose name was read, to behind its end tag. */
  private element(field: XmlField): void {
    if (field.seen === this.number) throw new XmlProblem(`element ${field.path} stands twice`);
    field.seen = this.number;
    const nil = this.attributes(field);
    const open = this.record[this.at] === GREATER;
    this.at += open ? 1 : 2;
    if (nil) {
      if (open && !this.endsAt(this.at)) throw new XmlProblem(`element ${field.path} is nil, and not empty`);
      if (open) this.pass();
      for (const column of field.columns) this.values[column] ??= null;
      return;
    }
    if (field.text !== undefined) this.values[field.text] = open ? this.text(field) : Buffer.alloc(0);
    else if (open) this.children(field);
  }

  /** Reads attributes, up to `>` or `/>`; true where one says that the element is nil. */
  private attributes(field: XmlField): boolean {
    const { record } = this;
    let nil = false;
    for (;;) {
      while (isSpaceByte(record[this.at]!)) this.at++;
      if (record[this.at] === GREATER || record[this.at] === SLASH) return nil;
      const name = this.name();
      while (record[this.at] !== QUOTE && record[this.at] !== APOSTROPHE) this.at++;
      const from = this.at + 1;
      const to = record.indexOf(record[this.at]!, from);
      this.at = to + 1;
      const column = field.attributes.get(name);
      if (column !== undefined) this.values[column] = attributeOf(record.subarray(from, to));
      if (name.endsWith(':nil') && !name.startsWith('xmlns:')) nil = this.isNil(record.subarray(from, to), field);
      else if (column === undefined && this.exact && !isOfSchema(name)) throw new XmlProblem(`attribute ${shown(name)} of ${field.path} is not in the contract; ${LEAVE_OUT}`);
    }
  }

  private isNil(raw: Buffer, { path }: XmlField): boolean {
    const value = attributeOf(raw).toString().trim();
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    throw new XmlProblem(`attribute nil of ${path} is neither true nor false`);
  }

  /** The text of an element, to behind its end tag. */
  private text({ path }: XmlField): Buffer {
    const pieces: Buffer[] = [];
    for (;;) {
      const from = this.at;
      const plain = this.toMarkup();
      const piece = this.record.subarray(from, this.at);
      if (this.endsAt(this.at)) {
        this.pass();
        if (pieces.length === 0) return plain ? piece : textOf(piece);
        pieces.push(textOf(piece));
        return Buffer.concat(pieces);
      }
      pieces.push(textOf(piece));
      const section = this.markup();
      if (section === undefined) throw new XmlProblem(`element ${path} holds an element, expected text`);
      if (section.length > 0) pieces.push(cdataOf(section));
    }
  }

  /** The elements in an element, to behind its end tag. */
  private children(field: XmlField): void {
    for (;;) {
      const from = this.at;
      this.toMarkup();
      this.between(this.record, from, this.at, field);
      if (this.endsAt(this.at)) {
        this.pass();
        return;
      }
      const section = this.markup();
      if (section !== undefined) {
        this.between(section, 0, section.length, field);
        continue;
      }
      this.at++;
      const name = this.name();
      const inner = field.elements.get(name);
      if (inner !== undefined) this.element(inner);
      else if (this.exact) throw new XmlProblem(`element ${field.path === '.' ? '' : `${field.path}/`}${shown(name)} is not in the contract; ${LEAVE_OUT}`);
      else this.skip();
    }
  }

  /** Text where elements are expected. */
  private between(bytes: Buffer, from: number, to: number, { path }: XmlField): void {
    if (!this.exact) return;
    for (let at = from; at < to; at++) {
      if (!isSpaceByte(bytes[at]!)) throw new XmlProblem(`${path === '.' ? 'the record' : `element ${path}`} holds text that is not in the contract; ${LEAVE_OUT}`);
    }
  }

  /** Passes characters up to markup; true where they stand for themselves. */
  private toMarkup(): boolean {
    const { record } = this;
    let { at } = this;
    let plain = true;
    for (let byte = record[at]; byte !== LESS; byte = record[++at]) if (byte === AMPERSAND || byte === CR) plain = false;
    this.at = at;
    return plain;
  }

  /** Passes the comment, instruction or CDATA section that begins here, and gives the characters of the last; undefined where an element begins. */
  private markup(): Buffer | undefined {
    const { record } = this;
    const second = record[this.at + 1];
    if (second !== BANG && second !== QUESTION) return undefined;
    const section = second === BANG && record[this.at + 2] !== DASH;
    const from = this.at + (section ? CDATA_OPEN_BYTES : 0);
    const close = section ? ']]>' : second === BANG ? '-->' : '?>';
    // A comment may not end with the dashes that it began with.
    const to = record.indexOf(close, from + (section ? 0 : second === BANG ? COMMENT_OPEN_BYTES : 2));
    this.at = to + close.length;
    return section ? record.subarray(from, to) : NOTHING;
  }

  /** Passes an element whose name was read, to behind its end tag. */
  private skip(): void {
    for (let depth = 0;;) {
      depth += this.tagEnd() ? 1 : 0;
      for (;;) {
        if (depth === 0) return;
        this.at = this.record.indexOf(LESS!, this.at);
        if (this.endsAt(this.at)) {
          this.pass();
          depth--;
        } else if (this.markup() === undefined) {
          this.at++;
          break;
        }
      }
    }
  }

  /** Passes the rest of a start tag; true where the element is open. */
  private tagEnd(): boolean {
    for (;;) {
      const byte = this.record[this.at++];
      if (byte === QUOTE || byte === APOSTROPHE) this.at = this.record.indexOf(byte!, this.at) + 1;
      else if (byte === GREATER) return this.record[this.at - 2] !== SLASH;
    }
  }

  private endsAt(at: number): boolean {
    return this.record[at] === LESS && this.record[at + 1] === SLASH;
  }

  /** Passes an end tag. */
  private pass(): void {
    while (this.record[this.at++] !== GREATER);
  }

  private name(): string {
    const from = this.at;
    while (NAME_BYTES[this.record[this.at]!] === 1) this.at++;
    return this.record.toString('latin1', from, this.at);
  }
}

const NOTHING = Buffer.alloc(0);
const CDATA_OPEN_BYTES = '<![CDATA['.length;
const COMMENT_OPEN_BYTES = '<!--'.length;
const LEAVE_OUT = 'declare headraceRecord.header: subset to leave it out';

/** Namespaces, and what XML and its schemas say about an element. */
function isOfSchema(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:') || name.startsWith('xml:') || name.startsWith('xsi:');
}

function shown(name: string): string {
  return JSON.stringify(Buffer.from(name, 'latin1').toString());
}
