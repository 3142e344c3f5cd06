import { isUtf8 } from 'node:buffer';
import { XML_NAME } from '../../../contract/xml-name';
import { DocumentFault, type DocumentFramer, type FrameEvent } from '../document-framer';
import { MAX_DEPTH } from '../json/json-record';
import { AttributeNames } from './xml-attribute-names';
import { isSpaceByte, NAME_BYTES, NAME_START_BYTES, stopsAt, type Stops } from './xml-bytes';
import { XmlCharacters } from './xml-characters';
import { declarationProblem } from './xml-declaration';
import { OpenElements } from './xml-open-elements';
import { referenceProblem } from './xml-reference';
import type { ElementsPlace } from './xml-records-place';

const LF = 10;
const [BANG, QUOTE, HASH, AMPERSAND, APOSTROPHE, DASH, SLASH, SEMICOLON, LESS, EQUALS, GREATER, QUESTION, OPEN_BRACKET, CLOSE_BRACKET, CAPITAL_D]
  = Buffer.from('!"#&\'-/;<=>?[]D') as unknown as number[];

/** Where a reader of a document is; the first is between markup outside of the root element. What follows a character of an end stands after it. */
const enum At {
  MISC, TEXT, TEXT_BRACKET, TEXT_BRACKETS, LESS, BANG, COMMENT_OPEN, COMMENT, COMMENT_DASH, COMMENT_END, CDATA_OPEN, CDATA, CDATA_BRACKET,
  CDATA_BRACKETS, TARGET, INSTRUCTION_SPACE, INSTRUCTION, INSTRUCTION_END, DECLARATION, DECLARATION_END, NAME, TAG, ATTRIBUTE_NAME, EQUALS,
  VALUE_OPEN, VALUE, VALUE_END, EMPTY, END_NAME_OPEN, END_NAME, END_SPACE, REFERENCE,
}

const TEXT_STOPS = stopsAt('<&]');
const SECTION_STOPS: Readonly<Record<number, Stops>> = { [At.COMMENT]: stopsAt('-'), [At.CDATA]: stopsAt(']'), [At.INSTRUCTION]: stopsAt('?') };
const VALUE_STOPS: Readonly<Record<number, Stops>> = { [QUOTE!]: stopsAt('<&"'), [APOSTROPHE!]: stopsAt('<&\'') };
const CDATA_WORD = Buffer.from('CDATA[');

/** A longer name is no data, and may not cost memory without end. */
const MAX_WORD_BYTES = 4_096;
const TOO_LONG = `a name or reference of more than ${MAX_WORD_BYTES.toLocaleString('en-US')} bytes`;

/**
 * Finds the records of an XML 1.0 document while its bytes pass, in memory that does not depend on them.
 *
 * Every byte is checked for well-formedness. There is no document type and so no entity but the five of the standard:
 * nothing is ever fetched or expanded. Texts in records are checked with their record for what is no UTF-8.
 */
export class XmlFramer implements DocumentFramer {
  at = 0;
  inRecord = false;
  pending = 0;
  private state: At = At.MISC;
  /** Open elements around the open record. */
  private around = 0;
  private rootSeen = false;
  /** What is being read of a name, a reference or the declaration. */
  private word = Buffer.allocUnsafe(MAX_WORD_BYTES);
  private wordLength = 0;
  private readonly open = new OpenElements();
  private readonly attributes = new AttributeNames();
  private quote = 0;
  private matched = 0;
  private readonly characters: XmlCharacters;
  /** Bytes before this call, and of the tag that is being read. */
  private passed = 0;
  private tagAt = 0;

  /** @param encoding of the source, as the contract names it, which a declaration must not contradict */
  constructor(readonly place: ElementsPlace, private readonly encoding: string) {
    this.characters = new XmlCharacters(encoding, (at, reason) => this.fail(at, reason));
  }

  get line(): number {
    return this.characters.line;
  }

  read(block: Buffer, from: number, to: number): FrameEvent {
    const shift = this.passed - from;
    const event = this.advance(block, from, to, shift);
    this.passed = shift + this.at;
    const tag = event === 'begin' || (event === 'more' && this.state === At.NAME && !this.inRecord && this.place.mayBegin(this.word, this.wordLength, this.open.depth));
    this.pending = tag || (event === 'more' && this.state === At.LESS && !this.inRecord) ? this.passed - this.tagAt : 0;
    return event;
  }

