import { COLUMN, grow, LOCAL, of } from './cut-words';
import {
  add, atMost, below, both, byteAt, choose, constant, differ, either, equal, get, repeat, set, shiftLeft, subtract, when, wide, type Code,
} from '../wasm-code';

const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];

/** Digits that any number of 64 bits has room for. */
export const MOST_DIGITS = 18;
/** Digits that it has room for without a sign, some of them too large for one with a sign. */
const MOST_UNSIGNED_DIGITS = 19;

/** Powers of ten, as words of 64 bits. */
export const POWERS = Buffer.from(BigInt64Array.from({ length: MOST_DIGITS + 1 }, (_, power) => 10n ** BigInt(power)).buffer);

/**
 * Sets `value` to the number of the text, in units of the column's scale, and `found` where the text is in the exact grammar of such numbers,
 * with {@link MOST_DIGITS} at most, one more where no point is, and no zero below zero. Others are for the engine to judge.
 *
 * @param powers where {@link POWERS} stand
 */
export function parseNumber(powers: number): Code {
  const { start, length, at, stop, digits, whole, rest, negative, found, value } = LOCAL;
  const power = (number: Code): Code => wide.at(add(constant(powers), shiftLeft(number, 3)));
  const scale = of('scale');
  return [
    ...set(at, get(start)), ...set(stop, add(get(start), get(length))),
    ...set(negative, equal(byteAt(get(at)), constant(MINUS))), ...set(at, add(get(at), get(negative))),
    ...set(value, wide.constant(0n)),
    ...readDigits(value),
    ...set(whole, get(digits)),
    ...set(rest, scale),
    ...when(both([
      atMost(add(get(whole), scale), constant(MOST_UNSIGNED_DIGITS)),
      either([atMost(get(whole), constant(1)), differ(byteAt(subtract(get(at), get(whole))), constant(ZERO))]),
    ]), [
      ...when(equal(get(at), get(stop)), set(found, differ(get(whole), constant(0))), [
        ...set(found, both([equal(byteAt(get(at)), constant(POINT)), of('point')])),
        ...grow(at, 1),
        ...readDigits(value),
        ...set(found, both([
          get(found), equal(get(at), get(stop)), differ(get(digits), constant(0)), atMost(add(get(whole), get(digits)), constant(MOST_DIGITS)),
        ])),
        // What is behind the scale must be zeros.
        ...when(both([get(found), below(scale, get(digits))]), dropZeros(power(subtract(get(digits), scale)), value)),
        ...set(rest, choose(below(scale, get(digits)), constant(0), subtract(scale, get(digits)))),
      ]),
      ...when(get(found), [
        ...set(value, wide.multiply(get(value), power(get(rest)))),
        ...set(found, both([
          // What needs the bit of the sign is too large, or the least of all.
          wide.atMostSigned(wide.constant(0n), get(value)),
          either([equal(get(negative), constant(0)), equal(wide.isZero(get(value)), constant(0))]),
        ])),
        ...set(value, choose(get(negative), wide.subtract(wide.constant(0n), get(value)), get(value))),
        ...set(found, both([get(found), inBounds])),
      ]),
    ]),
  ];
}

/** Divides by a power of ten, where that leaves nothing over. */
export function dropZeros(power: Code, value: number): Code {
  const { found } = LOCAL;
  return [...set(found, wide.isZero(wide.remainder(get(value), power))), ...set(value, wide.divide(get(value), power))];
}

/** Whether `value` is one of the column's. */
export const inBounds = both([
  wide.atMostSigned(wide.at(get(LOCAL.column), COLUMN.least), get(LOCAL.value)),
  wide.atMostSigned(get(LOCAL.value), wide.at(get(LOCAL.column), COLUMN.most)),
]);

/** Reads on from `at` while there are digits, and sets `digits` to how many; with more than {@link MOST_DIGITS} the value is none. */
export function readDigits(value: number): Code {
  const { at, stop, byte, digits } = LOCAL;
  const look = set(byte, subtract(byteAt(get(at)), constant(ZERO)));
  const isDigit = both([below(get(at), get(stop)), below(get(byte), constant(10))]);
  return [
    ...set(digits, get(at)),
    ...look,
    ...when(isDigit, repeat([
      ...set(value, wide.add(wide.multiply(get(value), wide.constant(10n)), wide.of(get(byte)))), ...grow(at, 1), ...look,
    ], isDigit)),
    ...set(digits, subtract(get(at), get(digits))),
  ];
}
