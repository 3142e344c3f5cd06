import { ExpressionProblem } from './expression-problem';

export interface Token {
  /** `name` is a bare word, `quoted` a column name in double quotes, `text` a string literal. */
  readonly kind: 'name' | 'quoted' | 'text' | 'number' | 'symbol' | 'end';
  /** Without quotes; names as they are written. */
  readonly text: string;
  /** Where it begins and ends, in UTF-16 units. */
  readonly at: number;
  readonly end: number;
}

const SYMBOLS = ['<>', '<=', '>=', '||', '=', '<', '>', '+', '-', '*', '(', ')', ','] as const;

/** What people write who come from another dialect, and what to write instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  '!': 'write <> for "is not"',
  '/': 'division is no exact operation and not in the list; multiply by a decimal, or divide in a view',
  '%': 'the remainder is not in the list; use multipleOf as a check, or compute it at the source',
  ';': 'write one expression, without a semicolon',
  '`': 'write names bare, or in double quotes',
  '[': 'write a list in round brackets',
  ':': 'write CAST(value AS type)',
  '~': 'regular expressions are not in the list; declare a pattern as a check',
  '"': 'close the name with a double quote',
  '\'': 'close the text with a quote, and double quotes inside it',
};

/** Cuts an expression into tokens; throws {@link ExpressionProblem}. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    if (at === text.length) return [...tokens, { kind: 'end', text: '', at, end: at }];
    const token = readToken(text, at);
    tokens.push(token);
    at = token.end;
  }
}

function readToken(text: string, at: number): Token {
  const rest = text.slice(at);
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0];
  if (name !== undefined) return { kind: 'name', text: name, at, end: at + name.length };
  const number = /^(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)/.exec(rest)?.[0];
  if (number !== undefined) return numberToken(text, at, number);
  const quoted = /^'((?:[^']|'')*)'/.exec(rest);
  if (quoted !== null) return textToken(quoted, at);
  const column = /^"((?:[^"]|"")*)"/.exec(rest);
  if (column !== null) return { kind: 'quoted', text: column[1]!.replaceAll('""', '"'), at, end: at + column[0].length };
  if (rest.startsWith('--') || rest.startsWith('/*')) throw new ExpressionProblem(at, rest.slice(0, 2), 'an expression has no comments', 'write it into transformDescription, or as a comment of YAML');
  const symbol = SYMBOLS.find((candidate) => rest.startsWith(candidate));
  if (symbol !== undefined) return symbolToken(symbol, at, rest);
  const [character = ''] = rest;
  throw new ExpressionProblem(at, character, `${JSON.stringify(character)} is not part of the language`, FOREIGN[character] ?? 'see docs/expressions.md for all that is');
}

function numberToken(text: string, at: number, number: string): Token {
  const end = at + number.length;
  if (/[A-Za-z_]/.test(text[end] ?? '')) {
    throw new ExpressionProblem(at, text.slice(at).split(/[^A-Za-z0-9_.]/, 1)[0]!, 'a number is written with digits and a point only', 'write 1000 for 1e3; a name begins with a letter');
  }
  return { kind: 'number', text: number, at, end };
}

function textToken(match: RegExpExecArray, at: number): Token {
  const value = match[1]!.replaceAll("''", "'");
  if (value.includes('\0') || !value.isWellFormed()) {
    throw new ExpressionProblem(at, match[0], 'a text cannot hold U+0000 or half of a surrogate pair', 'leave the character out: no record has it');
  }
  return { kind: 'text', text: value, at, end: at + match[0].length };
}

function symbolToken(symbol: string, at: number, rest: string): Token {
  if (symbol === '=' && rest[1] === '=') throw new ExpressionProblem(at, '==', '== is not part of the language', 'write = for "is equal"');
  return { kind: 'symbol', text: symbol, at, end: at + symbol.length };
}
