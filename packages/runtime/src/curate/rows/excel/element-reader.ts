import { isSpaceByte, NAME_BYTES } from '../xml/xml-bytes';
import { attributeOf, cdataOf, textOf } from '../xml/xml-text';

const [LESS, GREATER, SLASH, BANG, QUESTION, QUOTE, APOSTROPHE, COLON, DASH] = Buffer.from('<>/!?"\':-') as unknown as number[];
const [COMMENT_OPEN, CDATA_OPEN] = ['<!--'.length, '<![CDATA['.length];
const XMLNS = Buffer.from('xmlns');
const LETTERS = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

export type Token = 'open' | 'close' | 'text' | 'end';

/** Reads well-formed XML as tags and texts, with namespaces resolved; what is read next may begin inside of what was read before. */
export class ElementReader {
  /** Local name of the tag that was read; empty outside of the namespaces that are read. */
  name = '';
  /** Where the tag that was opened last begins. */
  opened = 0;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private textFrom = 0;
  private textTo = 0;
  private section = false;
  private empty = false;
  /** For each attribute of the tag: where its name and its value begin and end. */
  private readonly spans: number[] = [];
  private depth = 0;
  private readonly uris = new Map<string, string>();
  /** What declarations replaced, to be put back when their element ends. */
  private readonly replaced: { readonly depth: number; readonly prefix: string; readonly uri?: string }[] = [];
  private plainIsMain = false;

  /** @param main the namespaces of which names are told */
  constructor(private readonly main: ReadonlySet<string>) {}

