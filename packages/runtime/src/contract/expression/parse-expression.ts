import type { ColumnType } from '../contract';
import { castTo } from './cast-functions';
import type { Operand } from './same-type';
import { BOOLEAN, NULL, numberOf, MOST_DIGITS, referenceType, STRING, type Expression } from './expression';
import { CALLED, expressionFunction } from './expression-functions';
import { ExpressionProblem } from './expression-problem';
import { tokenize, type Token } from './expression-tokens';
import { momentLiteral } from './moment-literal';
import { isNested } from '../nested-type';

/** In characters: no rule of a person is as long, and the engine has a limit on nesting. */
const LONGEST_TEXT = 10_000;
const DEEPEST = 50;

const COMPARISONS = ['=', '<>', '<', '<=', '>', '>='];
const RESERVED = ['AND', 'OR', 'NOT', 'CASE', 'WHEN', 'THEN', 'ELSE', 'END', 'IS', 'IN', 'BETWEEN', 'NULL', 'TRUE', 'FALSE', 'CAST', 'AS'];

/** Why a text is no expression. */
export interface ExpressionTrouble {
  /** 1-based, in characters of the text. */
  readonly position: number;
  readonly found: string;
  readonly message: string;
  readonly fix: string;
}

type ParsedExpression = { readonly expression: Expression } | { readonly trouble: ExpressionTrouble };

/** Reads an expression of the closed list and checks its types, or tells the first thing that is wrong. */
export function parseExpression(text: string, columns: ReadonlyMap<string, ColumnType>): ParsedExpression {
  try {
    if (text.length > LONGEST_TEXT) throw new ExpressionProblem(0, `${text.length} characters`, `an expression has at most ${LONGEST_TEXT} characters`, 'compute it in steps, one column each');
    return { expression: new ExpressionParser(text, columns).whole() };
  } catch (problem) {
    if (!(problem instanceof ExpressionProblem)) throw problem;
    const { at, found, message, fix } = problem;
    return { trouble: { position: [...text.slice(0, at)].length + 1, found, message, fix } };
  }
}

