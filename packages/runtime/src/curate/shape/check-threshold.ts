import type { Dataset } from '../../contract/contract';
import { userError } from '../../errors/pipeline-error';
import type { UnitRows } from './rows-of-unit';

/** Throws `THRESHOLD` when more records of a run were rejected than the contract allows. */
export function checkThreshold(dataset: Dataset, unitId: string, rows: UnitRows, quarantine: {
  readonly bucket: string; readonly prefix: string,
}): void {
  const { rows: maxRows, percent: maxPercent } = dataset.threshold ?? {};
  const { parsed, rejected } = rows.counts;
  const percent = parsed === 0 ? 0 : (rejected / parsed) * 100;
  const passed: string[] = [];
  if (maxRows !== undefined && rejected > maxRows) passed.push(`rows: ${maxRows}`);
  // Compared as counts, so that 1 of 3 is not above 33.333333333333336 by rounding.
  if (maxPercent !== undefined && rejected * 100 > maxPercent * parsed) passed.push(`percent: ${maxPercent}`);
  if (passed.length === 0) return;
  const codes = Object.entries(rows.byCode).sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', ');
  throw userError(
    'THRESHOLD',
    `${dataset.name}: ${rejected} of ${parsed} records rejected (${percent.toFixed(2)} %), more than headraceThreshold ${passed.join(' and ')} allows; by code: ${codes}. `
      + `Nothing was published. Their bytes and reasons are in s3://${quarantine.bucket}/${quarantine.prefix}. `
      + 'Fix: mend the source and ingest it again, or correct the contract and start the next attempt of this slot',
    { dataset: dataset.name, unitId, parsed, rejected, byCode: rows.byCode, threshold: dataset.threshold, quarantine },
  );
}