  end(): void {
    if (this.state === At.MISC && this.rootSeen && !this.characters.open) return;
    throw new DocumentFault(this.state === At.MISC ? 'it ends without a root element' : this.open.depth > 0 ? `it ends inside element ${this.open.innermost}` : 'it ends inside of markup');
  }

  private advance(block: Buffer, from: number, to: number, shift: number): FrameEvent {
    let at = this.characters.open && to > from ? this.characters.finish(block, from, to) : from;
    while (at < to) {
      const byte = block[at]!;
      switch (this.state) {
        case At.MISC:
          if (byte === LESS) this.openMarkup(shift + at);
          else if (byte === LF) this.characters.line++;
          else if (!isSpaceByte(byte)) this.fail(at, this.rootSeen ? 'text after the root element' : 'text before the root element');
          at++;
          break;
        case At.TEXT:
          at = this.characters.pass(block, from = at, to, TEXT_STOPS, this.inRecord);
          if (!this.inRecord) this.place.passes(block, from, Math.min(at + 1, to), this.open.depth);
          if (at === to) break;
          if (block[at] === LESS) this.openMarkup(shift + at++);
          else if (block[at++] === AMPERSAND) this.openReference(0);
          else this.state = At.TEXT_BRACKET;
          break;
        case At.TEXT_BRACKETS:
          if (byte === GREATER) this.fail(at, 'a text holds ]]>');
          if (byte === CLOSE_BRACKET) at++;
          else this.state = At.TEXT;
          break;
        case At.LESS:
          at = this.afterLess(byte, at);
          break;
        case At.BANG:
          if (byte === DASH) this.state = At.COMMENT_OPEN;
          else if (byte === OPEN_BRACKET && this.open.depth > 0) {
            this.state = At.CDATA_OPEN;
            this.matched = 0;
            if (!this.inRecord) this.place.passes(block, at, at + 1, this.open.depth);
          } else this.fail(at, byte === CAPITAL_D ? 'it has a document type declaration (<!DOCTYPE), and such documents are refused: what they define is never read' : 'expected a comment or a CDATA section after <!');
          at++;
          break;
        case At.COMMENT_OPEN:
          if (byte !== DASH) this.fail(at, 'expected a comment after <!-');
          this.state = At.COMMENT;
          at++;
          break;
        case At.COMMENT:
        case At.CDATA:
        case At.INSTRUCTION:
          at = this.characters.pass(block, at, to, SECTION_STOPS[this.state]!, this.inRecord);
          if (at === to) break;
          this.state++;
          at++;
          break;
        case At.TEXT_BRACKET:
        case At.COMMENT_DASH:
        case At.CDATA_BRACKET:
          // The second of two; anything else is a character like others.
          if (byte === (this.state === At.COMMENT_DASH ? DASH : CLOSE_BRACKET)) {
            this.state++;
            at++;
          } else {
            this.state--;
          }
          break;
        case At.COMMENT_END:
          if (byte !== GREATER) this.fail(at, 'a comment holds --');
          this.closeMarkup();
          at++;
          break;
        case At.CDATA_OPEN:
          if (byte !== CDATA_WORD[this.matched++]) this.fail(at, 'expected <![CDATA[');
          if (this.matched === CDATA_WORD.length) this.state = At.CDATA;
          at++;
          break;
        case At.CDATA_BRACKETS:
          if (byte === GREATER) this.state = At.TEXT;
          else if (byte !== CLOSE_BRACKET) {
            this.state = At.CDATA;
            break;
          }
          at++;
          break;
        case At.TARGET:
          at = this.takeName(block, at, to);
          if (at < to) this.endTarget(block[at]!, at);
          break;
        case At.INSTRUCTION_SPACE:
          if (byte !== QUESTION && !isSpaceByte(byte)) this.fail(at, 'expected a space after the target of a processing instruction');
          this.state = At.INSTRUCTION;
          break;
        case At.INSTRUCTION_END:
          if (byte === GREATER) this.closeMarkup();
          else if (byte !== QUESTION) {
            this.state = At.INSTRUCTION;
            break;
          }
          at++;
          break;
        case At.DECLARATION:
          if (byte === QUESTION) this.state = At.DECLARATION_END;
          else this.take(byte, at);
          if (byte === LF) this.characters.line++;
          at++;
          break;
        case At.DECLARATION_END: {
          const problem = byte === GREATER ? declarationProblem(this.word.toString('latin1', 0, this.wordLength), this.encoding) : 'expected ?> at the end of the XML declaration';
          if (problem !== undefined) this.fail(at, problem);
          this.closeMarkup();
          at++;
          break;
        }
        case At.NAME:
          at = this.takeName(block, at, to);
          if (at === to) break;
          if (this.beginElement(at)) {
            this.at = at;
            return 'begin';
          }
          break;
        case At.TAG:
        case At.VALUE_END:
          if (isSpaceByte(byte)) {
            if (byte === LF) this.characters.line++;
            this.state = At.TAG;
          } else if (byte === GREATER) {
            this.closeMarkup();
          } else if (byte === SLASH) {
            this.state = At.EMPTY;
          } else {
            if (this.state === At.VALUE_END) this.fail(at, 'expected a space between attributes');
            this.beginName(byte, at, At.ATTRIBUTE_NAME);
            break;
          }
          at++;
          break;
        case At.ATTRIBUTE_NAME:
          at = this.takeName(block, at, to);
          if (at < to) this.endAttributeName(at);
          break;
        case At.EQUALS:
        case At.VALUE_OPEN:
          if (byte === LF) this.characters.line++;
          if (!isSpaceByte(byte)) this.openValue(byte, at);
          at++;
          break;
        case At.VALUE:
          at = this.characters.pass(block, at, to, VALUE_STOPS[this.quote]!, this.inRecord);
          if (at === to) break;
          if (block[at] === LESS) this.fail(at, 'the value of an attribute holds <');
          if (block[at++] === AMPERSAND) this.openReference(this.quote);
          else this.state = At.VALUE_END;
          break;
        case At.EMPTY:
          if (byte !== GREATER) this.fail(at, 'expected > after /');
          at++;
          if (this.endElement()) {
            this.at = at;
            return 'end';
          }
          break;
        case At.END_NAME_OPEN:
          this.beginName(byte, at, At.END_NAME);
          break;
        case At.END_NAME:
          at = this.takeName(block, at, to);
          if (at < to) this.endName(at);
          break;
        case At.END_SPACE:
          if (byte !== GREATER && !isSpaceByte(byte)) this.fail(at, 'expected > at the end of an end tag');
          if (byte === LF) this.characters.line++;
          at++;
          if (byte === GREATER && this.endElement()) {
            this.at = at;
            return 'end';
          }
          break;
        case At.REFERENCE:
          if (byte === SEMICOLON) this.endReference(at);
          else if (byte === HASH || NAME_BYTES[byte] === 1) this.take(byte, at);
          else this.fail(at, 'an & that begins no reference; write &amp;');
          at++;
          break;
      }
    }
    this.at = at;
    return 'more';
  }