class ExpressionParser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(private readonly text: string, private readonly columns: ReadonlyMap<string, ColumnType>) {
    this.tokens = tokenize(text);
  }

  whole(): Expression {
    if (this.tokens.length === 1) throw this.unexpected('an expression', 'write one, such as amount > 0');
    const { expression } = this.or();
    if (this.token.kind !== 'end') throw this.unexpected('the end of the expression', 'put an operator between two values; comparisons are joined with AND');
    return expression;
  }

  private or(): Operand {
    return this.deeper(() => this.chain('OR', () => this.chain('AND', () => this.not())));
  }

  /** Operands of one associative operator, however many, as one call. */
  private chain(name: string, operand: () => Operand): Operand {
    const start = this.token.at;
    const operands = [operand()];
    while (this.took(name)) operands.push(operand());
    return operands.length === 1 ? operands[0]! : this.call(name, operands, start);
  }

  private not(): Operand {
    const start = this.token.at;
    if (!this.took('NOT')) return this.predicate();
    return this.call('NOT', [this.deeper(() => this.not())], start);
  }

  private predicate(): Operand {
    const start = this.token.at;
    const value = this.chain('||', () => this.sum());
    const comparison = this.token.kind === 'symbol' ? COMPARISONS.find((name) => this.took(name)) : undefined;
    if (comparison !== undefined) return this.call(comparison, [value, this.chain('||', () => this.sum())], start);
    if (this.took('IS')) {
      const negated = this.took('NOT');
      this.expect('NULL', 'write IS NULL or IS NOT NULL; a boolean stands for itself');
      return this.negated(negated, this.call('IS NULL', [value], start), start);
    }
    const negated = this.is('NOT') && this.took('NOT');
    if (this.took('IN')) {
      this.expect('(', 'write the values in round brackets: a IN (1, 2)');
      return this.negated(negated, this.call('IN', [value, ...this.list()], start), start);
    }
    if (this.took('BETWEEN')) {
      const low = this.chain('||', () => this.sum());
      this.expect('AND', 'write a BETWEEN b AND c');
      return this.negated(negated, this.call('BETWEEN', [value, low, this.chain('||', () => this.sum())], start), start);
    }
    if (negated) throw this.unexpected('IN or BETWEEN after NOT', 'write a NOT IN (…), a NOT BETWEEN b AND c, or NOT before the whole condition');
    return value;
  }

  private negated(negated: boolean, operand: Operand, start: number): Operand {
    return negated ? this.call('NOT', [operand], start) : operand;
  }

  private sum(): Operand {
    return this.leftToRight(['+', '-'], () => this.leftToRight(['*'], () => this.unary()));
  }

  private leftToRight(names: readonly string[], operand: () => Operand): Operand {
    const start = this.token.at;
    let value = operand();
    for (;;) {
      const name = names.find((candidate) => this.took(candidate));
      if (name === undefined) return value;
      value = this.call(name, [value, operand()], start);
    }
  }

  private unary(): Operand {
    const start = this.token.at;
    if (!this.took('-')) return this.primary();
    return this.call('NEGATE', [this.deeper(() => this.unary())], start);
  }

  private primary(): Operand {
    const { token } = this;
    const start = token.at;
    if (token.kind === 'text' || token.kind === 'number' || token.kind === 'quoted') {
      this.next++;
      if (token.kind === 'text') return this.operand({ node: 'literal', text: token.text, type: STRING }, start);
      return token.kind === 'quoted' ? this.column(token) : this.number(token);
    }
    if (this.took('(')) {
      const inner = this.or();
      this.expect(')', 'close the bracket');
      return this.operand(inner.expression, start);
    }
    if (token.kind !== 'name') throw this.unexpected('a column, a value or a function', 'write what the operator before it needs');
    return this.word(token);
  }

  private word(token: Token): Operand {
    const start = token.at;
    const word = token.text.toUpperCase();
    const following = this.tokens[this.next + 1];
    if (word === 'CASE') return this.choice();
    this.next++;
    if (word === 'NULL') return this.operand({ node: 'null', type: NULL }, start);
    if (word === 'TRUE' || word === 'FALSE') return this.operand({ node: 'literal', text: word.toLowerCase(), type: BOOLEAN }, start);
    if ((word === 'DATE' || word === 'TIMESTAMP') && following?.kind === 'text') {
      this.next++;
      return this.operand(momentLiteral(word, following), start);
    }
    if (RESERVED.includes(word) && word !== 'CAST') {
      this.next--;
      throw this.unexpected('a column, a value or a function', `write the column "${token.text}" in double quotes, if that is what is meant`);
    }
    if (following?.kind !== 'symbol' || following.text !== '(') return this.column(token);
    this.next++;
    if (word === 'CAST') return this.cast(start);
    if (!CALLED.includes(word)) {
      throw new ExpressionProblem(start, token.text, `${token.text} is not in the closed list of functions`, `use one of ${[...CALLED, 'CAST'].join(', ')}, or compute the column at the source`);
    }
    const operands = this.token.kind === 'symbol' && this.token.text === ')' ? [] : this.list();
    if (operands.length === 0) this.next++;
    return this.call(word, operands, start);
  }

  private column({ text, at, kind }: Token): Operand {
    const column = this.columns.get(text);
    if (column !== undefined) return this.operand({ node: 'column', name: text, column, type: referenceType(column) }, at);
    const near = [...this.columns.keys()].find((name) => name === text.toLowerCase());
    const fix = near === undefined ? `use one of ${[...this.columns.keys()].slice(0, 20).join(', ')}` : `write ${near}`;
    throw new ExpressionProblem(at, text, `no column of the dataset is called ${text}`, kind === 'quoted' && near === undefined ? `${fix}; texts stand in single quotes` : fix);
  }

  private number({ text, at }: Token): Operand {
    const [whole = '', fraction = ''] = text.split('.');
    const significant = whole.replace(/^0+/, '');
    const digits = significant === '' ? '0' : significant;
    const precision = Math.max(1, significant.length + fraction.length);
    if (precision > MOST_DIGITS) throw new ExpressionProblem(at, text, `a number has at most ${MOST_DIGITS} digits`, 'write fewer digits');
    return this.operand({ node: 'literal', text: fraction === '' ? digits : `${digits}.${fraction}`, type: numberOf(precision, fraction.length) }, at);
  }

  private cast(start: number): Operand {
    const operand = this.or();
    this.expect('AS', 'write CAST(value AS type)');
    const { token } = this;
    if (token.kind !== 'name') throw this.unexpected('a type', 'write string, date, timestamp or decimal(p,s)');
    this.next++;
    let target = token.text.toLowerCase();
    if (this.took('(')) {
      const sizes = [this.size()];
      while (this.took(',')) sizes.push(this.size());
      this.expect(')', 'write decimal(p,s)');
      target += `(${sizes.length === 1 && target === 'decimal' ? `${sizes[0]},0` : sizes.join(',')})`;
    }
    this.expect(')', 'close the bracket of CAST');
    return this.operand(castTo(operand, target, token.at), start);
  }

  private size(): string {
    const { token } = this;
    if (token.kind !== 'number') throw this.unexpected('a size', 'write decimal(p,s)');
    this.next++;
    return token.text;
  }

  private choice(): Operand {
    const start = this.token.at;
    this.next++;
    if (!this.is('WHEN')) throw this.unexpected('WHEN', 'write CASE WHEN condition THEN value … END, with a comparison in each condition');
    const operands: Operand[] = [];
    while (this.took('WHEN')) {
      operands.push(this.or());
      this.expect('THEN', 'write WHEN condition THEN value');
      operands.push(this.or());
    }
    const at = this.token.at;
    operands.push(this.took('ELSE') ? this.or() : { expression: { node: 'null', type: NULL }, at, text: 'no ELSE' });
    this.expect('END', 'close the CASE with END');
    return this.call('CASE', operands, start);
  }

  /** Values with commas between them, up to the closing bracket. */
  private list(): Operand[] {
    const operands = [this.or()];
    while (this.took(',')) operands.push(this.or());
    this.expect(')', 'put a comma between values, and close the bracket');
    return operands;
  }

  private call(name: string, operands: readonly Operand[], start: number): Operand {
    const { arity: [fewest, most], check, form } = expressionFunction(name);
    if (operands.length < fewest || operands.length > most) {
      throw new ExpressionProblem(start, this.textFrom(start), `${name} has ${fewest === most ? fewest : `${fewest} to ${most}`} values, and here are ${operands.length}`, `write ${form}`);
    }
    for (const { expression, at, text } of name === 'IS NULL' ? [] : operands) {
      if (expression.node === 'column' && isNested(expression.column)) {
        throw new ExpressionProblem(at, text, `${text} is an ${expression.column.kind}, and only IS NULL and IS NOT NULL take one`, 'declare a column of what is inside of it, with headraceSource: { path: … }');
      }
    }
    const { type, args } = check(operands);
    return this.operand({ node: 'call', name, args, type }, start);
  }

  private deeper<T>(read: () => T): T {
    if (++this.depth > DEEPEST) throw new ExpressionProblem(this.token.at, this.token.text, `brackets, functions and NOT are nested more than ${DEEPEST} deep`, 'compute it in steps, one column each');
    const result = read();
    this.depth--;
    return result;
  }

  private operand(expression: Expression, at: number): Operand {
    return { expression, at, text: this.textFrom(at) };
  }

  private textFrom(start: number): string {
    return this.text.slice(start, this.tokens[this.next - 1]?.end ?? start);
  }

  private get token(): Token {
    return this.tokens[this.next]!;
  }

  private is(word: string): boolean {
    const { kind, text } = this.token;
    return kind === 'symbol' ? text === word : kind === 'name' && text.toUpperCase() === word;
  }

  private took(word: string): boolean {
    if (!this.is(word)) return false;
    this.next++;
    return true;
  }

  private expect(word: string, fix: string): void {
    if (!this.took(word)) throw this.unexpected(word, fix);
  }

  private unexpected(what: string, fix: string): ExpressionProblem {
    const { kind, text, at } = this.token;
    return new ExpressionProblem(at, kind === 'end' ? 'the end' : text, `expected ${what}`, fix);
  }
}
