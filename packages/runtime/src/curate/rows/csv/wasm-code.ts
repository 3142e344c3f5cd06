/** Instructions of WebAssembly, as its binary format has them: numbers of 32 bits, of which places in memory and comparisons have no sign. */
export type Code = readonly number[];

/** A whole number without a sign, in as few bytes as it needs. */
export function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  const rest = value >> 7;
  const last = (rest === 0 && (value & 0x40) === 0) || (rest === -1 && (value & 0x40) !== 0);
  return last ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(rest)];
}

export const constant = (value: number): Code => [0x41, ...signed(value)];
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const byteAt = (address: Code): Code => [...address, 0x2d, 0, 0];
export const wordAt = (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)];
export const setWord = (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x36, 2, ...unsigned(offset)];
export const equal = (a: Code, b: Code): Code => [...a, ...b, 0x46];
export const differ = (a: Code, b: Code): Code => [...a, ...b, 0x47];
export const below = (a: Code, b: Code): Code => [...a, ...b, 0x49];
export const atMost = (a: Code, b: Code): Code => [...a, ...b, 0x4d];
export const atLeast = (a: Code, b: Code): Code => [...a, ...b, 0x4f];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const subtract = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const divide = (a: Code, b: Code): Code => [...a, ...b, 0x6e];
export const remainder = (a: Code, b: Code): Code => [...a, ...b, 0x70];
export const shiftLeft = (a: Code, bits: number): Code => shiftedLeft(a, constant(bits));
export const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x76];
export const and = (a: Code, b: Code): Code => [...a, ...b, 0x71];
export const xor = (a: Code, b: Code): Code => [...a, ...b, 0x73];
export const shiftedLeft = (a: Code, bits: Code): Code => [...a, ...bits, 0x74];
export const setByte = (address: Code, value: Code): Code => [...address, ...value, 0x3a, 0, 0];
export const setHalf = (address: Code, value: Code): Code => [...address, ...value, 0x3b, 0, 0];
export const trailingZeros = (value: Code): Code => [...value, 0x68];
export const both = (conditions: readonly Code[]): Code => conditions.reduce((a, b) => [...a, ...b, 0x71]);
export const either = (conditions: readonly Code[]): Code => conditions.reduce((a, b) => [...a, ...b, 0x72]);
/** Either of two numbers, of which both are computed. */
export const choose = (condition: Code, then: Code, otherwise: Code): Code => [...then, ...otherwise, ...condition, 0x1b];
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => (
  [...condition, 0x04, 0x40, ...then, ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]), 0x0b]
);
/** Runs the body again as long as the condition holds after it. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** Numbers of 64 bits, for what looks at eight bytes at once. */
export const wide = {
  constant: (value: bigint): Code => [0x42, ...signedWide(BigInt.asIntN(64, value))],
  of: (value: Code): Code => [...value, 0xad],
  /** Of a number that may be negative. */
  ofSigned: (value: Code): Code => [...value, 0xac],
  low: (value: Code): Code => [...value, 0xa7],
  at: (address: Code, offset = 0): Code => [...address, 0x29, 0, ...unsigned(offset)],
  set: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x37, 0, ...unsigned(offset)],
  equal: (a: Code, b: Code): Code => [...a, ...b, 0x51],
  isZero: (value: Code): Code => [...value, 0x50],
  /** Of numbers that may be negative. */
  atMostSigned: (a: Code, b: Code): Code => [...a, ...b, 0x57],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x7c],
  subtract: (a: Code, b: Code): Code => [...a, ...b, 0x7d],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x7e],
  divide: (a: Code, b: Code): Code => [...a, ...b, 0x80],
  remainder: (a: Code, b: Code): Code => [...a, ...b, 0x82],
  and: (a: Code, b: Code): Code => [...a, ...b, 0x83],
  or: (a: Code, b: Code): Code => [...a, ...b, 0x84],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x85],
  shiftLeft: (a: Code, bits: Code): Code => [...a, ...bits, 0x86],
  shiftRight: (a: Code, bits: Code): Code => [...a, ...bits, 0x88],
};

/** Which of sixteen bytes are one of the wanted, as bits, the first byte the lowest. */
export function wantedAmong(address: Code, wanted: readonly number[]): Code {
  const vector = (operation: number, ...code: Code[]): Code => [...code.flat(), 0xfd, ...unsigned(operation)];
  const equal = wanted.map((byte) => vector(0x23, [...address, 0xfd, 0, 0, 0], [0xfd, 0x0c, ...new Array<number>(16).fill(byte)]));
  return vector(0x64, equal.reduce((a, b) => vector(0x50, a, b)));
}

function signedWide(value: bigint): Code {
  const rest = value >> 7n;
  const low = Number(value & 0x7fn);
  const last = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return last ? [low] : [low | 0x80, ...signedWide(rest)];
}

/** A function of numbers that gives nothing; parameters are the first locals, then those of 32 bits, then those of 64. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  /** Besides the parameters; 0 at first. */
  readonly locals: number;
  /** Of 64 bits. @default 0 */
  readonly wideLocals?: number;
  readonly body: Code;
}

/** A module of functions over a memory that it imports as `m.memory`. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array {
  const text = (value: string): Code => [...unsigned(value.length), ...Buffer.from(value)];
  const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
  const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, functions.map(({ parameters }) => [0x60, ...list(Array.from({ length: parameters }, () => [INTEGER])), 0])),
    ...section(2, [[...text('m'), ...text('memory'), 2, 0, 1]]),
    ...section(3, functions.map((_, index) => unsigned(index))),
    ...section(7, functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)])),
    ...section(10, functions.map(({ locals, wideLocals = 0, body }) => (
      sized([...list([[...unsigned(locals), INTEGER], [...unsigned(wideLocals), WIDE]]), ...body, 0x0b])
    ))),
  ]);
}

/** The types of 32 and 64 bits. */
const [INTEGER, WIDE] = [0x7f, 0x7e];
