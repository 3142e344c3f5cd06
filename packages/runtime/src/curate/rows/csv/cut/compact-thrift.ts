/** A value in the compact protocol of Thrift, in which Parquet tells about itself: its type there, and its bytes. */
export type ThriftValue = readonly [type: number, bytes: readonly number[]];

/** A number in sevens of bits, the lowest first. */
export function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/** What is true or false is told by its type alone. */
export const [TRUE, FALSE]: readonly [ThriftValue, ThriftValue] = [[1, []], [2, []]];

/** A whole number from 0 to 2^31 - 1. */
export const int32 = (value: number): ThriftValue => [5, varint(2 * value)];
/** A whole number from 0 to 2^52. */
export const int64 = (value: number): ThriftValue => [6, varint(2 * value)];

export function text(value: string): ThriftValue {
  const bytes = Buffer.from(value);
  return [8, [...varint(bytes.length), ...bytes]];
}

/** Of at least one value; all have the type of the first. */
export function list(values: readonly ThriftValue[]): ThriftValue {
  const [type] = values[0]!;
  const head = values.length < 15 ? [(values.length << 4) | type] : [0xf0 | type, ...varint(values.length)];
  return [9, [...head, ...values.flatMap(([, bytes]) => bytes)]];
}

/** @param fields by their ids, ascending; what is undefined is left out */
export function struct(fields: Readonly<Record<number, ThriftValue | undefined>>): ThriftValue {
  let last = 0;
  const bytes = Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const id = Number(name);
    const step = id - last;
    last = id;
    return [(step << 4) | value[0], ...value[1]];
  });
  return [12, [...bytes, 0]];
}
