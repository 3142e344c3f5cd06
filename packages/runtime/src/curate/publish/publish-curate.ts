import type { GlueClient } from '@aws-sdk/client-glue';
import type { Contract, Dataset, PublishedLine } from '../../contract';
import { PipelineError, userError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import type { AppendOutcome } from '../../run/commit-log';
import type { FunctionCall } from '../../run/function-handler';
import { requireSchemaVersion, SCHEMA_VERSION, type CuratedManifest } from '../../run/manifest';
import type { DatasetResult, StageOutput } from '../../run/stage-io';
import { folderOfPlan, itemsRef, readPlan, readResults, type WorkFolder } from '../../run/work';
import { datasetOf, readContract } from '../contract-source';
import { parseCurateInput } from '../curate-input';
import { tellComplete } from '../curate-lineage';
import { publishTarget } from '../curated-log';
import type { CompactItem, CompactResult, CuratePlan, ShapeItem, ShapeResult } from '../documents';
import type { CuratePlanOutput } from '../plan/plan-curate';
import { quarantinePrefix } from '../quarantine-prefix';
import { judgeQuality, requireQuality } from '../quality/judge-quality';
import { qualityNotice } from '../quality/quality-notice';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { checkThreshold } from '../shape/check-threshold';
import { readUnitRows, type ResultEnvelope } from '../shape/rows-of-unit';
import { commitCompaction, type ReadyCompaction } from './commit-compaction';
import type { CommitContext, DatasetTarget } from './commit-registered';
import { commitUnit, type ReadyUnit } from './commit-unit';
import { icebergWork } from './iceberg-work';
import { PublishedState, publishLog } from './published-object';
import { Removals } from './removals';
import { UnitCatalog } from './unit-catalog';

/**
 * The Publish step: proves the counts of all units, registers catalog partitions, commits, and switches readers over.
 *
 * Each action is safe to repeat, and nobody sees a unit before its line is in the published object or, for readers
 * of the log, before its commit. So a run that stopped anywhere is finished by running Publish again.
 */
export async function publishCurate(call: FunctionCall, glue: Pick<GlueClient, 'send'>): Promise<StageOutput> {
  const { store, signal, report } = call;
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt } = parseCurateInput(call.input, settings.pipeline);
  const { plan: planRef } = call.previous as CuratePlanOutput;
  const plan = await readPlan<CuratePlan>(store, planRef, { signal });
  requireSchemaVersion(plan, `plan s3://${planRef.bucket}/${planRef.key}`);
  const folder = folderOfPlan(planRef);
  const contract = await readContract(store, settings.contract, { signal });
  if (plan.contract.sha256 !== contract.sha256) {
    throw userError('CONTRACT', `the contract changed from version ${plan.contract.version} to ${contract.version} between Plan and Publish; start the next attempt of slot ${slot}`, { planned: plan.contract });
  }
  const units = await readList<ShapeItem>(call, folder, 'units', plan.units);
  // All are checked before the first is published: a threshold that one of them passes stops the whole run.
  const ready: ReadyUnit[] = [];
  const shapes = await readResults<ShapeResult & ResultEnvelope>(store, folder, 'shape', units.length, { signal });
  for (const unit of units) ready.push(await prepare(call, settings, contract, folder, unit, shapes[unit.index]!));
  const compactions = await readyCompactions(call, contract, folder, plan.compactions ?? 0);
  const context: CommitContext = { call, settings, contract, plan };
  const datasets: Record<string, DatasetResult> = {};
  const logs = new Map<Dataset, readonly PublishedLine[]>();
  for (const name of plan.datasets) {
    const published = publishTarget(settings, name);
    const catalog = new UnitCatalog(call, settings, datasetOf(contract, name), glue);
    const target = { catalog, state: await PublishedState.open(store, published, signal), removals: new Removals(store, settings, name) };
    datasets[name] = plan.operation === 'compact'
      ? await publishCompactions(context, compactions.filter(({ item }) => item.dataset === name), target)
      : await publishUnits(context, ready.filter(({ unit }) => unit.dataset === name), target);
    const { written, lines } = await publishLog(store, published, signal);
    if (written) report.say('CURATE_I1303', { dataset: name, commits: lines.length, current: lines.filter(({ state }) => state === 'current').length });
    logs.set(datasetOf(contract, name), lines);
  }
  const judged = ready.map(({ dataset, unit, quality }) => ({ dataset, unitId: unit.unitId, results: quality }));
  const notice = qualityNotice(settings.pipeline, slot, judged);
  const output: StageOutput = {
    schemaVersion: SCHEMA_VERSION, pipeline: settings.pipeline, slot, attempt, datasets, ...(notice === undefined ? {} : { notice }),
    ...await icebergWork(call, settings, folder, logs, { glue }),
  };
  await tellComplete(call, settings, contract, plan, output);
  return output;
}

async function readList<T>({ store, signal }: FunctionCall, folder: WorkFolder, name: string, count: number): Promise<T[]> {
  const items = (await store.getJson<T[]>(itemsRef(folder, name), { signal }))?.value ?? [];
  if (items.length !== count) throw new PipelineError('PLAN_MISSING', `the plan names ${count} ${name}, s3://${folder.bucket}/${folder.prefix}${name}.json has ${items.length}; start a new attempt`);
  return items;
}

