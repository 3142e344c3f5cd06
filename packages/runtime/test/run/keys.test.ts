import fc from 'fast-check';
import { partName } from '../../src/run/ids';
import {
  catalogPrefix, commitKey, commitLogPrefix, dataKey, encodePartitionValue, NULL_PARTITION, publishedKey, quarantineKey, rawPartKey,
  seqOfCommitKey, workPrefix,
} from '../../src/run/keys';

const identifier = fc.stringMatching(/^[a-z][a-z0-9_]{0,62}$/);

describe('keys', () => {
  test.each([
    ['a raw part', rawPartKey({ pipeline: 'p', dataset: 'trips', runId: 's1', attempt: 2, part: '00000-trips.csv' }), 'p/raw/trips/s1/a2/00000-trips.csv'],
    ['the raw log', commitLogPrefix('raw', 'p', 'trips'), 'p/commits/raw/trips/'],
    ['an entry of the curated log', commitKey(commitLogPrefix('curated', 'p', 'trips'), 7), 'p/commits/curated/trips/00000000000000000007.json'],
    ['a curated file', dataKey({ pipeline: 'p', dataset: 'trips', attemptId: 's1-a1-i3', file: 0 }), 'p/data/trips/s1-a1-i3/0.parquet'],
    ['a curated file of a partition', dataKey({ pipeline: 'p', dataset: 'trips', attemptId: 's1-a1-i3', partition: [['day', '2026-01-01'], ['city', 'São/Paulo']], file: 4 }), 'p/data/trips/s1-a1-i3/day=2026-01-01/city=S%C3%A3o%2FPaulo/4.parquet'],
    ['a quarantine file', quarantineKey({ pipeline: 'p', dataset: 'trips', attemptId: 's1-a1-i3', file: 1 }), 'p/quarantine/trips/s1-a1-i3/1.parquet'],
    ['the published lines', publishedKey('p', 'trips'), 'p/published/trips.json'],
    ['the catalog', catalogPrefix('p', 'trips'), 'p/catalog/trips/'],
    ['work documents', workPrefix('p', 'ingest-1a2b3c4d'), 'p/work/ingest-1a2b3c4d/'],
  ])('%s', (_, key, expected) => {
    expect(key).toBe(expected);
  });

  test.each([
    ['pipeline', () => publishedKey('../p', 'trips')],
    ['dataset', () => publishedKey('p', 'trips/..')],
    ['slot', () => rawPartKey({ pipeline: 'p', dataset: 'trips', runId: 'S1', attempt: 1, part: 'x' })],
    ['attempt', () => rawPartKey({ pipeline: 'p', dataset: 'trips', runId: 's1', attempt: 0, part: 'x' })],
  ])('a bad %s is refused by name', (name, make) => {
    expect(make).toThrow(new RegExp(`^${name} must be`));
  });

  test('raw part keys of any file name are safe, and fit S3', () => {
    fc.assert(fc.property(identifier, identifier, identifier, fc.string({ unit: 'binary', maxLength: 3_000 }), (pipeline, dataset, runId, name) => {
      const key = rawPartKey({ pipeline, dataset, runId, attempt: 1, part: partName(0, name) });
      expect(key).toMatch(/^[a-z0-9_]+\/raw\/[a-z0-9_]+\/[a-z0-9_]+\/a1\/00000-[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
    }));
  });

  test('entries of a log are told from everything else below its prefix', () => {
    const prefix = 'p/commits/raw/trips/';
    fc.assert(fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (seq) => {
      expect(seqOfCommitKey(prefix, commitKey(prefix, seq))).toBe(seq);
    }));
    for (const key of [`${prefix}index.json`, `${prefix}1.json`, `${prefix}${'0'.repeat(19)}1.json.tmp`, `p/commits/raw/trip/${'0'.repeat(19)}1.json`, `${prefix}x/${'0'.repeat(19)}1.json`]) {
      expect(seqOfCommitKey(prefix, key)).toBeUndefined();
    }
  });
});

describe('partition values in keys', () => {
  // Empty text is refused before, because engines read it as NULL.
  const value = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.constantFrom(NULL_PARTITION, '.', '..', '%2F', '~', 'a=b', '/'), fc.constant(null));

  test('are one safe path segment of bounded length', () => {
    fc.assert(fc.property(value, (text) => {
      const segment = encodePartitionValue(text);
      expect(segment).toMatch(/^[A-Za-z0-9_.%~-]{1,150}$/);
      expect(segment).not.toMatch(/^\.{1,2}$/);
    }));
  });

  test('differ for different values', () => {
    fc.assert(fc.property(value, value, (a, b) => {
      const wellFormed = (text: string | null): string | null => (text === null ? null : Buffer.from(text, 'utf8').toString('utf8'));
      if (wellFormed(a) === wellFormed(b)) return;
      expect(encodePartitionValue(a)).not.toBe(encodePartitionValue(b));
    }));
    const long = 'x'.repeat(400);
    expect(encodePartitionValue(`${long}a`)).not.toBe(encodePartitionValue(`${long}b`));
    expect(encodePartitionValue(null)).not.toBe(encodePartitionValue(NULL_PARTITION));
  });

  test('short ones read back by percent-decoding', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }), (text) => {
      const segment = encodePartitionValue(text);
      if (!segment.includes('~')) expect(decodeURIComponent(segment)).toBe(text);
    }));
  });
});
