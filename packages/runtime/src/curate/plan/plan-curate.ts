import type { FunctionCall } from '../../run/function-handler';
import { attemptId, unitId } from '../../run/ids';
import { requireSchemaVersion } from '../../run/manifest';
import { parseStageInput } from '../../run/stage-io';
import { itemsRef, planRef, workFolder, writeItems } from '../../run/work';
import { readContract } from '../contract-source';
import type { CuratePlan, RowsItem, ShapeItem } from '../documents';
import { parseCurateSettings } from '../settings';
import { pendingCommits } from './pending-commits';
import { requireOpenable, requireReadable } from './require-readable';
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
 * Plans one curate attempt: a unit for each raw commit that is not curated yet, and an item for each of its parts.
 *
 * A plan is made once: results of tasks are found by their number in it, so a second call gives the first one's plan.
 */
export async function planCurate(call: FunctionCall): Promise<CuratePlanOutput> {
  const { store, signal, report } = call;
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt } = parseStageInput(call.input, settings.pipeline);
  const contract = await readContract(store, settings.contract, { signal });
  requireReadable(contract);
  const id = attemptId(slot, attempt);
  const folder = workFolder(settings.curatedBucket, settings.workPrefix, id);
  const output = (items: number, units: number): CuratePlanOutput => ({
    items: { ...itemsRef(folder), count: items }, units: { ...itemsRef(folder, 'units'), count: units }, plan: planRef(folder), attemptId: id, runId: slot,
  });
  const earlier = (await store.getJson<CuratePlan>(planRef(folder), { signal }))?.value;
  if (earlier !== undefined) {
    requireSchemaVersion(earlier, `plan s3://${folder.bucket}/${planRef(folder).key}`);
    return output(earlier.items, earlier.units);
  }
  const rows: Omit<RowsItem, 'index'>[] = [];
  const units: Omit<ShapeItem, 'index'>[] = [];
  for (const dataset of contract.datasets) {
    const { name } = dataset;
    for (const { seq, key: ingestManifestKey, manifest, supersedes } of await pendingCommits(store, settings, name, { signal })) {
      const unit = unitId(id, seq);
      manifest.parts.forEach(({ key, bytes, compression }, part) => {
        requireOpenable(dataset, key, compression);
        rows.push({ dataset: name, unit: units.length, unitId: unit, part, key, bytes, compression });
      });
      units.push({
        dataset: name, unitId: unit, ingestSeq: seq, ingestManifestKey, supersedesIngestSeqs: supersedes,
        firstItem: rows.length - manifest.parts.length, items: manifest.parts.length,
      });
    }
    if (units.some((unit) => unit.dataset === name)) {
      const spec = { bucket: folder.bucket, key: `${folder.prefix}shape-${name}.json` };
      await store.putJson(spec, shapeSpec(dataset, settings.targetFileBytes), { signal });
    }
  }
  const plan: CuratePlan = {
    schemaVersion: 1, pipeline: settings.pipeline, runId: slot, attempt, attemptId: id, plannedAt: new Date().toISOString(),
    contract: { id: contract.id, version: contract.version, sha256: contract.sha256 }, datasets: contract.datasets.map(({ name }) => name),
    items: rows.length, units: units.length,
  };
  await Promise.all([writeItems(store, folder, rows, { signal }), writeItems(store, folder, units, { signal, name: 'units' })]);
  // Last, because whoever finds a plan takes the lists for whole.
  await store.putJson(planRef(folder), plan, { signal });
  report.say('CURATE_I1001', { runId: slot, attempt, items: rows.length, units: units.length });
  return output(rows.length, units.length);
}
