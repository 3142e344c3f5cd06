import { userError } from '../../errors/pipeline-error';
import type { FunctionCall } from '../../run/function-handler';
import { readLog, type LogEntry } from '../../run/commit-log';
import { attemptId, unitId } from '../../run/ids';
import { commitLogPrefix } from '../../run/keys';
import type { CuratedManifest, RawManifest } from '../../run/manifest';
import { parseStageInput } from '../../run/stage-io';
import { planRef, workFolder, writeItems } from '../../run/work';
import type { ObjectStore } from '../../stores/object-store';
import { readContract } from '../contract-source';
import type { CuratePlan, RowsItem, ShapeItem } from '../documents';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { shapeSpec } from './shape-spec';

/** What the state machine gets from Plan. */
export interface CuratePlanOutput {
  readonly items: { readonly bucket: string; readonly key: string; readonly count: number };
  readonly units: { readonly bucket: string; readonly key: string; readonly count: number };
  readonly plan: { readonly bucket: string; readonly key: string };
  readonly attemptId: string;
  readonly runId: string;
}

/**
 * Plans one curate attempt: the raw commits that no curated commit names, as a set difference and in commit order.
 *
 * There is no high-water mark, so a commit that arrived late is found as well as any other.
 */
export async function planCurate(call: FunctionCall): Promise<CuratePlanOutput> {
  const { store, signal, report } = call;
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt } = parseStageInput(call.input, settings.pipeline);
  const contract = await readContract(store, settings.contract, { signal });
  const id = attemptId(slot, attempt);
  const rows: Omit<RowsItem, 'index'>[] = [];
  const units: Omit<ShapeItem, 'index'>[] = [];
  const folder = workFolder(settings.curatedBucket, settings.workPrefix, id);
  for (const dataset of contract.datasets) {
    const { name } = dataset;
    const [raw, curated] = await Promise.all([readRawLog(store, settings, name, signal), readCuratedLog(store, settings, name, signal)]);
    for (const entry of pending(raw, curated)) {
      const unit: Omit<ShapeItem, 'index'> = {
        dataset: name, unitId: unitId(id, entry.seq), kind: entry.manifest.kind, ingestSeq: entry.seq, ingestManifestKey: entry.key,
        supersedesIngestSeqs: supersededSeqs(entry, raw), firstItem: rows.length, items: entry.manifest.parts.length,
      };
      entry.manifest.parts.forEach(({ key, bytes, compression }, part) => {
        rows.push({ dataset: name, unit: units.length, unitId: unit.unitId, part, key, bytes, compression });
      });
      units.push(unit);
    }
    if (units.some((unit) => unit.dataset === name)) {
      await store.putJson({ bucket: folder.bucket, key: `${folder.prefix}shape-${name}.json` }, shapeSpec(dataset, settings.targetFileBytes), { signal });
    }
  }
  const plan: CuratePlan = {
    schemaVersion: 1, pipeline: settings.pipeline, runId: slot, attempt, attemptId: id, plannedAt: new Date().toISOString(),
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 }, datasets: contract.datasets.map(({ name }) => name),
    items: rows.length, units: units.length,
  };
  const [itemsDocument, unitsDocument] = await Promise.all([
    writeItems(store, folder, rows, { signal }), writeItems(store, folder, units, { signal, name: 'units' }),
  ]);
  await store.putJson(planRef(folder), plan, { signal });
  report.say('CURATE_I1001', { runId: slot, attempt, items: rows.length, units: units.length });
  return { items: itemsDocument, units: unitsDocument, plan: planRef(folder), attemptId: id, runId: slot };
}

/** Reads the raw log of a dataset; a dataset that nobody ingested yet has an empty one. */
async function readRawLog(store: ObjectStore, settings: CurateSettings, dataset: string, signal: AbortSignal): Promise<LogEntry<RawManifest>[]> {
  const entries = await readLog<RawManifest>(store, { bucket: settings.rawBucket, prefix: commitLogPrefix('raw', settings.pipeline, dataset) }, 0, { signal });
  for (const { manifest, key } of entries) {
    if (manifest.stage === 'ingest' && manifest.dataset === dataset && manifest.pipeline === settings.pipeline) continue;
    throw userError('DOCUMENT', `s3://${settings.rawBucket}/${key} is no raw manifest of ${settings.pipeline}/${dataset}; the raw bucket setting or the object is wrong`, { key });
  }
  return entries;
}

export async function readCuratedLog(
  store: ObjectStore, settings: CurateSettings, dataset: string, signal?: AbortSignal,
): Promise<LogEntry<CuratedManifest>[]> {
  return readLog<CuratedManifest>(store, { bucket: settings.curatedBucket, prefix: commitLogPrefix('curated', settings.pipeline, dataset) }, 0, { signal });
}

function pending(raw: readonly LogEntry<RawManifest>[], curated: readonly LogEntry<CuratedManifest>[]): LogEntry<RawManifest>[] {
  const done = new Set(curated.map(({ manifest }) => manifest.ingestSeq));
  return raw.filter(({ seq }) => !done.has(seq));
}

/** The raw commits that this one supersedes; it names their runs. */
function supersededSeqs(entry: LogEntry<RawManifest>, raw: readonly LogEntry<RawManifest>[]): number[] {
  const runs = new Set(entry.manifest.supersedes);
  return raw.filter(({ manifest, seq }) => seq < entry.seq && runs.has(manifest.runId)).map(({ seq }) => seq);
}
