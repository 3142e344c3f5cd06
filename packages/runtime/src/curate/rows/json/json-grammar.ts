import { UTF8_FIRST, UTF8_INNER } from '../csv/utf8-moves';

/**
 * Where a reader of a JSON document is (RFC 8259).
 *
 * A text outside of records must be UTF-8, which its states see to; one inside is checked with its record.
 */
export const STATE = {
  VALUE: 1, FIRST_VALUE: 2, FIRST_KEY: 3, KEY: 4, COLON: 5, AFTER_MEMBER: 6, AFTER_ELEMENT: 7, DONE: 8,
  TEXT: 9, ESCAPE: 10, HEX: 11, STRICT_TEXT: 15, STRICT_ESCAPE: 16, STRICT_HEX: 17, STRICT_INNER: 21,
  MINUS: 28, ZERO: 29, INTEGER: 30, POINT: 31, FRACTION: 32, E: 33, E_SIGN: 34, EXPONENT: 35, TRUE: 36, FALSE: 39, NULL: 43,
} as const;

/** Moves from this number on are no states, but something to do. */
export const FIRST_ACTION = 64;

export const ACTION = {
  /** The byte may not stand here. */
  FAULT: 64,
  NEWLINE: 65,
  /** The byte begins a value; {@link VALUE_STATES} tells the state after it. */
  VALUE: 66,
  KEY: 67,
  TEXT_END: 68,
  /** A number ended before this byte. */
  NUMBER_END: 69,
  WORD_END: 70,
  CLOSE: 71,
} as const;

const DIGITS = '0123456789';

const { FAULT, NEWLINE, VALUE, KEY, TEXT_END, NUMBER_END, WORD_END, CLOSE } = ACTION;

/** The move for each state and byte, at `state * 256 + byte`. */
export const MOVES = moves();

/** The state after the first byte of a value; that of `{` and `[` is {@link STATE.FIRST_KEY} and {@link STATE.FIRST_VALUE}. */
export const VALUE_STATES = valueStates();

/** What a state waits for, for people. */
export function expected(state: number): string {
  if (state >= STATE.TRUE) return 'true, false or null';
  if (state >= STATE.MINUS) return state === STATE.ZERO ? 'no digit after a leading zero' : 'a digit';
  if (state > STATE.STRICT_TEXT && state < STATE.STRICT_INNER) return state === STATE.STRICT_ESCAPE ? 'an escape of JSON' : 'four hexadecimal digits';
  if (state >= STATE.STRICT_INNER || state === STATE.STRICT_TEXT) return 'a closing quote, with no control character and nothing but UTF-8 before it';
  if (state > STATE.TEXT) return state === STATE.ESCAPE ? 'an escape of JSON' : 'four hexadecimal digits';
  return EXPECTED[state]!;
}

const EXPECTED: Readonly<Record<number, string>> = {
  [STATE.VALUE]: 'a value', [STATE.FIRST_VALUE]: 'a value or ]', [STATE.FIRST_KEY]: 'a member name in quotes or }', [STATE.KEY]: 'a member name in quotes',
  [STATE.COLON]: 'a colon', [STATE.AFTER_MEMBER]: 'a comma or }', [STATE.AFTER_ELEMENT]: 'a comma or ]', [STATE.DONE]: 'nothing after the document',
  [STATE.TEXT]: 'a closing quote, with no control character before it',
};

