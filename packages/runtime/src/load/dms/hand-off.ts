import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Dataset } from '../../contract/contract';
import { requireContract } from '../../contract/parse-contract';
import type { StepCall } from '../../run/task';
import { downloadPart } from '../download-part';
import type { LoadPlan, LoadUnit } from '../load-plan';
import type { LoadSettings } from '../settings';
import { handOffKey } from './hand-off-folder';
import { readHandOffItem, requireDms } from './prepare';
import { loadTag } from './rounds';
import { writeCsv } from './write-csv';

/** What stands in `handOff/<index>.json`. */
export interface HandedOff {
  readonly records: number;
  /** What the rows add up to, where that is compared; a whole number of many digits. */
  readonly rowSum?: string;
  readonly files: readonly { readonly key: string; readonly bytes: number }[];
}

type Call = StepCall<LoadSettings, LoadPlan>;

/** Writes the parts of an item as CSV where DMS reads them. A file that is there is written again, with the same bytes. */
export async function handOff(call: Call): Promise<HandedOff> {
  const { settings, plan, store, signal, report } = call;
  const dms = requireDms(settings);
  const item = await readHandOffItem(call);
  const unit = plan.units[item.unit] as LoadUnit;
  const text = await store.getText(settings.contract, { signal });
  const dataset = requireContract(text?.value ?? '', settings.contract.key).datasets.find(({ name }) => name === unit.dataset) as Dataset;
  const files: { key: string; bytes: number }[] = [];
  let rowSum: bigint | undefined;
  for (const [index, part] of item.parts.entries()) {
    const key = handOffKey(dms, item.source, item.first + index);
    const folder = await mkdtemp(path.join(tmpdir(), 'headrace-hand-off-'));
    try {
      const parquet = path.join(folder, 'part.parquet');
      const csv = path.join(folder, 'part.csv');
      await downloadPart(store, settings.curatedBucket, part, parquet, signal);
      const sum = await writeCsv({
        parquet, csv, part, dataset, columns: unit.columns, tag: loadTag(unit), maxTextKiB: dms.maxTextKiB, reader: settings.target.kind,
      }, signal);
      if (sum !== undefined) rowSum = (rowSum ?? 0n) + sum;
      await store.putFile({ bucket: dms.handOff.bucket, key }, csv, { contentType: 'text/csv', signal });
      files.push({ key, bytes: (await stat(csv)).size });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    report.say('LOAD_I1403', { key: part.key, dataset: unit.dataset, file: key, records: part.records });
  }
  return { records: item.parts.reduce((sum, { records }) => sum + records, 0), files, ...(rowSum === undefined ? {} : { rowSum: String(rowSum) }) };
}
