import type { CuratedManifest, RawManifest } from '../../src/run/manifest';

export function rawManifest(seq: number, runId: string, rest: Partial<RawManifest> = {}): RawManifest {
  return {
    schemaVersion: 1, stage: 'ingest', kind: 'ingest', pipeline: 'demo', dataset: 'trips', seq, runId, attempt: 1, committedAt: '2026-01-05T00:00:00.000Z',
    contract: { id: 'demo', version: '1.0.0', sha256: '00' }, columns: [], codeVersion: 'v1', source: { kind: 'http', url: 'https://example.com/trips.csv' },
    cursor: {}, parts: [], supersedes: [], timing: { startedAt: '2026-01-05T00:00:00.000Z', endedAt: '2026-01-05T00:00:01.000Z' }, peakMemoryBytes: 1, ...rest,
  };
}

export function curatedManifest(seq: number, ingestSeq: number, rest: Partial<CuratedManifest> = {}): CuratedManifest {
  const { source: _source, cursor: _cursor, parts: _parts, ...common } = rawManifest(seq, 's1');
  return {
    ...common, stage: 'curate', attemptId: `s1-a1-i${ingestSeq}`, engine: 'duckdb', ingestSeq, ingestManifestKey: 'k', parts: [], quarantine: { parts: [], byCode: {} },
    balance: { parsed: 0, kept: 0, rejected: 0, written: 0, deduplicated: 0, filtered: 0 }, ...rest,
  };
}
