import type { Operand } from './same-type';
import { numberOf, STRING, type Expression } from './expression';
import { ofKind, type ExpressionFunction } from './expression-function';
import { ExpressionProblem } from './expression-problem';

const NULL_GIVES_NULL = 'NULL gives NULL';
const CAST_CURE = 'write CAST(value AS string)';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const SMALL = CAPITALS.toLowerCase();
/** More characters than a record may have bytes. */
const LONGEST = 99_999_999;

/** Functions of texts. A character is a code point of Unicode. */
export const TEXTS: readonly ExpressionFunction[] = [
  {
    name: '||', form: 'a || b', takes: 'strings', gives: 'string', nulls: `${NULL_GIVES_NULL}; an empty text is not NULL`, arity: [2, 100],
    check: (operands) => ({ type: STRING, args: strings('||', operands) }),
    sql: (args) => args.join(' || '),
  },
  {
    name: 'SUBSTRING', form: 'SUBSTRING(a, start[, length])', takes: 'a string; start from 1 and length from 0, written as numbers', gives: 'string',
    nulls: `${NULL_GIVES_NULL}; beyond the end there is the empty text`, arity: [2, 3],
    check: (operands) => {
      const [value] = strings('SUBSTRING', operands.slice(0, 1));
      const [, start, length] = operands;
      return { type: STRING, args: [value!, count('start', start!, 1), ...(length === undefined ? [] : [count('length', length, 0)])] };
    },
    // Plain numbers: the function takes no decimals.
    sql: ([value], { args }) => `substring(${[value, ...args.slice(1).map(plainNumber)].join(', ')})`,
  },
  {
    name: 'REPLACE', form: 'REPLACE(a, from, to)', takes: 'strings', gives: 'string', nulls: `${NULL_GIVES_NULL}; an empty from changes nothing`, arity: [3, 3],
    check: (operands) => ({ type: STRING, args: strings('REPLACE', operands) }),
    sql: (args) => `replace(${args.join(', ')})`,
  },
  {
    name: 'CHAR_LENGTH', form: 'CHAR_LENGTH(a)', takes: 'a string', gives: 'integer: the number of characters', nulls: NULL_GIVES_NULL, arity: [1, 1],
    check: (operands) => ({ type: numberOf(10), args: strings('CHAR_LENGTH', operands) }),
    sql: ([value]) => `CAST(length(${value}) AS DECIMAL(10,0))`,
  },
  letterCase('LOWER', CAPITALS, SMALL),
  letterCase('UPPER', SMALL, CAPITALS),
];

/** Of ASCII only: for other letters engines and versions of Unicode disagree, ß being the best known. */
function letterCase(name: 'LOWER' | 'UPPER', from: string, to: string): ExpressionFunction {
  const range = name === 'LOWER' ? 'A to Z become a to z' : 'a to z become A to Z';
  return {
    name, form: `${name}(a)`, takes: 'a string', gives: `string: ${range}, all else stays`, nulls: NULL_GIVES_NULL, arity: [1, 1],
    check: (operands) => ({ type: STRING, args: strings(name, operands) }),
    sql: ([value]) => `translate(${value}, '${from}', '${to}')`,
  };
}

function strings(what: string, operands: readonly Operand[]): Expression[] {
  return ofKind(what, operands, ['string'], CAST_CURE);
}

function count(what: string, { expression, at, text }: Operand, least: number): Expression {
  const value = expression.node === 'literal' && /^[0-9]+$/.test(expression.text) ? Number(expression.text) : -1;
  if (value >= least && value <= LONGEST) return expression;
  throw new ExpressionProblem(at, text, `${what} of SUBSTRING is a whole number from ${least} to ${LONGEST}, written as it is`, least === 1 ? 'the first character is 1' : 'leave it out for the rest of the text');
}

function plainNumber(argument: Expression): string {
  return argument.node === 'literal' ? argument.text : '';
}
