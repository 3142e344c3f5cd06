import Tokenizer from '@streamparser/json/tokenizer.js';
import TokenType from '@streamparser/json/utils/types/tokenType.js';
import { segmentsOf } from '../../../contract/json-pointer';
import type { RecordValue, RecordValues } from './record-values';

/** A value at a pointer: text, a number as it is written, true, false or null; of what holds others, how many. */
export type JsonValue = string | boolean | null | { readonly isArray: boolean; readonly members: number };

/** An object or array that is open. */
interface Frame { readonly isArray: boolean; readonly pointers: readonly string[]; key: string; members: number }

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

/** Numbers keep the text that they have: a cursor may be larger than a number of JavaScript. */
class ExactTokenizer extends Tokenizer {
  protected override parseNumber(text: string): number {
    return text as unknown as number;
  }
}

/**
 * Picks a few values out of a JSON document while its bytes pass, without holding the document.
 *
 * Pointers are those of RFC 6901. Of a key that stands twice the last one counts, as in JavaScript.
 */
export class JsonValues {
  readonly found = new Map<string, JsonValue>();
  private readonly tokenizer = new ExactTokenizer();
  private readonly wanted: ReadonlyArray<{ readonly pointer: string; readonly segments: readonly string[] }>;
  private readonly depths: ReadonlySet<number>;
  private readonly stack: Frame[] = [];
  private expected: Expected = 'value';

  /** @param records told of each record, too */
  constructor(pointers: readonly string[], private readonly records?: RecordValues) {
    this.wanted = pointers.map((pointer) => ({ pointer, segments: segmentsOf(pointer) }));
    this.depths = new Set(this.wanted.map(({ segments }) => segments.length));
    this.tokenizer.onToken = ({ token, value }) => this.take(token as TokenType, value as string | boolean | null);
  }

  /** Throws for what is not JSON. */
  add(chunk: Uint8Array): void {
    this.tokenizer.write(chunk);
  }

  /** Throws where the document is not whole. */
  end(): void {
    if (!this.tokenizer.isEnded) this.tokenizer.end();
    if (this.expected !== 'nothing') throw new Error('the document is not whole');
  }

  private take(token: TokenType, value: string | boolean | null): void {
    const { expected } = this;
    const top = this.stack.at(-1);
    if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) {
      const ends = expected === 'comma-or-end' || expected === (top?.isArray === true ? 'value-or-end' : 'key-or-end');
      if (top === undefined || !ends || top.isArray !== (token === TokenType.RIGHT_BRACKET)) throw unexpected(token);
      return this.close(top);
    }
    if (token === TokenType.COMMA) {
      if (expected !== 'comma-or-end') throw unexpected(token);
      this.expected = top?.isArray === true ? 'value' : 'key';
    } else if (token === TokenType.COLON) {
      if (expected !== 'colon') throw unexpected(token);
      this.expected = 'value';
    } else if (expected === 'key' || expected === 'key-or-end') {
      if (token !== TokenType.STRING || top === undefined) throw unexpected(token);
      top.key = value as string;
      this.expected = 'colon';
    } else if (expected === 'value' || expected === 'value-or-end') {
      this.begin(token, value);
    } else {
      throw unexpected(token);
    }
  }

  private begin(token: TokenType, value: string | boolean | null): void {
    const top = this.stack.at(-1);
    if (top?.isArray === true) top.key = String(top.members);
    if (top !== undefined) top.members += 1;
    const pointers = this.pointersHere();
    this.records?.begin(this.stack, recordValue(token, value), token === TokenType.LEFT_BRACE ? 'object' : token === TokenType.LEFT_BRACKET ? 'array' : undefined);
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) {
      const isArray = token === TokenType.LEFT_BRACKET;
      this.stack.push({ isArray, pointers, key: '', members: 0 });
      this.expected = isArray ? 'value-or-end' : 'key-or-end';
      return;
    }
    for (const pointer of pointers) this.found.set(pointer, value);
    this.expected = top === undefined ? 'nothing' : 'comma-or-end';
  }

  private close({ isArray, pointers, members }: Frame): void {
    this.stack.pop();
    this.records?.end(this.stack);
    for (const pointer of pointers) this.found.set(pointer, { isArray, members });
    this.expected = this.stack.length === 0 ? 'nothing' : 'comma-or-end';
  }

  /** The pointers that mean the value at which the reading is. */
  private pointersHere(): readonly string[] {
    const { stack } = this;
    if (!this.depths.has(stack.length)) return NONE;
    return this.wanted
      .filter(({ segments }) => segments.length === stack.length && segments.every((segment, depth) => segment === stack[depth]?.key))
      .map(({ pointer }) => pointer);
  }
}

const NONE: readonly string[] = [];

function recordValue(token: TokenType, value: string | boolean | null): RecordValue {
  if (token === TokenType.STRING || token === TokenType.NUMBER) return { text: value as string, isNumber: token === TokenType.NUMBER };
  return token === TokenType.NULL ? 'none' : 'other';
}

function unexpected(token: TokenType): Error {
  return new Error(`unexpected ${TokenType[token]}`);
}
