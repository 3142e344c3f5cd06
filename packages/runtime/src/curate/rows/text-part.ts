import { stat } from 'node:fs/promises';
import type { Dataset, RecordFormat } from '../../contract/contract';
import type { CanonicalSink } from './canonical-records';
import { CsvPart } from './csv/csv-part';
import { mapRead, type FieldMap } from './csv/csv-header';
import type { ColumnCutter } from './csv/cut/column-cutter';
import { NO_PROOF, type FieldProof } from './csv/proven-fields';
import { documentBlockBytes, DocumentScanner } from './document-scanner';
import { FixedWidthRecords } from './fixed-width-records';
import type { BlockScanner, FramedRecords } from './framed-records';
import { jsonDocument } from './json/json-document';
import { JsonRecords } from './json/json-records';
import { LineScanner } from './line-scanner';
import { ProvenTexts } from './proven-texts';
import { readCanonical, type RowQueryOptions } from './row-query';
import type { RecordEnds } from './segment-records';
import type { Segment } from './segment-writer';
import { xmlDocument } from './xml/xml-document';

/** How the engine reads a segment. */
export type SegmentReading = Pick<RowQueryOptions, 'texts' | 'values'>;

/** How records of one part in a text format are found and told to the engine. */
export interface TextPart {
  /** Whether the first record names the fields. */
  readonly hasHeader: boolean;
  /** Fields and the columns that they feed; known once the header was read. */
  readonly fieldMap: FieldMap;
  /** What ends a record of a segment. */
  readonly recordEnds: RecordEnds;
  /** Bytes that are scanned at once. @default - those of the reader */
  readonly blockBytes?: number;
  /** Takes the header, without its line end. */
  useHeader(bytes: Buffer): void;
  /** What finds records; asked for once, behind the header. */
  scanner(framed: FramedRecords, canonical: CanonicalSink, line: number): BlockScanner;
  /** What is known of the good records since the last call. */
  takeProof(): FieldProof;
  /** What takes records of CSV apart; those of other formats are re-told as CSV. */
  readonly cutter?: () => ColumnCutter;
  readingOf(segment: Segment): Promise<SegmentReading>;
}

/** @param source names the part in errors */
export function textPart(dataset: Dataset, source: string, blockBytes?: number): TextPart {
  return dataset.record.format === 'csv' ? new CsvPart(dataset, source, blockBytes) : new RetoldPart(dataset, source, blockBytes);
}

/** A part whose records are re-told by us as CSV, because the engine's own reader of the format may not see them. */
class RetoldPart implements TextPart {
  readonly hasHeader = false;
  readonly fieldMap: FieldMap;
  readonly recordEnds: RecordEnds;
  readonly blockBytes?: number;
  private proven?: ProvenTexts;

  constructor(private readonly dataset: Dataset, private readonly source: string, blockBytes?: number) {
    const { record } = dataset;
    this.fieldMap = mapRead(dataset);
    this.recordEnds = isDocument(record) ? 'marks' : 'lines';
    this.blockBytes = isDocument(record) ? documentBlockBytes(record.maxRecordBytes, blockBytes) : blockBytes;
  }

  useHeader(): void {
    throw new TypeError(`records of ${this.dataset.record.format} have no header`);
  }

  scanner(framed: FramedRecords, canonical: CanonicalSink, line: number): BlockScanner {
    const { dataset, source } = this;
    const proven = this.proven = new ProvenTexts(dataset);
    switch (dataset.record.format) {
      case 'json': return new DocumentScanner(dataset, source, framed, jsonDocument(dataset, canonical, proven));
      case 'xml': return new DocumentScanner(dataset, source, framed, xmlDocument(dataset, canonical, proven));
      case 'fixed-width': return new LineScanner(dataset, framed, new FixedWidthRecords(dataset, canonical, proven), line);
      default: return new LineScanner(dataset, framed, new JsonRecords(dataset, canonical, proven), line);
    }
  }

  takeProof(): FieldProof {
    return this.proven?.take() ?? NO_PROOF;
  }

  async readingOf({ textsPath }: Segment): Promise<SegmentReading> {
    return { texts: readCanonical(textsPath, this.dataset, (await stat(textsPath)).size) };
  }
}

/** Whether a part is one document, in which line ends are spaces. */
function isDocument({ format }: RecordFormat): boolean {
  return format === 'json' || format === 'xml';
}
