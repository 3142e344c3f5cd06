import type { CuratedPart } from '../../src/run/manifest';
import { packParts } from '../../src/load/pack-parts';

const MIB = 1024 * 1024;

function parts(...mebibytes: number[]): CuratedPart[] {
  return mebibytes.map((size, index) => ({ key: String(index), bytes: size * MIB, sha256: '', records: 1, partition: {} }));
}

/** Keys of each list. */
function packed(of: CuratedPart[], connections: number): string {
  return packParts(of, connections).map((list) => list.map(({ key }) => key).join('')).join(' ');
}

test.each([
  ['spreads parts over all connections', parts(1, 1, 1, 1, 1, 1, 1), 2, '0123 456'],
  ['leaves no connection without a part', parts(90, 1, 1), 3, '0 1 2'],
  ['weighs parts by their bytes', parts(30, 1, 1, 1), 2, '0 123'],
  ['makes no list without a part', parts(1, 1), 8, '0 1'],
  ['makes more lists than connections where they would be long', parts(64, 64, 64, 64), 2, '0 1 2 3'],
  ['keeps a part that is longer than a list whole', parts(1000), 1, '0'],
  ['gives a commit without parts one empty list', [], 4, ''],
])('%s', (_, of, connections, expected) => {
  expect(packed(of, connections)).toBe(expected);
  expect(packParts(of, connections).flat()).toEqual(of);
  expect(packParts(of, connections)).toHaveLength(expected.split(' ').length);
});