async function prepare({ store, signal }: FunctionCall, settings: CurateSettings, contract: Contract,
  folder: WorkFolder, unit: ShapeItem, shape: ShapeResult & ResultEnvelope): Promise<ReadyUnit> {
  const dataset = datasetOf(contract, unit.dataset);
  const rows = await readUnitRows(store, folder, unit, { signal });
  // What holds no rows because nobody wants them is not judged by how many there are.
  if (unit.supersededBy !== undefined) return { unit, dataset, rows, shape, quality: [] };
  checkThreshold(dataset, unit.unitId, rows, { bucket: settings.curatedBucket, prefix: quarantinePrefix(settings.pipeline, unit) });
  const { written, deduplicated, filtered } = shape.counts;
  const hop = `rows to curated of ${unit.dataset} (${unit.unitId})`;
  checkBalance({ hop, in: { kept: rows.counts.kept }, out: { written, deduplicated, filtered } });
  checkBalance({ hop: `${hop}, files`, in: { written }, out: { inFiles: shape.parts.reduce((sum, part) => sum + part.records, 0) } });
  const quality = judgeQuality(dataset, { parsed: rows.counts.parsed, counted: rows.quality, shaped: shape.quality ?? {} });
  requireQuality(dataset, unit.unitId, rows.counts.parsed, quality);
  return { unit, dataset, rows, shape, quality };
}

/** The execution's output has little room, and the manifests say all. */
const MOST_NAMED = 20;

function qualityOf(units: readonly ReadyUnit[]): Pick<DatasetResult, 'quality'> {
  const results = units.flatMap(({ quality }) => quality);
  if (results.length === 0) return {};
  const failed = new Set(results.filter(({ passed }) => !passed).map(({ rule }) => rule));
  return { quality: { results: results.length, failed: [...failed].slice(0, MOST_NAMED) } };
}

async function readyCompactions(call: FunctionCall, contract: Contract, folder: WorkFolder, count: number): Promise<ReadyCompaction[]> {
  if (count === 0) return [];
  const items = await readList<CompactItem>(call, folder, 'compactions', count);
  const results = await readResults<CompactResult & ResultEnvelope>(call.store, folder, 'compact', count, { signal: call.signal });
  return items.map((item) => {
    const result = results[item.index]!;
    checkBalance({ hop: `compaction of ${item.dataset} (${item.unitId})`, in: { rows: result.counts.rows }, out: { inFiles: result.parts.reduce((sum, part) => sum + part.records, 0) } });
    return { item, dataset: datasetOf(contract, item.dataset), result };
  });
}

async function publishUnits(context: CommitContext, units: readonly ReadyUnit[], target: DatasetTarget): Promise<DatasetResult> {
  const counts = { units: 0, parsed: 0, kept: 0, rejected: 0, written: 0, deduplicated: 0, filtered: 0, files: 0 };
  const results: AppendOutcome<CuratedManifest>[] = [];
  for (const ready of units) {
    const result = await commitUnit(context, ready, target);
    const { rows, shape, unit } = ready;
    // It is no batch of this run.
    if (unit.supersededBy !== undefined) continue;
    results.push(result);
    if (result.outcome === 'nothing') continue;
    counts.units += 1;
    counts.parsed += rows.counts.parsed;
    counts.kept += rows.counts.kept;
    counts.rejected += rows.counts.rejected;
    counts.written += shape.counts.written;
    counts.deduplicated += shape.counts.deduplicated;
    counts.filtered += shape.counts.filtered;
    counts.files += shape.parts.length;
  }
  const published = summary(results, counts, counts.parsed === 0);
  return published.outcome === 'nothing' ? published : { ...published, ...qualityOf(units) };
}

async function publishCompactions(context: CommitContext, compactions: readonly ReadyCompaction[], target: DatasetTarget): Promise<DatasetResult> {
  const counts = { commits: 0, filesBefore: 0, files: 0, rows: 0 };
  const results: AppendOutcome<CuratedManifest>[] = [];
  for (const ready of compactions) {
    const result = await commitCompaction(context, ready, target);
    results.push(result);
    if (result.outcome === 'nothing') continue;
    counts.commits += ready.item.commits.length;
    counts.filesBefore += ready.result.counts.filesBefore;
    counts.files += ready.result.parts.length;
    counts.rows += ready.result.counts.rows;
  }
  return summary(results, counts, false);
}

function summary(results: readonly AppendOutcome<CuratedManifest>[], counts: DatasetResult['counts'], isEmpty: boolean): DatasetResult {
  const last = results.filter((result) => result.outcome !== 'nothing').at(-1);
  if (last === undefined) return { outcome: 'nothing', counts };
  const outcome = !results.some((result) => result.outcome === 'committed') ? 'already-committed' : isEmpty ? 'empty' : 'committed';
  return { outcome, seq: last.seq, manifestKey: last.key, counts };
}