  private openMarkup(absolute: number): void {
    this.state = At.LESS;
    this.tagAt = absolute;
  }

  private closeMarkup(): void {
    this.state = this.open.depth === 0 ? At.MISC : At.TEXT;
  }

  private afterLess(byte: number, at: number): number {
    if (byte === BANG) this.state = At.BANG;
    else if (byte === QUESTION) {
      this.wordLength = 0;
      this.state = At.TARGET;
    } else if (byte === SLASH) {
      if (this.open.depth === 0) this.fail(at, 'an end tag without an open element');
      this.state = At.END_NAME_OPEN;
    } else {
      if (this.open.depth === 0 && this.rootSeen) this.fail(at, 'a second root element');
      this.beginName(byte, at, At.NAME);
      return at;
    }
    return at + 1;
  }

  private beginName(byte: number, at: number, state: At): void {
    if (NAME_START_BYTES[byte] === 0) this.fail(at, 'expected a name');
    this.wordLength = 0;
    this.state = state;
  }

  private takeName(block: Buffer, from: number, to: number): number {
    const { word } = this;
    let { wordLength } = this;
    let at = from;
    for (let byte = block[at]!; at < to && NAME_BYTES[byte] === 1; byte = block[++at]!) {
      if (wordLength === MAX_WORD_BYTES) this.fail(at, TOO_LONG);
      word[wordLength++] = byte;
    }
    this.wordLength = wordLength;
    if (at < to) {
      let highest = 0;
      for (let index = 0; index < wordLength; index++) highest |= word[index]!;
      // The first byte of an ASCII name was looked at before.
      if (highest > 0x7f && !(isUtf8(word.subarray(0, wordLength)) && XML_NAME.test(word.toString('utf8', 0, wordLength)))) this.fail(at, 'a name with a character that names cannot hold');
    }
    return at;
  }

