import { ServiceError } from '../gateway/service-api';
import type { GlueColumn } from './glue-catalog';

type Test = (values: readonly string[]) => boolean;

const TOKEN = /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*|`[^`]+`|"[^"]+")|(<=|>=|<>|!=|[=<>(),]))/y;

/** Types whose values compare as numbers; all others compare as text, which fits ISO dates too. */
const NUMERIC = /^(tinyint|smallint|int|integer|bigint|long|decimal|float|double)/i;

/**
 * Reads the `Expression` of GetPartitions: comparisons, `IN`, `BETWEEN`, `LIKE` and `IS NULL` of partition columns, joined by
 * `AND`, `OR`, `NOT` and brackets.
 *
 * @throws ServiceError InvalidInputException that shows where reading stopped
 */
export function compilePartitionFilter(expression: string | undefined, keys: readonly GlueColumn[]): Test {
  if (expression === undefined || expression.trim() === '') return () => true;
  return new Parser(expression, keys).parse();
}

interface Token { readonly kind: 'value' | 'name' | 'symbol'; readonly text: string }

class Parser {
  private readonly tokens: Token[] = [];
  private at = 0;

  constructor(private readonly expression: string, private readonly keys: readonly GlueColumn[]) {
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < expression.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(expression);
      if (!match) throw this.bad(`cannot read ${JSON.stringify(expression.slice(from))}`);
      const [, quoted, number, name, symbol] = match;
      if (quoted !== undefined) this.tokens.push({ kind: 'value', text: quoted.slice(1, -1).replaceAll("''", "'") });
      else if (number !== undefined) this.tokens.push({ kind: 'value', text: number });
      else if (name !== undefined) this.tokens.push({ kind: 'name', text: name.replace(/^[`"]|[`"]$/g, '') });
      else this.tokens.push({ kind: 'symbol', text: symbol! });
    }
  }

  parse(): Test {
    const test = this.either();
    if (this.at < this.tokens.length) throw this.bad(`unexpected ${this.tokens[this.at]!.text}`);
    return test;
  }

  private either(): Test {
    const tests = [this.both()];
    while (this.takeWord('OR')) tests.push(this.both());
    return (values) => tests.some((test) => test(values));
  }

  private both(): Test {
    const tests = [this.single()];
    while (this.takeWord('AND')) tests.push(this.single());
    return (values) => tests.every((test) => test(values));
  }

  private single(): Test {
    if (this.takeWord('NOT')) {
      const test = this.single();
      return (values) => !test(values);
    }
    if (this.takeSymbol('(')) {
      const test = this.either();
      this.expect(')');
      return test;
    }
    return this.comparison();
  }

  private comparison(): Test {
    const { index, numeric } = this.column();
    const compare = (left: string, right: string) => (numeric ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0);
    const negated = this.takeWord('NOT');
    const finish = (test: (value: string) => boolean): Test => (values) => test(values[index] ?? '') !== negated;
    if (this.takeWord('IN')) {
      const list = this.list();
      return finish((value) => list.some((each) => compare(value, each) === 0));
    }
    if (this.takeWord('BETWEEN')) {
      const low = this.value();
      if (!this.takeWord('AND')) throw this.bad('BETWEEN needs AND');
      const high = this.value();
      return finish((value) => compare(value, low) >= 0 && compare(value, high) <= 0);
    }
    if (this.takeWord('LIKE')) {
      const pattern = likePattern(this.value());
      return finish((value) => pattern.test(value));
    }
    if (negated) throw this.bad('NOT needs IN, BETWEEN or LIKE after a column');
    if (this.takeWord('IS')) return this.isNull(index);
    return this.symbolic(compare, index);
  }

  /** A partition value that is missing is written as Hive writes it. */
  private isNull(index: number): Test {
    const not = this.takeWord('NOT');
    if (!this.takeWord('NULL')) throw this.bad('IS needs NULL');
    return (values) => (values[index] === '__HIVE_DEFAULT_PARTITION__') !== not;
  }

  private symbolic(compare: (a: string, b: string) => number, index: number): Test {
    const symbol = this.tokens[this.at++]?.text ?? 'nothing';
    const holds = {
      '=': (c: number) => c === 0, '<>': (c: number) => c !== 0, '!=': (c: number) => c !== 0, '<': (c: number) => c < 0,
      '<=': (c: number) => c <= 0, '>': (c: number) => c > 0, '>=': (c: number) => c >= 0,
    }[symbol];
    if (holds === undefined) throw this.bad(`expected a comparison, found ${symbol}`);
    const right = this.value();
    return (values) => holds(compare(values[index] ?? '', right));
  }

  private column(): { index: number; numeric: boolean } {
    const token = this.tokens[this.at++];
    const index = this.keys.findIndex(({ Name }) => token?.kind === 'name' && Name.toLowerCase() === token.text.toLowerCase());
    if (index < 0) throw this.bad(`${token?.text ?? 'the end'} is not one of the partition columns ${this.keys.map(({ Name }) => Name).join(', ')}`);
    return { index, numeric: NUMERIC.test(this.keys[index]!.Type ?? 'string') };
  }

  private list(): string[] {
    this.expect('(');
    const list = [this.value()];
    while (this.takeSymbol(',')) list.push(this.value());
    this.expect(')');
    return list;
  }

  private value(): string {
    const token = this.tokens[this.at++];
    // DATE '2026-01-01' and its like: the text alone decides.
    if (token?.kind === 'name' && /^(date|timestamp)$/i.test(token.text) && this.tokens[this.at]?.kind === 'value') return this.value();
    if (token?.kind !== 'value') throw this.bad(`expected a value, found ${token?.text ?? 'the end'}`);
    return token.text;
  }

  private takeWord(word: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'name' || token.text.toUpperCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private takeSymbol(symbol: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.at += 1;
    return true;
  }

  private expect(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.bad(`expected ${symbol}, found ${this.tokens[this.at]?.text ?? 'the end'}`);
  }

  private bad(why: string): ServiceError {
    return new ServiceError('InvalidInputException', `Unsupported expression '${this.expression}': ${why}`);
  }
}

function likePattern(text: string): RegExp {
  const source = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '[^]*').replaceAll('_', '[^]');
  return new RegExp(`^${source}$`);
}
