import { createHash, randomInt, randomUUID } from 'node:crypto';
import { isObject, sameJson, type Json, type JsonObject } from './json';
import { seededRandom } from './seeded-random';

type IntrinsicFunction = (args: readonly Json[]) => Json;

const LONGEST_TEXT = 10_000;
const LONGEST_RANGE = 1_000;
const HASHES: Readonly<Record<string, string>> = {
  'MD5': 'md5', 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512',
};

/** The 18 intrinsic functions by name without `States.`; each throws a plain Error for wrong arguments. */
export const intrinsicFunctions: Readonly<Record<string, IntrinsicFunction>> = {
  Array: (args) => [...args],
  ArrayPartition: (args) => partition(array(args, 0, 2), wholeNumber(args, 1)),
  ArrayContains: (args) => array(args, 0, 2).some((item) => sameJson(item, args[1] as Json)),
  ArrayRange: (args) => {
    count(args, 3);
    return range(wholeNumber(args, 0), wholeNumber(args, 1), wholeNumber(args, 2));
  },
  ArrayGetItem: (args) => {
    const items = array(args, 0, 2);
    const index = wholeNumber(args, 1);
    if (index < 0 || index >= items.length) throw new Error(`index ${index} is outside of an array of ${items.length}`);
    return items[index] as Json;
  },
  ArrayLength: (args) => array(args, 0, 1).length,
  ArrayUnique: (args) => array(args, 0, 1).filter((item, i, all) => all.findIndex((other) => sameJson(item, other)) === i),
  Base64Encode: (args) => Buffer.from(shortText(args, 0, 1)).toString('base64'),
  Base64Decode: (args) => Buffer.from(shortText(args, 0, 1), 'base64').toString(),
  Hash: (args) => {
    count(args, 2);
    return hash(typeof args[0] === 'string' ? args[0] : JSON.stringify(args[0]), text(args, 1));
  },
  JsonMerge: (args) => {
    count(args, 3);
    if (args[2] !== false) throw new Error('the third argument must be false: only shallow merging exists');
    return { ...object(args, 0), ...object(args, 1) };
  },
  StringToJson: (args) => {
    count(args, 1);
    return JSON.parse(text(args, 0)) as Json;
  },
  JsonToString: (args) => {
    count(args, 1);
    return JSON.stringify(args[0] as Json);
  },
  MathRandom: (args) => {
    count(args, 2, 3);
    const [from, until] = [wholeNumber(args, 0), wholeNumber(args, 1)];
    if (until <= from) throw new Error(`the end ${until} must be greater than the start ${from}`);
    if (args.length === 2) return randomInt(from, until);
    return from + Math.floor(seededRandom(wholeNumber(args, 2)) * (until - from));
  },
  MathAdd: (args) => {
    count(args, 2);
    return wholeNumber(args, 0) + wholeNumber(args, 1);
  },
  StringSplit: (args) => {
    count(args, 2);
    return splitByAny(text(args, 0), text(args, 1));
  },
  UUID: (args) => {
    count(args, 0);
    return randomUUID();
  },
  Format: (args) => {
    if (args.length === 0) throw new Error('a template is missing');
    return format(text(args, 0), args.slice(1));
  },
};

/** Hexadecimal digest of a text by one of the algorithm names that Step Functions knows. */
export function hash(data: string, algorithm: string): string {
  const name = HASHES[algorithm];
  if (name === undefined) throw new Error(`unknown algorithm ${JSON.stringify(algorithm)}; use one of ${Object.keys(HASHES).join(', ')}`);
  if (data.length > LONGEST_TEXT) throw new Error(`the data has ${data.length} characters, at most ${LONGEST_TEXT} are allowed`);
  return createHash(name).update(data).digest('hex');
}

/** Cuts an array into pieces of `size` items; the last may be shorter. */
export function partition(items: readonly Json[], size: number): Json[][] {
  if (size < 1) throw new Error(`the chunk size must be at least 1, got ${size}`);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** The numbers from `first` to `last`, both included, `step` apart. */
export function range(first: number, last: number, step: number): number[] {
  if (step === 0) throw new Error('the step must not be 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > LONGEST_RANGE) throw new Error(`the range has ${length} items, at most ${LONGEST_RANGE} are allowed`);
  return Array.from({ length }, (_, i) => first + i * step);
}

function splitByAny(value: string, separators: string): string[] {
  const parts: string[] = [''];
  for (const character of value) {
    if (separators.includes(character)) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.filter((part) => part !== '');
}

function format(template: string, values: readonly Json[]): string {
  let used = 0;
  const result = template.replace(/\\([{}])|\{\}/g, (_, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    if (used >= values.length) throw new Error(`the template has more {} than the ${values.length} values given`);
    return display(values[used++] as Json);
  });
  if (used < values.length) throw new Error(`${values.length} values are given for ${used} {}`);
  return result;
}

// Objects and arrays appear as Java prints its collections, which is what AWS shows.
function display(value: Json): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(display).join(', ')}]`;
  if (isObject(value)) return `{${Object.entries(value).map(([name, member]) => `${name}=${display(member)}`).join(', ')}}`;
  return JSON.stringify(value);
}

function count(args: readonly Json[], least: number, most = least): void {
  if (args.length < least || args.length > most) {
    throw new Error(`${least === most ? least : `${least} to ${most}`} arguments are needed, ${args.length} are given`);
  }
}

function array(args: readonly Json[], i: number, arguments_: number): Json[] {
  count(args, arguments_);
  const value = args[i];
  if (!Array.isArray(value)) throw new Error(`argument ${i + 1} must be an array, got ${JSON.stringify(value)}`);
  return value;
}

function object(args: readonly Json[], i: number): JsonObject {
  const value = args[i];
  if (!isObject(value)) throw new Error(`argument ${i + 1} must be an object, got ${JSON.stringify(value)}`);
  return value;
}

function text(args: readonly Json[], i: number): string {
  const value = args[i];
  if (typeof value !== 'string') throw new Error(`argument ${i + 1} must be a string, got ${JSON.stringify(value)}`);
  return value;
}

function shortText(args: readonly Json[], i: number, arguments_: number): string {
  count(args, arguments_);
  const value = text(args, i);
  if (value.length > LONGEST_TEXT) throw new Error(`the text has ${value.length} characters, at most ${LONGEST_TEXT} are allowed`);
  return value;
}

function wholeNumber(args: readonly Json[], i: number): number {
  const value = args[i];
  if (typeof value !== 'number') throw new Error(`argument ${i + 1} must be a number, got ${JSON.stringify(value)}`);
  return Math.round(value);
}
