import type { GlueClient } from '@aws-sdk/client-glue';
import { derivedColumns, masksOf, type Contract, type Dataset } from '../../contract';
import { PipelineError, userError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import { appendCommit, LogView } from '../../run/commit-log';
import type { FunctionCall } from '../../run/function-handler';
import { curateIdentity, requireSchemaVersion, SCHEMA_VERSION, type CuratedManifest, type QualityResult } from '../../run/manifest';
import { parseStageInput, type DatasetResult, type StageOutput } from '../../run/stage-io';
import { folderOfPlan, itemsRef, readPlan, readResults, type WorkFolder } from '../../run/work';
import { datasetOf, readContract } from '../contract-source';
import type { CuratePlan, ShapeItem, ShapeResult } from '../documents';
import { curatedLog } from '../plan/pending-commits';
import type { CuratePlanOutput } from '../plan/plan-curate';
import { quarantinePrefix } from '../quarantine-prefix';
import { describeResult, judgeQuality, requireQuality } from '../quality/judge-quality';
import { qualityNotice } from '../quality/quality-notice';
import { parseCurateSettings, type CurateSettings } from '../settings';
import { checkThreshold } from '../shape/check-threshold';
import { readUnitRows, type ResultEnvelope, type UnitRows } from '../shape/rows-of-unit';
import { CatalogPartitions, type CatalogPartition } from './catalog-partitions';
import { publishLog } from './published-object';
import { catalogPartitions, writeSymlinks } from './symlinks';

/** A unit whose counts are proved and whose files are complete. */
interface ReadyUnit {
  readonly unit: ShapeItem;
  readonly dataset: Dataset;
  readonly rows: UnitRows;
  readonly shape: ShapeResult & ResultEnvelope;
  readonly quality: readonly QualityResult[];
}

/**
 * The Publish step: proves the counts of all units, registers catalog partitions, commits, and switches readers over.
 *
 * Each action is safe to repeat, and nobody sees a unit before its line is in the published object or, for readers
 * of the log, before its commit. So a run that stopped anywhere is finished by running Publish again.
 */
export async function publishCurate(call: FunctionCall, glue: Pick<GlueClient, 'send'>): Promise<StageOutput> {
  const { store, signal, report } = call;
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt } = parseStageInput(call.input, settings.pipeline);
  const { plan: planRef } = call.previous as CuratePlanOutput;
  const plan = await readPlan<CuratePlan>(store, planRef, { signal });
  requireSchemaVersion(plan, `plan s3://${planRef.bucket}/${planRef.key}`);
  const folder = folderOfPlan(planRef);
  const contract = await readContract(store, settings.contract, { signal });
  if (plan.contract.sha256 !== contract.sha256) {
    throw userError('CONTRACT', `the contract changed from version ${plan.contract.version} to ${contract.version} between Plan and Publish; start the next attempt of slot ${slot}`, { planned: plan.contract });
  }
  const units = await readUnits(call, folder, plan.units);
  // All are checked before the first is published: a threshold that one of them passes stops the whole run.
  const ready: ReadyUnit[] = [];
  const shapes = await readResults<ShapeResult & ResultEnvelope>(store, folder, 'shape', units.length, { signal });
  for (const unit of units) ready.push(await prepare(call, settings, contract, folder, unit, shapes[unit.index]!));
  const datasets: Record<string, DatasetResult> = {};
  for (const name of plan.datasets) {
    const mine = ready.filter(({ unit }) => unit.dataset === name);
    const published = new Publisher(call, settings, contract, plan, glue);
    datasets[name] = await published.publish(name, mine);
    const target = { bucket: settings.curatedBucket, pipeline: settings.pipeline, dataset: name, log: curatedLog(settings, name) };
    const log = await publishLog(store, target, signal);
    if (log.written) report.say('CURATE_I1303', { dataset: name, ...log });
  }
  const judged = ready.map(({ dataset, unit, quality }) => ({ dataset, unitId: unit.unitId, results: quality }));
  const notice = qualityNotice(settings.pipeline, slot, judged);
  return { schemaVersion: SCHEMA_VERSION, pipeline: settings.pipeline, slot, attempt, datasets, ...(notice === undefined ? {} : { notice }) };
}

