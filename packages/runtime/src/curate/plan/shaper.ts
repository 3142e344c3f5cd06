import type { FunctionCall } from '../../run/function-handler';
import type { RawManifest } from '../../run/manifest';
import type { ShapeItem } from '../documents';
import type { CurateSettings } from '../settings';
import { sparkWorkers } from './spark-workers';

/** Who shapes a batch, and with how many workers: by bytes as they lie in Raw, which is what is known before anything is read. */
export function shaperOf(
  { report }: FunctionCall, settings: CurateSettings, { dataset, parts }: RawManifest,
  { unitId, deadline }: { readonly unitId: string; readonly deadline?: string },
): Pick<ShapeItem, 'engine' | 'workers'> {
  const { engine, sparkFromBytes = Infinity } = settings;
  const isLarge = parts.reduce((sum, { bytes }) => sum + bytes, 0) >= sparkFromBytes;
  if (engine === 'embedded' || (engine === 'auto' && !isLarge)) return { engine: 'duckdb' };
  if (settings.sparkWorkers === undefined) return { engine: 'spark' };
  const { workers, needed } = sparkWorkers(settings.sparkWorkers, parts, deadline, new Date());
  if (needed > workers) report.say('CURATE_W1003', { dataset, unitId, workers, needed });
  return { engine: 'spark', workers };
}
