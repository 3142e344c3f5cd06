import { readFileSync } from 'node:fs';
import { checkBalance } from '@headrace/runtime/run/balance';
import type { CuratedManifest, Manifest, RawManifest } from '@headrace/runtime/run/manifest';
import type { DatasetResult } from '@headrace/runtime/run/stage-io';
import type { DatasetSummary, Hop, StageName, StageSummary, Terms } from './dataset-figures';

const MEGABYTE = 1_000_000;

/**
 * Puts together what the stages said of one dataset in one run.
 *
 * @param locate gives the local file of a manifest's key in the bucket of a stage
 */
export function summarizeDataset(
  results: Partial<Record<StageName, DatasetResult>>, locate: (stage: StageName, key: string) => string | undefined,
): DatasetSummary {
  const raw = manifestOf<RawManifest>('ingest', results.ingest, locate);
  const curated = manifestOf<CuratedManifest>('curate', results.curate, locate);
  const rawBytes = raw?.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const stages: DatasetSummary['stages'] = {
    ...(results.ingest && { ingest: { ...base(results.ingest), bytes: rawBytes, parts: raw?.parts.length, ...pace(raw, rawBytes) } }),
    ...(results.curate && {
      curate: {
        ...base(results.curate),
        bytes: curated?.parts.reduce((sum, { bytes }) => sum + bytes, 0),
        parts: curated?.parts.length,
        rejects: curated?.quarantine.byCode,
        ...(curated?.quality === undefined ? {} : { quality: curated.quality }),
        ...pace(curated, rawBytes),
      },
    }),
    ...(results.load && { load: base(results.load) }),
  };
  return { stages, hops: hopsOf(results, curated) };
}

function base({ outcome, seq, manifestKey, counts }: DatasetResult): StageSummary {
  return { outcome, seq, manifestKey, counts };
}

function manifestOf<M extends Manifest>(
  stage: StageName, result: DatasetResult | undefined, locate: (stage: StageName, key: string) => string | undefined,
): M | undefined {
  const file = result?.manifestKey === undefined ? undefined : locate(stage, result.manifestKey);
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8')) as M;
}

function pace(manifest: Manifest | undefined, bytesRead: number | undefined): Partial<StageSummary> {
  if (manifest === undefined) return {};
  const seconds = (Date.parse(manifest.timing.endedAt) - Date.parse(manifest.timing.startedAt)) / 1000;
  return {
    seconds,
    peakMemoryBytes: manifest.peakMemoryBytes,
    ...(bytesRead !== undefined && seconds > 0 ? { megabytesPerSecond: Math.round(bytesRead / seconds / MEGABYTE * 10) / 10 } : {}),
  };
}

/** The count equations; a stage that did nothing has no hop. */
function hopsOf({ ingest, curate, load }: Partial<Record<StageName, DatasetResult>>, curated: CuratedManifest | undefined): Hop[] {
  const hops: Hop[] = [];
  const add = (name: string, unit: Hop['unit'], from: DatasetResult, into: readonly string[], out: readonly string[], other?: DatasetResult) => {
    const terms = (names: readonly string[], result: DatasetResult): Terms => Object.fromEntries(names.map((each) => [each, result.counts[each] ?? (unit === 'bytes' ? 'unknown' : 0)]));
    const hop = { hop: name, in: terms(into, from), out: terms(out, other ?? from), unit };
    hops.push({ ...hop, balance: verdict(hop) });
  };
  if (moved(ingest)) add('source to raw', 'bytes', ingest, ['sourceBytes'], ['bytes']);
  // A compaction and a vacuum read no records.
  if (moved(curate) && curate.counts.parsed !== undefined) {
    add('raw to rows', 'records', curate, ['parsed'], ['kept', 'rejected']);
    add('rows to curated', 'records', curate, ['kept'], ['written', 'deduplicated', 'filtered']);
  }
  if (moved(load)) {
    // A load may also take commits of earlier runs; then what is staged is compared with what it was to stage. A curate run
    // may have made several commits, of which a load of whole tables takes the last: what was written is that one's records.
    if (moved(curate) && curated !== undefined && load.seq === curate.seq && load.counts.commits === 1) {
      const written = curated.parts.reduce((sum, { records }) => sum + records, 0);
      add('curated to staging', 'records', { ...curate, counts: { ...curate.counts, written } }, ['written'], ['staged'], load);
    }
    add('staging to target', 'records', load, ['staged'], ['inserted', 'updated', 'unchanged', 'deleted', 'stale']);
  }
  return hops;
}

function moved(result: DatasetResult | undefined): result is DatasetResult {
  return result !== undefined && (result.outcome === 'committed' || result.outcome === 'empty');
}

function verdict(hop: Omit<Hop, 'balance'>): Hop['balance'] {
  try {
    return checkBalance(hop);
  } catch {
    return 'broken';
  }
}
