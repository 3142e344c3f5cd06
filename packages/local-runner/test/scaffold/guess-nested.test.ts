import { typeName } from '@headrace/runtime/contract/engine-types';
import { guessNested } from '../../src/scaffold/guess-nested';

describe('objects and arrays of a sample', () => {
  test.each<[string, string[], string | undefined]>([
    ['members with a type each', ['{"id":1,"price":1.10,"at":"2024-01-05T10:00:00Z"}', '{"id":2}'], 'object(id integer i32, price decimal(5,2), at timestamp with zone)'],
    ['digits that a number would lose', ['{"n":12345678901234567890.123456789}'], 'object(n decimal(31,9))'],
    ['elements', ['["a","b"]', '[]', '[null]'], 'array(string)'],
    ['arrays of objects of arrays', ['[{"tagList":["x"]},null]'], 'array(object(tag_list array(string)))'],
    ['NULL and values', ['{"a":null}', '{"a":{"b":true}}'], 'object(a object(b boolean))'],
    ['objects and plain values', ['{"a":1}', '"x"'], undefined],
    ['plain values and objects inside', ['{"a":1}', '{"a":{}}'], undefined],
    ['elements of two kinds', ['[1,[2]]'], undefined],
    ['arrays that are empty always', ['[]', '{"a":[]}'.slice(5, 7)], undefined],
    ['objects without members', ['{}'], undefined],
    ['names that are data', [`{${Array.from({ length: 101 }, (_, index) => `"k${index}":1`).join(',')}}`], undefined],
    ['names that differ from record to record', Array.from({ length: 30 }, (_, index) => `{"k${index}":1}`), undefined],
  ])('%s', (_title, texts, type) => {
    const found = guessNested(texts);
    expect(found === undefined ? undefined : typeName(found)).toBe(type);
  });
});