  /** Goes on with other bytes. */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.at = 0;
  }

  next(): Token {
    const { bytes } = this;
    if (this.empty) {
      this.empty = false;
      this.leave();
      return 'close';
    }
    for (;;) {
      if (this.at >= bytes.length) return 'end';
      if (bytes[this.at] !== LESS) return this.text(this.at, bytes.indexOf(LESS!, this.at));
      const second = bytes[this.at + 1];
      if (second === SLASH) {
        this.at += 2;
        this.readName();
        this.at = bytes.indexOf(GREATER!, this.at) + 1;
        this.leave();
        return 'close';
      }
      if (second === QUESTION) this.at = bytes.indexOf('?>', this.at) + 2;
      else if (second !== BANG) return this.open();
      else if (bytes[this.at + 2] === DASH) this.at = bytes.indexOf('-->', this.at + COMMENT_OPEN) + '-->'.length;
      else {
        const to = bytes.indexOf(']]>', this.at);
        this.text(this.at + CDATA_OPEN, to);
        this.section = true;
        this.at = to + ']]>'.length;
        return 'text';
      }
    }
  }

  /** What was read since a place, tags and all. */
  since(from: number): Buffer {
    return this.bytes.subarray(from, this.at);
  }

  /** Characters of the text that was read; they may be part of the bytes that are read. */
  characters(): Buffer {
    const raw = this.bytes.subarray(this.textFrom, this.textTo);
    return this.section ? cdataOf(raw) : textOf(raw);
  }

  /** Value of an attribute without prefix of the tag that was opened. */
  attribute(name: string): string | undefined {
    const { spans, bytes } = this;
    for (let at = 0; at < spans.length; at += 4) {
      const from = spans[at]!;
      if (spans[at + 1]! - from === name.length && bytes[from] === name.charCodeAt(0) && bytes.toString('latin1', from, spans[at + 1]) === name) return attributeOf(bytes.subarray(spans[at + 2], spans[at + 3])).toString();
    }
    return undefined;
  }

  /** Value of an attribute with a prefix of one of these namespaces. */
  attributeOf(namespaces: ReadonlySet<string>, name: string): string | undefined {
    const { spans, bytes } = this;
    for (let at = 0; at < spans.length; at += 4) {
      const [prefix, local] = bytes.toString('latin1', spans[at], spans[at + 1]).split(':');
      if (local === name && namespaces.has(this.uris.get(prefix!) ?? '')) return attributeOf(bytes.subarray(spans[at + 2], spans[at + 3])).toString();
    }
    return undefined;
  }

  /** Passes the rest of the element whose tag was opened. */
  skip(): void {
    for (let depth = 1; depth > 0;) {
      const token = this.next();
      if (token === 'open') depth++;
      else if (token === 'close') depth--;
    }
  }

  /** The text of the element whose tag was opened, to behind its end; undefined where it holds an element. */
  content(): Buffer | undefined {
    let [first, rest, other]: [Buffer | undefined, Buffer[] | undefined, boolean] = [undefined, undefined, false];
    for (let token = this.next(); token !== 'close'; token = this.next()) {
      if (token === 'open') {
        other = true;
        this.skip();
      } else if (first === undefined) {
        first = this.characters();
      } else {
        (rest ??= []).push(this.characters());
      }
    }
    if (other) return undefined;
    // Of a single text nothing is copied.
    return rest === undefined ? first ?? NOTHING : Buffer.concat([first!, ...rest]);
  }

  private text(from: number, to: number): Token {
    this.textFrom = from;
    this.at = this.textTo = to < 0 ? this.bytes.length : to;
    this.section = false;
    return 'text';
  }

  private open(): Token {
    const { bytes, spans } = this;
    this.opened = this.at;
    const name = ++this.at;
    while (NAME_BYTES[bytes[this.at]!] === 1) this.at++;
    const nameEnd = this.at;
    spans.length = 0;
    this.depth++;
    for (;;) {
      while (isSpaceByte(bytes[this.at]!)) this.at++;
      const byte = bytes[this.at]!;
      if (byte === GREATER || byte === SLASH) {
        this.empty = byte === SLASH;
        this.at += this.empty ? 2 : 1;
        const end = this.at;
        this.at = name;
        this.readName(nameEnd);
        this.at = end;
        return 'open';
      }
      const from = this.at;
      while (NAME_BYTES[bytes[this.at]!] === 1) this.at++;
      const to = this.at;
      while (bytes[this.at] !== QUOTE && bytes[this.at] !== APOSTROPHE) this.at++;
      const value = this.at + 1;
      const end = bytes.indexOf(bytes[this.at]!, value);
      spans.push(from, to, value, end);
      const least = from + XMLNS.length;
      const isNamespace = bytes[from] === XMLNS[0] && to >= least && bytes.compare(XMLNS, 0, XMLNS.length, from, least) === 0;
      if (isNamespace) this.declare(from, to, attributeOf(bytes.subarray(value, end)).toString());
      this.at = end + 1;
    }
  }

  private declare(from: number, to: number, uri: string): void {
    const { bytes, uris, replaced, depth } = this;
    if (to - from > XMLNS.length && bytes[from + XMLNS.length] !== COLON) return;
    const prefix = bytes.toString('latin1', Math.min(to, from + XMLNS.length + 1), to);
    replaced.push({ depth, prefix, uri: uris.get(prefix) });
    uris.set(prefix, uri);
    if (prefix === '') this.plainIsMain = this.main.has(uri);
  }

  private leave(): void {
    for (let last = this.replaced.at(-1); last?.depth === this.depth; last = this.replaced.at(-1)) {
      this.replaced.pop();
      if (last.uri === undefined) this.uris.delete(last.prefix);
      else this.uris.set(last.prefix, last.uri);
      if (last.prefix === '') this.plainIsMain = this.main.has(last.uri ?? '');
    }
    this.depth--;
  }

  private readName(known?: number): void {
    const { bytes } = this;
    const from = this.at;
    let to = known ?? from;
    if (known === undefined) while (NAME_BYTES[bytes[to]!] === 1) to++;
    this.at = to;
    let colon = -1;
    for (let at = from; at < to; at++) if (bytes[at] === COLON) colon = at;
    if (colon < 0) this.name = !this.plainIsMain ? '' : to - from === 1 && bytes[from]! < 128 ? LETTERS[bytes[from]!]! : bytes.toString('latin1', from, to);
    else this.name = this.main.has(this.uris.get(bytes.toString('latin1', from, colon)) ?? '') ? bytes.toString('latin1', colon + 1, to) : '';
  }
}

const NOTHING = Buffer.alloc(0);
