import { ANY_OFFSET, DATE, grow, LOCAL, NO_OFFSET, of, TIMESTAMP } from './cut-words';
import { dropZeros, inBounds, readDigits } from './number-loop';
import {
  add, and, atMost, below, both, byteAt, choose, constant, differ, divide, either, equal, get, multiply, remainder, set, shiftLeft, subtract,
  when, wide, type Code,
} from '../wasm-code';

const [ZERO, POINT, COLON, PLUS, MINUS, UTC] = [0x30, 0x2e, 0x3a, 0x2b, 0x2d, 0x5a];

/** Bytes of a date, and of a date with a clock up to its seconds. */
const [DATE_BYTES, SECOND_BYTES] = [10, 19];
/** Of `+02:00`, `+0200` and `+02`. */
const [COLON_BYTES, PLAIN_BYTES, HOUR_BYTES] = [6, 5, 3];
/** Digits of a fraction that values have. */
const MICRO_DIGITS = 6;

/** Days of each month by its number, outside of leap years; 0 for the numbers of two digits that are none. */
export const MONTH_DAYS = Buffer.alloc(100);
MONTH_DAYS.set([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 1);

/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

/** Eight bytes with digits where the form has 0; `?` is not looked at. What they differ from the form by is a digit's value, and 0 elsewhere. */
function form(text: string): { readonly bytes: bigint; readonly looked: bigint; readonly room: bigint } {
  const wordOf = (byteOf: (letter: string) => number): bigint => Buffer.from(Array.from(text, byteOf)).readBigUInt64LE();
  return {
    bytes: wordOf((letter) => (letter === '?' ? 0 : letter.charCodeAt(0))),
    looked: wordOf((letter) => (letter === '?' ? 0 : 0xff)),
    // What a byte must not reach with it: the highest bit.
    room: wordOf((letter) => (letter === '?' ? 0 : letter === '0' ? 0x80 - 10 : 0x80 - 1)),
  };
}

const [YEAR_AND_MONTH, DAY, DAY_AND_CLOCK] = [form('0000-00-'), form('00??????'), form('00?00:00')];
const HIGHEST_BITS = 0x8080_8080_8080_8080n;

/** The two digits from each byte on, as one number in that byte. */
const paired = (digits: Code): Code => wide.add(wide.multiply(digits, wide.constant(10n)), wide.shiftRight(digits, wide.constant(8n)));
const byteOf = (word: Code, byte: number): Code => and(wide.low(wide.shiftRight(word, wide.constant(BigInt(8 * byte)))), constant(0xff));
const outOfForm = (word: Code, { room }: { readonly room: bigint }): Code => wide.or(wide.add(word, wide.constant(room)), word);

/**
 * Sets `value` to the days or microseconds since 1970 of the text, and `found` where it is a day of the calendar in the order of ISO 8601,
 * with a clock for timestamps. Others are for the engine to judge.
 *
 * @param monthDays where {@link MONTH_DAYS} stand
 * @param powers where powers of ten stand
 */
export function parseDate(monthDays: number, powers: number): Code {
  const { start, length, found, year, month, day, first, second, value } = LOCAL;
  const isDate = equal(of('kind'), constant(DATE));
  const isLeap = both([
    equal(and(get(year), constant(3)), constant(0)),
    either([differ(remainder(get(year), constant(100)), constant(0)), equal(remainder(get(year), constant(400)), constant(0))]),
  ]);
  const days = add(byteAt(add(constant(monthDays), get(month))), both([equal(get(month), constant(2)), isLeap]));
  return [
    ...set(first, wide.xor(wide.at(get(start)), wide.constant(YEAR_AND_MONTH.bytes))),
    ...set(second, wide.and(
      wide.xor(wide.at(get(start), 8), wide.constant(DAY_AND_CLOCK.bytes)),
      choose(isDate, wide.constant(DAY.looked), wide.constant(DAY_AND_CLOCK.looked)),
    )),
    ...set(found, both([
      wide.isZero(wide.and(wide.constant(HIGHEST_BITS), wide.or(
        outOfForm(get(first), YEAR_AND_MONTH), outOfForm(get(second), DAY_AND_CLOCK),
      ))),
      choose(isDate, equal(get(length), constant(DATE_BYTES)), atMost(constant(SECOND_BYTES), get(length))),
    ])),
    ...when(get(found), [
      ...set(first, paired(get(first))), ...set(second, paired(get(second))),
      ...set(year, add(multiply(byteOf(get(first), 0), constant(100)), byteOf(get(first), 2))),
      ...set(month, byteOf(get(first), 5)), ...set(day, byteOf(get(second), 0)),
      ...set(found, both([differ(get(year), constant(0)), below(subtract(get(day), constant(1)), days)])),
      // From March on, so that the day of a leap year is the last: 153 days are five months there.
      ...set(year, subtract(get(year), below(get(month), constant(3)))),
      ...set(month, choose(below(get(month), constant(3)), add(get(month), constant(9)), subtract(get(month), constant(3)))),
      ...set(day, add(get(day), divide(add(multiply(get(month), constant(153)), constant(2)), constant(5)))),
      ...set(day, add(get(day), add(multiply(get(year), constant(365)), divide(get(year), constant(4))))),
      ...set(day, add(get(day), subtract(divide(get(year), constant(400)), divide(get(year), constant(100))))),
      ...set(value, wide.ofSigned(subtract(get(day), constant(EPOCH_DAYS + 1)))),
      ...when(both([get(found), equal(of('kind'), constant(TIMESTAMP))]), readClock(powers)),
    ]),
  ];
}

/** Adds what stands behind the day. */
function readClock(powers: number): Code {
  const { start, length, at, stop, digits, rest, negative, found, seconds, second, value, fraction } = LOCAL;
  const power = (number: Code): Code => wide.at(add(constant(powers), shiftLeft(number, 3)));
  const digitAt = (address: Code, offset: number): Code => subtract(byteAt(add(address, constant(offset))), constant(ZERO));
  const [hour, minute] = [byteOf(get(second), 3), byteOf(get(second), 6)];
  const twoDigits = (address: Code, offset: number): Code => add(multiply(digitAt(address, offset), constant(10)), digitAt(address, offset + 1));
  const separator = byteAt(add(get(start), constant(DATE_BYTES)));
  const sign = byteAt(get(at));
  const bytes = subtract(get(stop), get(at));
  const minutes = add(get(at), choose(equal(bytes, constant(COLON_BYTES)), constant(4), constant(3)));
  const readOffset: Code = [
    ...set(negative, equal(sign, constant(MINUS))),
    ...set(found, both([
      get(found), either([get(negative), equal(sign, constant(PLUS))]),
      below(digitAt(get(at), 1), constant(2)), below(digitAt(get(at), 2), constant(10)), below(twoDigits(get(at), 1), constant(16)),
      either([
        both([equal(bytes, constant(COLON_BYTES)), equal(byteAt(add(get(at), constant(3))), constant(COLON))]),
        both([equal(of('offset'), constant(ANY_OFFSET)), either([equal(bytes, constant(PLAIN_BYTES)), equal(bytes, constant(HOUR_BYTES))])]),
      ]),
    ])),
    ...set(rest, multiply(twoDigits(get(at), 1), constant(3_600))),
    ...when(differ(bytes, constant(HOUR_BYTES)), [
      ...set(found, both([get(found), below(digitAt(minutes, 0), constant(6)), below(digitAt(minutes, 1), constant(10))])),
      ...set(rest, add(get(rest), multiply(twoDigits(minutes, 0), constant(60)))),
    ]),
    // The offset is what the clock is ahead of UTC.
    ...set(seconds, choose(get(negative), add(get(seconds), get(rest)), subtract(get(seconds), get(rest)))),
    ...set(at, get(stop)),
  ];
  return [
    ...set(found, both([
      either([equal(separator, of('separator')), equal(separator, of('otherSeparator'))]),
      below(hour, constant(24)), below(minute, constant(60)), equal(byteAt(add(get(start), constant(16))), constant(COLON)),
      below(digitAt(get(start), 17), constant(6)), below(digitAt(get(start), 18), constant(10)),
    ])),
    ...set(seconds, add(add(multiply(hour, constant(3_600)), multiply(minute, constant(60))), twoDigits(get(start), 17))),
    ...set(at, add(get(start), constant(SECOND_BYTES))), ...set(stop, add(get(start), get(length))),
    ...set(fraction, wide.constant(0n)), ...set(digits, constant(0)),
    ...when(both([below(get(at), get(stop)), equal(byteAt(get(at)), constant(POINT))]), [
      ...grow(at, 1), ...readDigits(fraction), ...set(found, both([get(found), differ(get(digits), constant(0))])),
    ]),
    ...set(found, both([get(found), atMost(of('fewestDigits'), get(digits)), atMost(get(digits), of('mostDigits'))])),
    ...when(both([get(found), differ(of('offset'), constant(NO_OFFSET))]), when(
      both([below(get(at), get(stop)), equal(byteAt(get(at)), constant(UTC))]), grow(at, 1), readOffset,
    )),
    ...when(both([get(found), below(constant(MICRO_DIGITS), get(digits))]), [
      ...dropZeros(power(subtract(get(digits), constant(MICRO_DIGITS))), fraction), ...set(digits, constant(MICRO_DIGITS)),
    ]),
    ...when(both([get(found), equal(get(at), get(stop))]), [
      ...set(value, wide.add(wide.multiply(get(value), wide.constant(86_400n)), wide.ofSigned(get(seconds)))),
      ...set(value, wide.multiply(get(value), wide.constant(1_000_000n))),
      ...set(value, wide.add(get(value), wide.multiply(get(fraction), power(subtract(constant(MICRO_DIGITS), get(digits)))))),
      ...set(found, inBounds),
    ], set(found, constant(0))),
  ];
}
