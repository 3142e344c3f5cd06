/** Bytes from `first` to `last` that continue a character, and the state that they lead to. */
type Move = readonly [first: number, last: number, to: number];

/**
 * The states inside a character of UTF-8, by the bytes that continue it: no overlong form, no surrogate, nothing past
 * U+10FFFF. A move to `0` ends the character; the others are numbers of states from 1 on.
 */
export const UTF8_INNER: readonly (readonly Move[])[] = [
  [],
  [[0x80, 0xbf, 0]],
  [[0x80, 0xbf, 1]],
  [[0x80, 0xbf, 2]],
  [[0xa0, 0xbf, 1]],
  [[0x80, 0x9f, 1]],
  [[0x90, 0xbf, 2]],
  [[0x80, 0x8f, 2]],
];

/** The bytes that begin a character of several. */
export const UTF8_FIRST: readonly Move[] = [
  [0xc2, 0xdf, 1], [0xe0, 0xe0, 4], [0xe1, 0xec, 2], [0xed, 0xed, 5], [0xee, 0xef, 2], [0xf0, 0xf0, 6], [0xf1, 0xf3, 3], [0xf4, 0xf4, 7],
];
