import type { Dataset } from '../../../contract/contract';
import type { CanonicalSink } from '../canonical-records';
import type { DocumentFormat } from '../document-scanner';
import type { ProvenTexts } from '../proven-texts';
import { XmlFramer } from './xml-framer';
import { XmlRecordsPlace } from './xml-records-place';
import { XmlRecords } from './xml-records';

/** Documents of XML, with the records that the contract has (ADR-0037). */
export function xmlDocument(dataset: Dataset, canonical: CanonicalSink, proven?: ProvenTexts): DocumentFormat {
  const { recordsAt = '', noRecords, encoding } = dataset.record;
  return {
    name: 'XML', faultCode: 'XML_DOCUMENT', listed: false,
    framer: () => new XmlFramer(new XmlRecordsPlace(recordsAt, noRecords === 'empty'), encoding),
    records: new XmlRecords(dataset, canonical, proven),
    wanted: 'expected the elements of the records, or around them an element with none in it, which is an empty list. Correct recordsAt, where names count with their prefix; '
      + 'or, if the source leaves the records out and keeps other elements when it has none, declare headraceRecord.noRecords: empty',
  };
}
