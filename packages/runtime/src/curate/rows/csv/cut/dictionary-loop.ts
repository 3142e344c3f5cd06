import { grow, keep, LOCAL, more, of, PLAIN, SLACK_BYTES } from './cut-words';
import {
  add, and, below, both, choose, constant, equal, get, repeat, set, setHalf, setWord, shiftLeft, shiftRight, subtract, when, wide, wordAt, type Code,
} from '../wasm-code';

/** What a slot of a table has: the place of the entry, or 0; its number, and above it its length; and its first 16 bytes. */
const SLOT = { place: 0, number: 4, first: 8, second: 16 } as const;
const SLOT_SHIFT = 5;
export const SLOT_BYTES = 1 << SLOT_SHIFT;

/** Longer texts are in no dictionary. */
const MOST_ENTRY_BYTES = 4_096;

/** By the length of a text, up to 16: the bytes that it has of the first 16. Read from memory, since a choice would be a branch. */
const MASKED_BYTES = 16;
export const MASKS = Buffer.concat(Array.from({ length: MASKED_BYTES + 1 }, (_, bytes) => Buffer.alloc(MASKED_BYTES).fill(0xff, 0, bytes)));

/** Slots that are looked at for one text: with more, its column has no good dictionary. */
const MOST_PROBES = 64;

const MIX = 0x9e37_79b9_7f4a_7c15n;

export interface DictionaryPlan {
  /** Where {@link MASKS} stand. */
  readonly masks: number;
  /** Slots of a table: a power of two. */
  readonly slots: number;
  /** The most entries of a dictionary; fewer than slots. */
  readonly entries: number;
}

/** Tells the text of `start` and `length` by its number in the column's dictionary; without room there, the column is told plainly from here on. */
export function numbered({ masks, slots, entries }: DictionaryPlan): Code {
  const { row, start, length, entry, at, found, slot, probes, first, second, differing, hash } = LOCAL;
  const eachWord = (from: number, body: Code, condition?: Code): Code => [
    ...set(at, constant(from)),
    ...when(below(get(at), get(length)), repeat(
      [...body, ...grow(at, 8)], both([...(condition === undefined ? [] : [condition]), below(get(at), get(length))]),
    )),
  ];
  /** Eight bytes of the text from `at` on; behind its end zeros. */
  const textWord = (): Code => wide.and(wide.at(add(get(start), get(at))), mask(subtract(get(length), get(at))));
  const entryWord = wide.and(wide.at(add(get(entry), get(at)), 4), mask(subtract(get(length), get(at))));
  const tablePlace = (number: Code): Code => add(of('table'), shiftLeft(and(number, constant(slots - 1)), SLOT_SHIFT));
  const mixed = (word: Code): Code => (
    set(hash, wide.multiply(wide.xor(wide.xor(get(hash), wide.shiftRight(get(hash), wide.constant(32n))), word), wide.constant(MIX)))
  );
  return [
    ...set(at, add(constant(masks), shiftLeft(choose(below(get(length), constant(MASKED_BYTES)), get(length), constant(MASKED_BYTES)), 4))),
    ...set(first, wide.and(wide.at(get(start)), wide.at(get(at)))), ...set(second, wide.and(wide.at(get(start), 8), wide.at(get(at), 8))),
    ...set(hash, wide.multiply(wide.xor(get(first), wide.of(get(length))), wide.constant(MIX))),
    ...mixed(get(second)),
    ...eachWord(16, mixed(textWord())),
    ...set(slot, tablePlace(wide.low(wide.shiftRight(get(hash), wide.constant(40n))))),
    ...set(probes, constant(0)),
    // 1 is an entry, 2 a slot without one.
    ...repeat([
      ...set(entry, wordAt(get(slot), SLOT.place)),
      ...when(get(entry), [
        ...when(both([
          wide.equal(wide.at(get(slot), SLOT.first), get(first)), wide.equal(wide.at(get(slot), SLOT.second), get(second)),
          equal(shiftRight(wordAt(get(slot), SLOT.number), 16), get(length)),
        ]), [
          ...set(differing, wide.constant(0n)),
          ...eachWord(16, set(differing, wide.xor(textWord(), entryWord)), wide.isZero(get(differing))),
          ...when(wide.isZero(get(differing)), set(found, constant(1))),
        ]),
        ...when(equal(get(found), constant(0)), [
          ...set(slot, tablePlace(add(shiftRight(subtract(get(slot), of('table')), SLOT_SHIFT), constant(1)))), ...grow(probes, 1),
        ]),
      ], set(found, constant(2))),
    ], both([equal(get(found), constant(0)), below(get(probes), constant(MOST_PROBES))])),
    ...when(equal(get(found), constant(2)), when(
      both([
        below(of('entries'), constant(entries)), below(get(length), constant(MOST_ENTRY_BYTES)),
        below(add(of('dictionaryNext'), add(get(length), constant(4 + SLACK_BYTES))), of('dictionaryEnd')),
      ]),
      [
        ...set(entry, of('dictionaryNext')),
        ...setWord(get(slot), SLOT.place, get(entry)), ...setWord(get(slot), SLOT.number, add(of('entries'), shiftLeft(get(length), 16))),
        ...wide.set(get(slot), SLOT.first, get(first)), ...wide.set(get(slot), SLOT.second, get(second)),
        ...more('entries', 1),
        ...setWord(get(entry), 0, get(length)),
        ...eachWord(0, wide.set(add(get(entry), get(at)), 4, textWord())),
        ...keep('dictionaryNext', add(get(entry), add(get(length), constant(4)))),
        ...set(found, constant(1)),
      ],
    )),
    ...when(equal(get(found), constant(1)),
      // Of the word, what fits in two bytes is the number.
      [...setHalf(of('numbersNext'), wordAt(get(slot), SLOT.number)), ...more('numbersNext', 2)],
      [...keep('kind', constant(PLAIN)), ...keep('split', get(row))]),
  ];
}

/** The bytes of a word that a text still has. */
export function mask(bytes: Code): Code {
  const some = wide.subtract(wide.shiftLeft(wide.constant(1n), wide.of(shiftLeft(bytes, 3))), wide.constant(1n));
  return choose(below(bytes, constant(8)), some, wide.constant(-1n));
}
