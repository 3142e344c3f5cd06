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
}

/** The Shape step of one unit: checks what Rows counted, then makes the curated files. */
export async function shapeUnit(unit: ShapeItem, deps: ShapeDeps): Promise<ShapeResult> {
  const { settings, contract, folder, store, report, signal } = deps;
  const dataset = datasetOf(contract, unit.dataset);
  const rows = await readUnitRows(store, folder, unit, { signal });
  checkThreshold(dataset, unit.unitId, rows, { bucket: settings.curatedBucket, prefix: quarantinePrefix(settings.pipeline, unit) });
  const result = await shapeWithDuckdb({
    dataset, unitId: unit.unitId, files: rows.files, kept: rows.counts.kept, pipeline: settings.pipeline, bucket: settings.curatedBucket,
    targetFileBytes: settings.targetFileBytes, store, signal,
  });
  report.say('CURATE_I1201', { dataset: unit.dataset, unitId: unit.unitId, ...result.counts, files: result.parts.length, prefix: dataPrefix(settings.pipeline, unit.dataset, unit.unitId) });
  return result;
}
