import { isReadable, READABLE_FORMATS, READABLE_WITH, type Contract, type Dataset } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import type { PartCompression } from '../../run/manifest';

/** Refuses a contract with formats that only land, before anything of it is read. */
export function requireReadable(contract: Contract): void {
  const landed = contract.datasets.filter(({ record }) => !isReadable(record));
  if (landed.length === 0) return;
  const named = landed.map(({ name, record }) => `${name} (${record.format})`).join(', ');
  throw userError(
    'FORMAT', `curate reads ${readableFormats()}; ${named} of contract ${contract.id} only lands in Raw. Keep such datasets in a contract of their own, for ingest alone`,
    { datasets: landed.map(({ name }) => name) },
  );
}

/** For people: the formats, each with what a contract must say of it. */
function readableFormats(): string {
  const named = READABLE_FORMATS.map((format) => (format in READABLE_WITH ? `${format} with ${READABLE_WITH[format as keyof typeof READABLE_WITH]}` : format));
  return `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}

/** Refuses a part whose first bytes are of another archive than the contract declares. */
export function requireOpenable({ name, record }: Dataset, key: string, compression: PartCompression): void {
  if (compression === 'none' || record.compression === 'auto' || record.compression === 'none' || compression === record.compression) return;
  throw userError(
    'COMPRESSION', `${key} of ${name} begins as ${compression}, and the contract says ${record.compression}; declare headraceRecord.compression: auto or ${compression}, or none if these bytes are the data`,
    { dataset: name, key, compression },
  );
}
