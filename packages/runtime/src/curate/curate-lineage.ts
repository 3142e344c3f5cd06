import { glueType, type Contract, type Dataset } from '../contract';
import type { FunctionCall } from '../run/function-handler';
import { attemptId, slotTime } from '../run/ids';
import { pipelinePrefix } from '../run/keys';
import type { DatasetResult, StageOutput } from '../run/stage-io';
import { runEvent, type LineageDataset, type LineageRun, type RunEvent } from '../lineage/run-event';
import { tellLineage } from '../lineage/tell-lineage';
import { parseCurateInput } from './curate-input';
import { datasetOf } from './contract-source';
import { datasetLineage, sameColumns } from './dataset-lineage';
import type { CuratePlan } from './documents';
import { parseCurateSettings, type CurateSettings } from './settings';

/** The state that brings Iceberg tables up to date, after Publish; the construct's name of it, and as its tests see. */
const AFTER_PUBLISH = 'Iceberg';

/** What the machine hands over when it has failed. */
export interface FailedExecution {
  readonly failed: { readonly state: string; readonly error: string; readonly cause?: string; readonly recorded?: string };
}

export function isFailedExecution(previous: unknown): previous is FailedExecution {
  return typeof previous === 'object' && previous !== null && 'failed' in previous;
}

type Told = Pick<FunctionCall, 'store' | 'report'>;

/** Tells what a run is about to read and write. */
export async function tellStart(told: Told, settings: CurateSettings, contract: Contract, plan: CuratePlan): Promise<void> {
  const datasets = plan.datasets.map((name) => datasetOf(contract, name));
  await tell(told, settings, runOf(settings, plan), (run) => runEvent(run, 'START', {
    at: new Date(plan.plannedAt), engine: engineOf(settings, plan),
    inputs: datasets.map((dataset) => inputOf(settings, plan, dataset)), outputs: datasets.map((dataset) => outputOf(settings, plan, dataset)),
  }));
}

/** Tells what a run has read and written; datasets without work are left out. */
export async function tellComplete(
  told: Told, settings: CurateSettings, contract: Contract, plan: CuratePlan, { datasets }: StageOutput,
): Promise<void> {
  const done = Object.entries(datasets).filter(([, { outcome }]) => outcome !== 'nothing').map(([name, result]) => ({ dataset: datasetOf(contract, name), result }));
  await tell(told, settings, runOf(settings, plan), (run) => runEvent(run, 'COMPLETE', {
    at: new Date(), engine: engineOf(settings, plan),
    inputs: done.map(({ dataset, result }) => ({
      ...inputOf(settings, plan, dataset), counts: { rows: count(result, 'parsed') ?? count(result, 'rows'), files: count(result, 'filesBefore') },
    })),
    outputs: done.map(({ dataset, result }) => ({
      ...outputOf(settings, plan, dataset), counts: { rows: count(result, 'written') ?? count(result, 'rows'), files: count(result, 'files') },
    })),
  }));
}

/** Tells that an execution has failed, after its notice. */
export async function tellFailure(call: FunctionCall): Promise<object> {
  const settings = parseCurateSettings(call.settings);
  const { slot, attempt, operation } = parseCurateInput(call.input, settings.pipeline);
  // No row is read or written, so there is nothing to tell.
  if (operation === 'vacuum') return {};
  const { state, error, cause = '', recorded } = (call.previous as FailedExecution).failed;
  // The rows are published, and Publish has told so: no other event may follow a COMPLETE.
  if (state === AFTER_PUBLISH) return {};
  const run = runOf(settings, { operation, runId: slot, attemptId: attemptId(slot, attempt) });
  await tell(call, settings, run, () => runEvent(run, 'FAIL', { at: new Date(), error: `${state}: ${error}: ${recorded ?? cause}` }));
  return {};
}

async function tell(told: Told, settings: CurateSettings, run: LineageRun, event: (run: LineageRun) => RunEvent): Promise<void> {
  await tellLineage({ bucket: settings.curatedBucket, endpoint: settings.lineageEndpoint }, run, event(run), told);
}

function runOf(settings: CurateSettings, { operation, runId, attemptId: id }: Pick<CuratePlan, 'operation' | 'runId' | 'attemptId'>): LineageRun {
  const time = slotTime(runId);
  return {
    pipeline: settings.pipeline, stage: operation === 'compact' ? 'curate.compact' : 'curate', attemptId: id, codeVersion: settings.codeVersion,
    ...(time === undefined ? {} : { nominalTime: time }),
  };
}

/** A run without a batch, and plans that older code made, name none. */
function engineOf({ engine }: CurateSettings, { operation, engines = [] }: CuratePlan): string {
  if (operation === 'compact') return 'duckdb';
  return engines.length > 0 ? engines.join(', ') : engine === 'spark' ? 'spark' : 'duckdb';
}

function inputOf(settings: CurateSettings, { operation }: CuratePlan, dataset: Dataset): LineageDataset {
  return operation === 'compact' ? curatedDataset(settings, dataset) : rawDataset(settings, dataset);
}

function outputOf(settings: CurateSettings, { operation }: CuratePlan, dataset: Dataset): LineageDataset {
  const curated = curatedDataset(settings, dataset);
  const madeOf = operation === 'compact' ? { input: curated, lineage: sameColumns(dataset) } : { input: rawDataset(settings, dataset), lineage: datasetLineage(dataset) };
  return { ...curated, madeOf };
}

function rawDataset({ rawBucket, pipeline }: CurateSettings, { name }: Dataset): LineageDataset {
  return { bucket: rawBucket, prefix: `${pipelinePrefix(pipeline)}raw/${name}` };
}

function curatedDataset({ curatedBucket, pipeline }: CurateSettings, { name, columns }: Dataset): LineageDataset {
  const prefix = `${pipelinePrefix(pipeline)}data/${name}`;
  return { bucket: curatedBucket, prefix, columns: columns.map((column) => ({ name: column.name, type: glueType(column.type) })) };
}

function count({ counts }: DatasetResult, name: string): number | undefined {
  const value = counts[name];
  return typeof value === 'number' ? value : undefined;
}
