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
export const shiftLeft = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x74];
export const both = (conditions: readonly Code[]): Code => conditions.reduce((a, b) => [...a, ...b, 0x71]);
export const either = (conditions: readonly Code[]): Code => conditions.reduce((a, b) => [...a, ...b, 0x72]);
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => (
  [...condition, 0x04, 0x40, ...then, ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]), 0x0b]
);
/** Runs the body again as long as the condition holds after it. */
export const repeat = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];

/** A function of numbers that gives nothing; parameters are the first locals. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  /** Besides the parameters; 0 at first. */
  readonly locals: number;
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
    ...section(10, functions.map(({ locals, body }) => sized([...list([[...unsigned(locals), INTEGER]]), ...body, 0x0b]))),
  ]);
}

/** The type of 32 bits. */
const INTEGER = 0x7f;
