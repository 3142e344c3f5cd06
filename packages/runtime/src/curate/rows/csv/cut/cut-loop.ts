import { COLUMN_BYTES, grow, keep, LOCAL, more, NUMBER, NUMBERED, of, PARAMETERS, PLAIN, UNREAD, WIDE_WORDS, WORDS } from './cut-words';
import { parseDate } from './date-loop';
import { mask, numbered, type DictionaryPlan } from './dictionary-loop';
import { gather } from './gather-loop';
import { parseNumber } from './number-loop';
import {
  add, and, below, both, byteAt, constant, differ, either, equal, get, repeat, set, setByte, setWord, shiftedLeft, shiftRight, subtract,
  trailingZeros, wantedAmong, when, wide, xor, type Code, type WasmFunction,
} from '../wasm-code';

/** Where the function says how far it came: the place in the text, and the row. */
export const [POSITION, ROW] = [0, 4];

const LF = 10;

export interface CutPlan extends DictionaryPlan {
  readonly delimiter: number;
  /** -1 for none. */
  readonly quote: number;
  /** Where the columns stand, one for each field, and where they end. */
  readonly columns: number;
  readonly columnsEnd: number;
  /** Texts that mean NULL where they stand without quotes. */
  readonly nullTexts: readonly Buffer[];
  /** Where powers of ten stand, and the days of months. */
  readonly powers: number;
  readonly monthDays: number;
}

/**
 * `cut(position, end, row, lastRow)` takes records apart, as many as rows are wanted or there are, writes values, and notes the texts that
 * are told as such; `gather(from, to, target)` copies those.
 *
 * Records are good ones: as many fields as columns, quotes around whole fields only, LF behind each.
 */
export function cutFunctions(plan: CutPlan): WasmFunction[] {
  return [
    { name: 'cut', parameters: PARAMETERS.length, locals: WORDS.length, wideLocals: WIDE_WORDS.length, body: cut(plan) },
    { name: 'gather', parameters: 3, locals: 3, body: gather() },
  ];
}

const { position, end, row, lastRow, column, start, length, at, found, write, quoted, byte, value } = LOCAL;

function cut(plan: CutPlan): Code {
  const unfinished = both([below(get(position), get(end)), below(get(row), get(lastRow))]);
  return [
    ...when(unfinished, repeat([
      ...set(column, constant(plan.columns)),
      ...repeat([
        ...findField(plan),
        ...when(differ(of('kind'), constant(UNREAD)), tellField(plan)),
        ...grow(column, COLUMN_BYTES),
      ], below(get(column), constant(plan.columnsEnd))),
      ...grow(row, 1),
    ], unfinished)),
    ...setWord(constant(0), POSITION, get(position)),
    ...setWord(constant(0), ROW, get(row)),
  ];
}

/** Sets `start` and `length` to the text of the next field, without quotes, and goes on behind it. */
function findField({ delimiter, quote }: CutPlan): Code {
  /** Goes on to the first byte that is one of these. */
  const find = (bytes: readonly number[]): Code => [
    ...repeat([...set(at, wantedAmong(get(position), bytes)), ...grow(position, 16)], equal(get(at), constant(0))),
    ...set(position, add(subtract(get(position), constant(16)), trailingZeros(get(at)))),
  ];
  const isDoubled = equal(byteAt(add(get(position), constant(1))), constant(quote));
  const inQuotes: Code = [
    ...set(quoted, constant(1)), ...grow(position, 1), ...set(start, get(position)),
    ...find([quote]),
    ...set(write, get(position)),
    // A doubled quote stands for one, so what follows moves up.
    ...when(isDoubled, repeat([
      ...set(byte, byteAt(get(position))), ...setByte(get(write), get(byte)), ...grow(write, 1),
      ...set(position, add(get(position), add(constant(1), equal(get(byte), constant(quote))))),
    ], either([differ(byteAt(get(position)), constant(quote)), isDoubled]))),
    ...grow(position, 1),
    ...set(length, subtract(get(write), get(start))),
  ];
  const bare: Code = [...set(start, get(position)), ...find([delimiter, LF]), ...set(length, subtract(get(position), get(start)))];
  return [
    ...set(quoted, constant(0)),
    ...(quote < 0 ? bare : when(equal(byteAt(get(position)), constant(quote)), inQuotes, bare)),
    ...grow(position, 1),
  ];
}

/** Adds the field to its column. */
function tellField(plan: CutPlan): Code {
  /** Sets `found` where the text means NULL. */
  const isNull = plan.nullTexts.map((text) => when(both([
    equal(get(length), constant(text.length)),
    ...wordsOf(text).map((one, index) => (
      wide.equal(wide.and(wide.at(get(start), 8 * index), mask(constant(text.length - 8 * index))), wide.constant(one))
    )),
  ]), set(found, constant(1)))).flat();
  /** Turns the bit of the row over. */
  const turn = (bits: 'present' | 'otherPresent', count: 'absent' | 'others'): Code => [
    ...set(at, add(of(bits), shiftRight(get(row), 3))),
    ...setByte(get(at), xor(byteAt(get(at)), shiftedLeft(constant(1), and(get(row), constant(7))))),
    ...more(count, 1),
  ];
  const note: Code = [
    ...setWord(of('textsNext'), 0, get(start)), ...setWord(of('textsNext'), 4, get(length)), ...more('textsNext', 8),
  ];
  const told: Code = [
    ...when(equal(of('kind'), constant(NUMBERED)), numbered(plan)),
    ...when(equal(of('kind'), constant(PLAIN)), note),
  ];
  const valued: Code = [
    ...when(equal(of('kind'), constant(NUMBER)), parseNumber(plan.powers), parseDate(plan.monthDays, plan.powers)),
    ...when(get(found),
      // The next value overwrites what is too much of it.
      [...wide.set(of('numbersNext'), 0, get(value)), ...keep('numbersNext', add(of('numbersNext'), of('width')))],
      [...turn('present', 'absent'), ...note, ...turn('otherPresent', 'others')]),
  ];
  return [
    ...set(found, constant(0)),
    ...when(equal(get(quoted), constant(0)), isNull),
    ...when(get(found), turn('present', 'absent'), [
      ...when(below(of('kind'), constant(NUMBER)), told, valued),
    ]),
  ];
}

function wordsOf(text: Buffer): bigint[] {
  const filled = Buffer.alloc(Math.ceil(text.length / 8) * 8);
  text.copy(filled);
  return Array.from({ length: filled.length / 8 }, (_, index) => filled.readBigUInt64LE(8 * index));
}
