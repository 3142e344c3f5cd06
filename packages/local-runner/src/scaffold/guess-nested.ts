import type { Column, NestedType } from '@headrace/runtime/contract/contract';
import { columnNames, guessType } from '@headrace/runtime/contract/guess-columns';
import { DEEPEST_TYPE, ELEMENT } from '@headrace/runtime/contract/nested-type';
import { CLOSE, CLOSE_ARRAY, COMMA, OPEN, RecordReader } from '@headrace/runtime/curate/rows/json/json-record';

/** A value of JSON; a plain one is its text, with the digits that it is written with. */
type Value = string | null | readonly Value[] | ReadonlyMap<string, Value>;

/** Of objects that hold a member for each of many things, names are data. */
const MOST_MEMBERS = 100;

/** A member that few of the objects have tells of names that are data, too. */
const FEWEST_SHARE = 0.1;

/** The nested type of all values; undefined where they are of several kinds, or tell of no type. */
export function guessNested(texts: readonly string[]): NestedType | undefined {
  const type = typeOf(texts.map((text) => valueOf(new RecordReader(Buffer.from(text)))), 1);
  return type !== undefined && 'nested' in type ? type.nested : undefined;
}

type Guessed = { readonly nested: NestedType } | { readonly plain: ReturnType<typeof guessType> };

function typeOf(all: readonly Value[], depth: number): Guessed | undefined {
  const values = all.filter((value) => value !== null);
  if (values.every((value) => typeof value === 'string')) return { plain: guessType(values) };
  if (depth > DEEPEST_TYPE) return undefined;
  if (values.every((value) => value instanceof Map)) return objectOf(values, depth);
  return values.every((value) => Array.isArray(value)) ? arrayOf(values as (readonly Value[])[], depth) : undefined;
}

function arrayOf(arrays: readonly (readonly Value[])[], depth: number): Guessed | undefined {
  const elements = arrays.flat();
  // Nothing tells what empty ones would hold.
  if (elements.every((element) => element === null)) return undefined;
  const item = columnOf(ELEMENT, undefined, elements, depth);
  return item === undefined ? undefined : { nested: { kind: 'array', item } };
}

function objectOf(objects: readonly ReadonlyMap<string, Value>[], depth: number): Guessed | undefined {
  const names = [...new Set(objects.flatMap((object) => [...object.keys()]))];
  if (names.length === 0 || names.length > MOST_MEMBERS || names.includes('')) return undefined;
  const members: Column[] = [];
  for (const [index, name] of columnNames(names).entries()) {
    const field = names[index]!;
    const values = objects.flatMap((object) => (object.has(field) ? [object.get(field)!] : []));
    if (values.length < FEWEST_SHARE * objects.length) return undefined;
    const member = columnOf(name, field, values, depth);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return { nested: { kind: 'object', members } };
}

/** None of what is inside is said to be required: a sample tells too little of it. */
function columnOf(name: string, field: string | undefined, values: readonly Value[], depth: number): Column | undefined {
  const guessed = typeOf(values, depth + 1);
  if (guessed === undefined) return undefined;
  const source = field === undefined ? {} : { field };
  return { name, required: false, unique: false, source, ...('nested' in guessed ? { type: guessed.nested } : guessed.plain) };
}

function valueOf(reader: RecordReader): Value {
  const opening = reader.container();
  if (opening === undefined) return reader.plain()?.toString('utf8') ?? null;
  reader.at++;
  reader.space();
  if (opening === OPEN) {
    const members = new Map<string, Value>();
    if (reader.took(CLOSE)) return members;
    do members.set(reader.name(), valueOf(reader)); while (reader.more());
    return members;
  }
  const elements: Value[] = [];
  if (reader.took(CLOSE_ARRAY)) return elements;
  for (;;) {
    elements.push(valueOf(reader));
    reader.space();
    if (reader.took(CLOSE_ARRAY)) return elements;
    reader.expect(COMMA, 'a comma or ]');
    reader.space();
  }
}
