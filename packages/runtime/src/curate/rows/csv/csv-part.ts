import type { Dataset } from '../../../contract/contract';
import type { BlockScanner, FramedRecords } from '../framed-records';
import { fieldColumn, readColumns, valueColumn } from '../row-query';
import type { RecordEnds } from '../segment-records';
import type { Segment } from '../segment-writer';
import type { SegmentReading, TextPart } from '../text-part';
import type { CanonicalSink } from '../canonical-records';
import { csvDialect } from './csv-dialect';
import { mapHeader, mapPositions, type FieldMap } from './csv-header';
import { CsvScanner } from './csv-scanner';
import { ColumnCutter } from './cut/column-cutter';
import { valueForms, type ValueForm } from './cut/value-form';
import { NO_PROOF, ProvenFields, type FieldProof } from './proven-fields';

/** A part of CSV: its records are taken apart into columns. */
export class CsvPart implements TextPart {
  readonly hasHeader: boolean;
  readonly recordEnds: RecordEnds;
  private mapped?: FieldMap;
  private valueForms?: ReadonlyMap<number, ValueForm>;
  private proven?: ProvenFields;

  constructor(private readonly dataset: Dataset, private readonly source: string, readonly blockBytes?: number) {
    const { header, multiline, quote } = dataset.record;
    this.hasHeader = header !== 'none';
    this.recordEnds = multiline ? { quote: quote.charCodeAt(0) } : 'lines';
  }

  get fieldMap(): FieldMap {
    if (this.mapped === undefined && this.hasHeader) throw new TypeError(`the header of ${this.source} was not read`);
    return this.mapped ??= mapPositions(this.dataset);
  }

  useHeader(bytes: Buffer): void {
    this.mapped = mapHeader(this.dataset, bytes, this.source);
  }

  scanner(framed: FramedRecords, _canonical: CanonicalSink, line: number): BlockScanner {
    const { dataset, fieldMap } = this;
    const dialect = csvDialect(dataset.record, fieldMap.fields);
    const proven = this.proven = new ProvenFields(dataset, dialect, fieldMap, this.forms);
    return new CsvScanner(dialect, framed, line, proven);
  }

  takeProof(): FieldProof {
    return this.proven?.take() ?? NO_PROOF;
  }

  readingOf({ textsPath, others }: Segment): Promise<SegmentReading> {
    const values = new Map([...this.forms.keys()].map((field) => [field, others.has(fieldColumn(field))]));
    return Promise.resolve({ texts: readColumns(textsPath), values });
  }

  readonly cutter = (): ColumnCutter => {
    const { record } = this.dataset;
    const { fields: count, byColumn } = this.fieldMap;
    const read = new Set(byColumn);
    const fields = Array.from({ length: count }, (_, field) => {
      const form = this.forms.get(field);
      return read.has(field) ? { text: fieldColumn(field), value: form && { name: valueColumn(field), form } } : undefined;
    });
    return new ColumnCutter({ dialect: csvDialect(record, count), nullTokens: record.nullTokens, fields });
  };

  /** How fields are told as values. */
  private get forms(): ReadonlyMap<number, ValueForm> {
    return this.valueForms ??= valueForms(this.dataset, this.fieldMap);
  }
}
