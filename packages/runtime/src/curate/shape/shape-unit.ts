import { availableParallelism } from 'node:os';
import { PipelineError } from '../../errors/pipeline-error';
import { dataPrefix } from '../../run/keys';
import type { Report } from '../../report/report';
import type { WorkFolder } from '../../run/work';
import type { ObjectStore } from '../../stores/object-store';
import type { Contract } from '../../contract';
import { datasetOf } from '../contract-source';
import { quarantinePrefix } from '../quarantine-prefix';
import type { ShapeItem, ShapeResult } from '../documents';
import type { CurateSettings } from '../settings';
import { checkThreshold } from './check-threshold';
import { shapeWithDuckdb } from './duckdb-shape';
import { readUnitRows } from './rows-of-unit';

export interface ShapeDeps {
  readonly settings: CurateSettings;
  readonly contract: Contract;
  readonly folder: WorkFolder;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal?: AbortSignal;
  /** Of the engine. @default - 256 for each core, and at least 512 */
  readonly memoryMiB?: number;
  /** Rows whose keys are compared at once. @default 1,000,000, which take some 100 MiB */
  readonly keysAtOnce?: number;
}

/**
 * Memory of the engine for each core, in MiB. Beyond it a sort spills: measured on 6 million rows and two cores, that took 15 % more
 * processor time than 8 GiB did, and the task peaked at 0.7 GiB, however many rows come.
 */
const MEMORY_MIB_PER_CORE = 256;
const FEWEST_CORES = 2;
const KEYS_AT_ONCE = 1_000_000;

/** The Shape step of one unit: checks what Rows counted, then makes the curated files. */
export async function shapeUnit(unit: ShapeItem, deps: ShapeDeps): Promise<ShapeResult> {
  const { settings, contract, folder, store, report, signal } = deps;
  const dataset = datasetOf(contract, unit.dataset);
  const rows = await readUnitRows(store, folder, unit, { signal });
  checkThreshold(dataset, unit.unitId, rows, { bucket: settings.curatedBucket, prefix: quarantinePrefix(settings.pipeline, unit) });
  const options = {
    dataset, unitId: unit.unitId, files: rows.files, kept: rows.counts.kept, filtered: rows.filtered, rows: rows.counts.parsed,
    sourceBytes: rows.sourceBytes, pipeline: settings.pipeline,
    bucket: settings.curatedBucket, targetFileBytes: settings.targetFileBytes, store, signal, keysAtOnce: deps.keysAtOnce ?? KEYS_AT_ONCE,
  };
  const memoryMiB = deps.memoryMiB ?? Math.max(FEWEST_CORES, availableParallelism()) * MEMORY_MIB_PER_CORE;
  const result = await shapeWithDuckdb({ ...options, memoryMiB }).catch(async (error: unknown) => {
    if (!(error instanceof PipelineError) || error.code !== 'ENGINE_MEMORY') throw error;
    // Rows so long that a few of them fill the memory cannot be spilled in pieces.
    report.say('CURATE_I1202', { dataset: unit.dataset, unitId: unit.unitId, memoryMiB });
    return shapeWithDuckdb({ ...options, memoryMiB: Infinity });
  });
  report.say('CURATE_I1201', { dataset: unit.dataset, unitId: unit.unitId, ...result.counts, files: result.parts.length, prefix: dataPrefix(settings.pipeline, unit.dataset, unit.unitId) });
  return result;
}
