import type { Dataset } from '../../../contract/contract';
import { CanonicalRecords, type CanonicalSink } from '../canonical-records';
import { isRead } from '../csv/csv-header';
import type { RecordProblem } from '../json/json-records';
import type { ProvenTexts } from '../proven-texts';
import { xmlFields } from './xml-fields';
import { XmlProblem, XmlRecordReader, type XmlValues } from './xml-record';

const [NO_CHARACTER_E, NO_CHARACTER_F] = [Buffer.from('\ufffe'), Buffer.from('\uffff')];

/** Re-tells elements as records of texts; columns are the contract's, in its order. */
export class XmlRecords {
  private readonly reader: XmlRecordReader;
  private readonly values: XmlValues;
  private readonly canonical: CanonicalRecords;
  private readonly nulls: readonly Buffer[];

  constructor(dataset: Dataset, canonical: CanonicalSink, proven?: ProvenTexts) {
    this.reader = new XmlRecordReader(xmlFields(dataset), dataset.record.header === 'exact');
    this.values = new Array<undefined>(dataset.columns.filter(isRead).length).fill(undefined);
    this.canonical = new CanonicalRecords(canonical, proven);
    this.nulls = dataset.record.nullTokens.map((token) => Buffer.from(token));
  }

  /** Takes the bytes of one record, which are a well-formed element and UTF-8. */
  take(record: Buffer): RecordProblem | undefined {
    if (record.includes(NO_CHARACTER_E) || record.includes(NO_CHARACTER_F)) return { code: 'ENCODING', reason: 'a character that XML cannot hold' };
    const { values } = this;
    values.fill(undefined);
    try {
      this.reader.read(record, values);
    } catch (problem) {
      if (problem instanceof XmlProblem) return { code: 'XML', reason: problem.reason };
      throw problem;
    }
    for (const token of this.nulls) {
      for (let index = 0; index < values.length; index++) if (values[index]?.equals(token)) values[index] = null;
    }
    this.canonical.write(values);
    return undefined;
  }

  /** Hands over what has been re-told. */
  flush(): void {
    this.canonical.flush();
  }
}