async function readUnits({ store, signal }: FunctionCall, folder: WorkFolder, count: number): Promise<ShapeItem[]> {
  const units = (await store.getJson<ShapeItem[]>(itemsRef(folder, 'units'), { signal }))?.value ?? [];
  if (units.length !== count) throw new PipelineError('PLAN_MISSING', `the plan names ${count} units, s3://${folder.bucket}/${folder.prefix}units.json has ${units.length}; start a new attempt`);
  return units;
}

async function prepare({ store, signal }: FunctionCall, settings: CurateSettings, contract: Contract,
  folder: WorkFolder, unit: ShapeItem, shape: ShapeResult & ResultEnvelope): Promise<ReadyUnit> {
  const dataset = datasetOf(contract, unit.dataset);
  const rows = await readUnitRows(store, folder, unit, { signal });
  checkThreshold(dataset, unit.unitId, rows, { bucket: settings.curatedBucket, prefix: quarantinePrefix(settings.pipeline, unit) });
  const { written, deduplicated, filtered } = shape.counts;
  const hop = `rows to curated of ${unit.dataset} (${unit.unitId})`;
  checkBalance({ hop, in: { kept: rows.counts.kept }, out: { written, deduplicated, filtered } });
  checkBalance({ hop: `${hop}, files`, in: { written }, out: { inFiles: shape.parts.reduce((sum, part) => sum + part.records, 0) } });
  const quality = judgeQuality(dataset, { parsed: rows.counts.parsed, counted: rows.quality, shaped: shape.quality ?? {} });
  requireQuality(dataset, unit.unitId, rows.counts.parsed, quality);
  return { unit, dataset, rows, shape, quality };
}

function masked(dataset: Dataset): Pick<CuratedManifest, 'masks'> {
  const masks = masksOf(dataset);
  return Object.keys(masks).length === 0 ? {} : { masks };
}

/** The execution's output has little room, and the manifests say all. */
const MOST_NAMED = 20;

function qualityOf(units: readonly ReadyUnit[]): Pick<DatasetResult, 'quality'> {
  const results = units.flatMap(({ quality }) => quality);
  if (results.length === 0) return {};
  const failed = new Set(results.filter(({ passed }) => !passed).map(({ rule }) => rule));
  return { quality: { results: results.length, failed: [...failed].slice(0, MOST_NAMED) } };
}

class Publisher {
  constructor(
    private readonly call: FunctionCall, private readonly settings: CurateSettings, private readonly contract: Contract, private readonly plan: CuratePlan, private readonly glue: Pick<GlueClient, 'send'>,
  ) {}

  async publish(name: string, units: readonly ReadyUnit[]): Promise<DatasetResult> {
    const counts = { units: units.length, parsed: 0, kept: 0, rejected: 0, written: 0, deduplicated: 0, filtered: 0, files: 0 };
    let last: { outcome: 'committed' | 'already-committed'; seq: number; key: string } | undefined;
    let anyCommitted = false;
    for (const ready of units) {
      last = await this.commit(name, ready);
      anyCommitted ||= last.outcome === 'committed';
      const { rows, shape } = ready;
      counts.parsed += rows.counts.parsed;
      counts.kept += rows.counts.kept;
      counts.rejected += rows.counts.rejected;
      counts.written += shape.counts.written;
      counts.deduplicated += shape.counts.deduplicated;
      counts.filtered += shape.counts.filtered;
      counts.files += shape.parts.length;
    }
    if (last === undefined) return { outcome: 'nothing', counts };
    const outcome = !anyCommitted ? 'already-committed' : counts.parsed === 0 ? 'empty' : 'committed';
    return { outcome, seq: last.seq, manifestKey: last.key, counts, ...qualityOf(units) };
  }

