import type { Dataset } from '../../../contract/contract';
import type { CanonicalSink } from '../canonical-records';
import type { DocumentFormat } from '../document-scanner';
import type { ProvenTexts } from '../proven-texts';
import { JsonFramer } from './json-framer';
import { JsonRecords } from './json-records';

/** Documents of JSON, with the records that the contract has (ADR-0036). */
export function jsonDocument(dataset: Dataset, canonical: CanonicalSink, proven?: ProvenTexts): DocumentFormat {
  const recordsAt = dataset.record.recordsAt ?? '';
  return {
    name: 'JSON', faultCode: 'JSON_DOCUMENT', listed: true,
    framer: () => new JsonFramer(recordsAt),
    records: new JsonRecords(dataset, canonical, proven),
    wanted: 'expected an array of records, which may be empty, or the one record. '
      + (recordsAt === '' ? 'Declare where the records are, such as recordsAt: /data/items' : 'Correct recordsAt, or have the source write [] when it has no records'),
  };
}