  private take(byte: number, at: number): void {
    if (this.wordLength === MAX_WORD_BYTES) this.fail(at, TOO_LONG);
    this.word[this.wordLength++] = byte;
  }

  private endTarget(byte: number, at: number): void {
    const target = this.word.toString('latin1', 0, this.wordLength);
    if (target === '' || NAME_START_BYTES[target.charCodeAt(0)] === 0) this.fail(at, 'expected the target of a processing instruction');
    if (target === 'xml' && this.tagAt === 0 && isSpaceByte(byte)) {
      this.state = At.DECLARATION;
      this.wordLength = 0;
      return;
    }
    if (target.toLowerCase() === 'xml') this.fail(at, 'an XML declaration that is not at the very beginning, or has no version');
    this.state = At.INSTRUCTION_SPACE;
  }

  /** The name of a start tag is known; true where a record begins. */
  private beginElement(at: number): boolean {
    if (this.open.full) this.fail(at, `expected no more than ${MAX_DEPTH.toLocaleString('en-US')} elements in each other`);
    const { word, wordLength } = this;
    const record = !this.inRecord && this.place.begins(word, wordLength, this.open.depth);
    if (record) {
      this.inRecord = true;
      this.around = this.open.depth;
    }
    this.open.push(word, wordLength);
    this.rootSeen = true;
    this.attributes.clear();
    this.state = At.VALUE_END;
    return record;
  }

  private endAttributeName(at: number): void {
    const problem = this.attributes.add(this.word.toString('latin1', 0, this.wordLength));
    if (problem !== undefined) this.fail(at, problem);
    this.state = At.EQUALS;
  }

  private openValue(byte: number, at: number): void {
    if (this.state === At.EQUALS) {
      if (byte !== EQUALS) this.fail(at, 'expected = after the name of an attribute');
      this.state = At.VALUE_OPEN;
      return;
    }
    if (byte !== QUOTE && byte !== APOSTROPHE) this.fail(at, 'expected the value of an attribute in quotes');
    this.quote = byte;
    this.state = At.VALUE;
  }

  private endName(at: number): void {
    const { word, wordLength, open } = this;
    if (!open.isInnermost(word, wordLength)) this.fail(at, `the end tag ${JSON.stringify(word.toString('utf8', 0, wordLength))} does not fit the open element ${open.innermost}`);
    this.state = At.END_SPACE;
  }

  /** An element has ended; true where it was a record. */
  private endElement(): boolean {
    this.open.depth--;
    this.closeMarkup();
    const record = this.inRecord && this.open.depth === this.around;
    if (this.inRecord && !record) return false;
    this.inRecord = false;
    this.place.ends(this.open.depth);
    return record;
  }

  /** @param quote of the value that the reference stands in; 0 in a text */
  private openReference(quote: number): void {
    this.quote = quote;
    this.wordLength = 0;
    this.state = At.REFERENCE;
  }

  private endReference(at: number): void {
    const problem = referenceProblem(this.word.toString('latin1', 0, this.wordLength));
    if (problem !== undefined) this.fail(at, problem);
    this.state = this.quote === 0 ? At.TEXT : At.VALUE;
  }

  private fail(at: number, reason: string): never {
    this.at = at;
    throw new DocumentFault(reason);
  }
}
