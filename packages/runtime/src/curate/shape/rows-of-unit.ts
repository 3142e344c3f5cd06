import { PipelineError } from '../../errors/pipeline-error';
import { inParallel } from '../../run/in-parallel';
import { resultRef, type WorkFolder } from '../../run/work';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { checkBalance } from '../../run/balance';
import type { RowsFile, RowsResult, ShapeItem } from '../documents';
import type { QuarantinePart } from '../../run/manifest';

/** What Rows made of all parts of one ingest commit. */
export interface UnitRows {
  readonly counts: { readonly parsed: number; readonly kept: number; readonly rejected: number };
  /** Of the kept records, those that the dataset's filter leaves out: they are in no file. */
  readonly filtered: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly files: readonly RowsFile[];
  readonly quarantine: readonly QuarantinePart[];
  /** Records that each quality rule on single records counts, by the rule's number in its dataset. */
  readonly quality: Readonly<Record<number, number>>;
  readonly sourceBytes: number;
  readonly peakMemoryBytes: number;
  readonly startedAt?: string;
}

/** What the task wrapper adds to every result. */
export interface ResultEnvelope {
  readonly timing?: { readonly startedAt: string; readonly endedAt: string };
  readonly peakMemoryBytes?: number;
}

const READ_CONCURRENCY = 16;

/** Reads the Rows results of a unit by number and adds them up; throws `RESULT_MISSING` or `BALANCE`. */
export async function readUnitRows(store: ObjectStore, folder: WorkFolder, unit: ShapeItem, options: Abortable = {}): Promise<UnitRows> {
  const indexes = Array.from({ length: unit.items }, (_, offset) => unit.firstItem + offset);
  const results = await inParallel(indexes, READ_CONCURRENCY, async (index) => {
    const found = await store.getJson<RowsResult & ResultEnvelope>(resultRef(folder, 'rows', index), options);
    if (found === undefined) throw new PipelineError('RESULT_MISSING', `step rows left no result for item ${index} of unit ${unit.unitId} in s3://${folder.bucket}/${folder.prefix}`, { facts: { index, unit: unit.unitId } });
    if (found.value.unitId !== unit.unitId) {
      throw new PipelineError('RESULT_MISSING', `the result of item ${index} of step rows belongs to unit ${found.value.unitId}, the plan has ${unit.unitId} there; start a new attempt`, { facts: { index, unit: unit.unitId } });
    }
    return found.value;
  });
  const counts = { parsed: 0, kept: 0, rejected: 0 };
  let filtered = 0;
  const byCode: Record<string, number> = {};
  const quality: Record<number, number> = {};
  for (const result of results) {
    counts.parsed += result.counts.parsed;
    counts.kept += result.counts.kept;
    counts.rejected += result.counts.rejected;
    // A result of an earlier release has none.
    filtered += result.filtered ?? 0;
    for (const [code, count] of Object.entries(result.quarantine.byCode)) byCode[code] = (byCode[code] ?? 0) + (count ?? 0);
    for (const [rule, count] of Object.entries(result.quality ?? {})) quality[Number(rule)] = (quality[Number(rule)] ?? 0) + count;
  }
  const files = results.flatMap((result) => result.files);
  const quarantine = results.flatMap((result) => result.quarantine.parts);
  const hop = `raw to rows of ${unit.dataset} (${unit.unitId})`;
  checkBalance({ hop, in: { parsed: counts.parsed }, out: { kept: counts.kept, rejected: counts.rejected } });
  checkBalance({ hop: `${hop}, files`, in: { kept: counts.kept }, out: { inFiles: sum(files.map((file) => file.kept)), filtered } });
  checkBalance({ hop: `${hop}, quarantine`, in: { rejected: counts.rejected }, out: { inFiles: sum(quarantine.map((part) => part.records)) } });
  return {
    counts, filtered, byCode, files, quarantine, quality, sourceBytes: sum(results.map((result) => result.sourceBytes)),
    peakMemoryBytes: Math.max(0, ...results.map((result) => result.peakMemoryBytes ?? 0)),
    startedAt: results.map((result) => result.timing?.startedAt).filter((time) => time !== undefined).sort()[0],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
