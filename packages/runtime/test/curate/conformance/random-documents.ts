import * as fc from 'fast-check';
import type { StoredValue } from './logical-value';
import { RANDOM_TYPES } from './random-table';

/** A value as a source writes it, and as it must come out. */
export interface Document { readonly json: string; readonly value: StoredValue }

interface RandomValues { readonly property: string; readonly documents: fc.Arbitrary<Document> }

const NULL: Document = { json: 'null', value: null };
const LEXEME = /^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false)$/;

const plain: fc.Arbitrary<RandomValues> = RANDOM_TYPES.map(({ property, cell }) => ({
  property,
  documents: fc.tuple(cell, fc.boolean()).map(([[text, value], bare]) => ({ json: bare && LEXEME.test(text) ? text : JSON.stringify(text), value })),
}));

/** Objects and arrays at most so deep in each other. */
function nested(depth: number): fc.Arbitrary<RandomValues> {
  const inner = depth === 1 ? plain : fc.oneof(plain, nested(depth - 1));
  return fc.oneof(fc.array(inner, { minLength: 1, maxLength: 5 }).map(objects), inner.map(arrays));
}

function nullable(documents: fc.Arbitrary<Document>): fc.Arbitrary<Document> {
  return fc.option(documents, { freq: 5, nil: NULL });
}

function arrays({ property, documents }: RandomValues): RandomValues {
  return {
    property: `{ logicalType: array, items: ${property} }`,
    documents: fc.array(nullable(documents), { maxLength: 4 }).map((elements) => ({ json: `[${elements.map(({ json }) => json).join(', ')}]`, value: elements.map(({ value }) => value) })),
  };
}

/** Members in any order; those that are NULL are null, or absent. */
function objects(members: readonly RandomValues[]): RandomValues {
  const name = (index: number): string => `m${index}`;
  const orders = fc.array(fc.nat(), { minLength: members.length, maxLength: members.length });
  return {
    property: `{ logicalType: object, properties: [${members.map(({ property }, index) => `{ name: ${name(index)}, ${property.slice(1)}`).join(', ')}] }`,
    documents: fc.tuple(fc.tuple(...members.map(({ documents }) => nullable(documents))), orders, fc.boolean()).map(([values, order, absent]) => {
      const places = members.map((_, index) => index).filter((index) => !absent || values[index] !== NULL).sort((a, b) => order[a]! - order[b]!);
      return {
        json: `{${places.map((index) => `"${name(index)}": ${values[index]!.json}`).join(', ')}}`,
        value: Object.fromEntries(values.map(({ value }, index) => [name(index), value])),
      };
    }),
  };
}

/** A nested type with some values of it. */
export function randomDocuments(): fc.Arbitrary<{ readonly property: string; readonly documents: readonly Document[] }> {
  return nested(3).chain(({ property, documents: each }) => (
    fc.array(nullable(each), { minLength: 1, maxLength: 12 }).map((documents) => ({ property, documents }))));
}
