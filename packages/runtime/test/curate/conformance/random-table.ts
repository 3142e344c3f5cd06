import * as fc from 'fast-check';
import { ODD_TEXTS } from '../_fixtures/type-values';
import { dayText, decimalText, floatBits, instantText } from './logical-value';

/** A value as a source writes it, and as it must come out; null is NULL. */
export type Cell = readonly [text: string, value: string] | null;

/** A column's property, as a YAML flow map, with cells of it. */
export interface RandomColumn { readonly property: string; readonly cells: readonly Cell[] }

/** A type with all that its values may be. */
export type RandomType = fc.Arbitrary<{ property: string; cell: fc.Arbitrary<readonly [string, string]> }>;

const MICROS_OF_DAY = 86_400_000_000n;
const FIRST_DAY = -719_162n;
const LAST_DAY = 2_932_896n;
const FIRST_MICRO = FIRST_DAY * MICROS_OF_DAY;
const LAST_MICRO = (LAST_DAY + 1n) * MICROS_OF_DAY - 1n;

const always = (property: string, cell: fc.Arbitrary<readonly [string, string]>): RandomType => fc.constant({ property, cell });
const same = (texts: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> => texts.map((text) => [text, text] as const);

/** Bounds are as likely as all between them together: that is where readers err. */
function whole(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, ...[-1n, 0n, 1n].filter((value) => value >= min && value <= max)));
}

const integers = fc.record({ bits: fc.constantFrom(8, 16, 32, 64), unsigned: fc.boolean() }).map(({ bits, unsigned }) => {
  const half = 2n ** BigInt(bits - 1);
  const values = unsigned ? whole(0n, 2n * half - 1n) : whole(-half, half - 1n);
  return { property: `{ logicalType: integer, logicalTypeOptions: { format: ${unsigned ? 'u' : 'i'}${bits} } }`, cell: same(values.map(String)) };
});

const decimals = fc.integer({ min: 1, max: 38 }).chain((precision) => fc.integer({ min: 0, max: precision }).map((scale) => {
  const most = 10n ** BigInt(precision) - 1n;
  const cell = fc.tuple(whole(-most, most), fc.constantFrom('as it is', 'short', 'long')).map(([unscaled, form]) => {
    const value = decimalText(unscaled, scale);
    const short = value.includes('.') ? value.replace(/\.?0+$/, '').replace(/^(-?)0\./, '$1.') : value;
    return [form === 'short' ? short : form === 'long' ? `${value}${scale === 0 ? '.' : ''}000` : value, value] as const;
  });
  return { property: `{ logicalType: number, physicalType: "decimal(${precision},${scale})" }`, cell };
}));

const floats = fc.constantFrom(32, 64).map((bits) => {
  const values = bits === 32 ? fc.float() : fc.double();
  const cell = values.map((value) => [Object.is(value, -0) ? '-0.0' : String(value), floatBits(value, bits as 32 | 64)] as const);
  return { property: `{ logicalType: number, logicalTypeOptions: { format: f${bits} } }`, cell };
});

const DATE_FORMS = { 'yyyy-MM-dd': '$1-$2-$3', 'dd.MM.yyyy': '$3.$2.$1', 'yyyyMMdd': '$1$2$3', "MM/dd 'of' yyyy": '$2/$3 of $1' } as const;

const dates = fc.constantFrom(...Object.entries(DATE_FORMS)).map(([format, form]) => ({
  property: `{ logicalType: date, logicalTypeOptions: { format: "${format}" } }`,
  cell: whole(FIRST_DAY, LAST_DAY).map((day) => [dayText(day).replace(/(....)-(..)-(..)/, form), dayText(day)] as const),
}));

/** A clock as it is, without the zeros at the end of its fraction, or with more of them. */
function shortClock(text: string, form: number): string {
  return form === 0 ? text : form === 1 ? text.replace(/\.?0+$/, '') : `${text}00`;
}

const timestamps = always('{ logicalType: timestamp }', fc.tuple(whole(FIRST_MICRO, LAST_MICRO), fc.nat(2), fc.boolean()).map(([micros, form, space]) => {
  const value = instantText(micros);
  return [shortClock(space ? value.replace('T', ' ') : value, form), value] as const;
}));

const instants = always('{ logicalType: timestamp, logicalTypeOptions: { timezone: true } }', fc.tuple(whole(FIRST_MICRO, LAST_MICRO), fc.integer({ min: -15 * 60, max: 15 * 60 })).map(([micros, minutes]) => {
  const local = micros + BigInt(minutes) * 60_000_000n;
  const value = `${instantText(micros)}Z`;
  // A clock before the year 1 or after 9999 has no text.
  if (local < FIRST_MICRO || local > LAST_MICRO) return [value, value] as const;
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  return [`${instantText(local)}${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`, value] as const;
}));

const times = always('{ logicalType: time }', fc.tuple(whole(0n, MICROS_OF_DAY - 1n), fc.nat(2)).map(([micros, form]) => [shortClock(instantText(micros).slice('yyyy-mm-ddT'.length), form), String(micros)] as const));

const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', '\\', '<', '&', ']]>', '\u{1f600}', '\ufeff', ' ') }), fc.constantFrom(...ODD_TEXTS))
  .map((text) => text.replaceAll('\0', ''));

const booleans = always('{ logicalType: boolean }', same(fc.constantFrom('true', 'false')));
const strings = always('{ logicalType: string }', same(texts));
const uuids = always('{ logicalType: string, logicalTypeOptions: { format: uuid } }', fc.tuple(fc.uuid(), fc.boolean()).map(([id, upper]) => [upper ? id.toUpperCase() : id, id] as const));
const binaries = always('{ logicalType: string, logicalTypeOptions: { format: binary } }', fc.uint8Array({ maxLength: 40 }).map((bytes) => [Buffer.from(bytes).toString('base64'), Buffer.from(bytes).toString('hex')] as const));

/** Any plain type. */
export const RANDOM_TYPES: RandomType = fc.oneof(integers, decimals, floats, booleans, dates, timestamps, instants, times, strings, uuids, binaries);

/** Columns of any types with the same number of cells; `holds` says what the source can write, the rest is NULL. */
export function randomTable(holds: (text: string | null) => boolean): fc.Arbitrary<readonly RandomColumn[]> {
  return fc.integer({ min: 1, max: 12 }).chain((rows) => fc.array(RANDOM_TYPES.chain(({ property, cell }) => (
    fc.array(fc.option(cell, { freq: 6 }), { minLength: rows, maxLength: rows })
      .map((cells): RandomColumn => ({ property, cells: cells.map((one) => (one !== null && holds(one[0]) ? one : null)) }))
  )), { minLength: 1, maxLength: 10 }));
}