  private async commit(name: string, ready: ReadyUnit): Promise<{ outcome: 'committed' | 'already-committed'; seq: number; key: string }> {
    const { store, signal, report } = this.call;
    const { settings } = this;
    const { unit, dataset, shape, rows } = ready;
    this.sayQuality(ready);
    const table = settings.runsTables[name];
    if (table === undefined) throw userError('CONFIG', `curate settings: runsTables has no table for dataset ${name}; deploy the stage again`, { dataset: name });
    const partitions = catalogPartitions(dataset, unit.unitId, shape.parts, settings);
    await writeSymlinks(store, settings.curatedBucket, partitions, signal);
    const catalog = new CatalogPartitions(this.glue, { database: settings.database, table }, dataset, signal);
    await catalog.register(partitions);
    const supersedes = await this.supersededUnits(name, unit);
    const result = await appendCommit<CuratedManifest>(store, curatedLog(settings, name), (seq) => this.manifest(seq, ready, supersedes), { signal });
    if (result.outcome === 'nothing') throw new PipelineError('UNEXPECTED', `unit ${unit.unitId} gave nothing to commit`);
    if (result.manifest.attemptId === unit.unitId) {
      report.say('CURATE_I1301', { dataset: name, unitId: unit.unitId, seq: result.seq, written: shape.counts.written, files: shape.parts.length, rejected: rows.counts.rejected });
    } else {
      report.say('CURATE_I1302', { dataset: name, unitId: unit.unitId, ingestSeq: unit.ingestSeq, seq: result.seq });
      await this.forget(name, unit.unitId, catalog, partitions);
    }
    return result;
  }

  private sayQuality({ unit: { unitId }, dataset, quality }: ReadyUnit): void {
    if (quality.length === 0) return;
    const { report } = this.call;
    const failed = quality.filter(({ passed }) => !passed);
    report.say('CURATE_I1304', { dataset: dataset.name, unitId, rules: quality.length, passed: quality.length - failed.length });
    for (const result of failed) report.say(result.severity === 'warning' ? 'CURATE_W1302' : 'CURATE_I1305', { dataset: dataset.name, unitId, result: describeResult(dataset, result) });
  }

  /** Takes the partitions of a unit that lost the race out of the audit table; the view never shows them anyhow. */
  private async forget(dataset: string, unitId: string, catalog: CatalogPartitions, partitions: readonly CatalogPartition[]): Promise<void> {
    try {
      await catalog.remove(partitions);
    } catch (error) {
      this.call.report.say('CURATE_W1301', { dataset, unitId, partitions: partitions.length, reason: PipelineError.from(error).message });
    }
  }

  /** The units that curated what the raw commit of this unit supersedes. */
  private async supersededUnits(name: string, unit: ShapeItem): Promise<string[]> {
    if (unit.supersedesIngestSeqs.length === 0) return [];
    const { store, signal } = this.call;
    const log = await LogView.open<CuratedManifest>(store, curatedLog(this.settings, name), { signal });
    const entries = await Promise.all(unit.supersedesIngestSeqs.map((seq) => log.find(curateIdentity('ingest', '', seq), { signal })));
    return entries.flatMap((entry) => (entry === undefined ? [] : [entry.manifest.attemptId]));
  }

  private manifest(seq: number, { unit, dataset, rows, shape, quality }: ReadyUnit, supersedes: readonly string[]): CuratedManifest {
    const { settings, contract, plan } = this;
    return {
      schemaVersion: SCHEMA_VERSION, stage: 'curate', kind: 'ingest', pipeline: settings.pipeline, dataset: unit.dataset, seq,
      runId: plan.runId, attempt: plan.attempt, attemptId: unit.unitId, committedAt: new Date().toISOString(),
      contract: { id: contract.id, version: contract.version, sha256: contract.sha256 },
      columns: derivedColumns(dataset), codeVersion: settings.codeVersion,
      engine: shape.engine, ingestSeq: unit.ingestSeq, ingestManifestKey: unit.ingestManifestKey,
      parts: shape.parts, quarantine: { parts: rows.quarantine, byCode: rows.byCode },
      ...(quality.length === 0 ? {} : { quality }), ...masked(dataset),
      balance: { ...rows.counts, written: shape.counts.written, deduplicated: shape.counts.deduplicated, filtered: shape.counts.filtered },
      supersedes,
      timing: { startedAt: rows.startedAt ?? plan.plannedAt, endedAt: new Date().toISOString() },
      peakMemoryBytes: Math.max(rows.peakMemoryBytes, shape.peakMemoryBytes ?? 0),
    };
  }
}