function moves(): Uint8Array {
  const table = new Uint8Array(FIRST_ACTION * 256).fill(FAULT);
  const set = (state: number, bytes: string, move: number): void => {
    for (const char of bytes) table[state * 256 + char.charCodeAt(0)] = move;
  };
  for (let state: number = STATE.VALUE; state <= STATE.DONE; state++) {
    set(state, ' \t\r', state);
    set(state, '\n', NEWLINE);
  }
  for (const state of [STATE.VALUE, STATE.FIRST_VALUE]) set(state, '{["-0123456789tfn', VALUE);
  for (const state of [STATE.KEY, STATE.FIRST_KEY]) set(state, '"', KEY);
  for (const state of [STATE.FIRST_KEY, STATE.AFTER_MEMBER]) set(state, '}', CLOSE);
  for (const state of [STATE.FIRST_VALUE, STATE.AFTER_ELEMENT]) set(state, ']', CLOSE);
  set(STATE.COLON, ':', STATE.VALUE);
  set(STATE.AFTER_MEMBER, ',', STATE.KEY);
  set(STATE.AFTER_ELEMENT, ',', STATE.VALUE);
  text(table, set, STATE.TEXT, STATE.ESCAPE, STATE.HEX);
  table.fill(STATE.TEXT, STATE.TEXT * 256 + 0x80, STATE.TEXT * 256 + 0x100);
  text(table, set, STATE.STRICT_TEXT, STATE.STRICT_ESCAPE, STATE.STRICT_HEX);
  strictCharacters(table);
  number(set);
  word(set, STATE.TRUE, 'rue');
  word(set, STATE.FALSE, 'alse');
  word(set, STATE.NULL, 'ull');
  return table;
}

type SetMoves = (state: number, bytes: string, move: number) => void;

/** The states of a text, but for its characters of several bytes. */
function text(table: Uint8Array, set: SetMoves, home: number, escape: number, hex: number): void {
  table.fill(home, home * 256 + 0x20, home * 256 + 0x80);
  set(home, '"', TEXT_END);
  set(home, '\\', escape);
  set(escape, '"\\/bfnrt', home);
  set(escape, 'u', hex);
  for (let digit = 0; digit < 4; digit++) set(hex + digit, `${DIGITS}abcdefABCDEF`, digit === 3 ? home : hex + digit + 1);
}

function strictCharacters(table: Uint8Array): void {
  [UTF8_FIRST, ...UTF8_INNER.slice(1)].forEach((inner, index) => {
    const state = index === 0 ? STATE.STRICT_TEXT : STATE.STRICT_INNER + index - 1;
    for (const [first, last, to] of inner) {
      table.fill(to === 0 ? STATE.STRICT_TEXT : STATE.STRICT_INNER + to - 1, state * 256 + first, state * 256 + last + 1);
    }
  });
}

function number(set: SetMoves): void {
  set(STATE.MINUS, '0', STATE.ZERO);
  set(STATE.MINUS, DIGITS.slice(1), STATE.INTEGER);
  for (const state of [STATE.ZERO, STATE.INTEGER, STATE.FRACTION, STATE.EXPONENT]) set(state, ' \t\r\n,]}', NUMBER_END);
  for (const state of [STATE.ZERO, STATE.INTEGER]) set(state, '.', STATE.POINT);
  for (const state of [STATE.ZERO, STATE.INTEGER, STATE.FRACTION]) set(state, 'eE', STATE.E);
  set(STATE.INTEGER, DIGITS, STATE.INTEGER);
  for (const state of [STATE.POINT, STATE.FRACTION]) set(state, DIGITS, STATE.FRACTION);
  set(STATE.E, '+-', STATE.E_SIGN);
  for (const state of [STATE.E, STATE.E_SIGN, STATE.EXPONENT]) set(state, DIGITS, STATE.EXPONENT);
}

function word(set: SetMoves, first: number, rest: string): void {
  [...rest].forEach((letter, index) => { set(first + index, letter, index === rest.length - 1 ? WORD_END : first + index + 1); });
}

function valueStates(): Uint8Array {
  const states = new Uint8Array(256);
  const set = (bytes: string, state: number): void => {
    for (const char of bytes) states[char.charCodeAt(0)] = state;
  };
  set('{', STATE.FIRST_KEY);
  set('[', STATE.FIRST_VALUE);
  set('"', STATE.TEXT);
  set('-', STATE.MINUS);
  set('0', STATE.ZERO);
  set(DIGITS.slice(1), STATE.INTEGER);
  set('t', STATE.TRUE);
  set('f', STATE.FALSE);
  set('n', STATE.NULL);
  return states;
}
