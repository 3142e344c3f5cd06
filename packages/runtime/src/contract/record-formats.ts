import type { RecordFormat } from './contract';
import { holdsAscii } from './encodings';

/** Formats whose records curate reads. */
export const READABLE_FORMATS = ['csv', 'ndjson', 'json', 'xml', 'fixed-width', 'parquet', 'avro', 'excel'] as const;

/** Formats that land in Raw as they are, for readers of your own: this version of curate does not open them. */
export const LANDED_FORMATS = ['text'] as const;

export type ReadableFormat = (typeof READABLE_FORMATS)[number];
export type LandedFormat = (typeof LANDED_FORMATS)[number];

/** What a contract must say of some formats before curate reads them; without it, they land only. */
export const READABLE_WITH = { xml: 'recordsAt', 'fixed-width': 'fields' } as const;

/** Whether curate reads records of this format. */
export function isReadable(record: Pick<RecordFormat, 'format' | 'recordsAt' | 'fields'>): boolean {
  const { format } = record;
  if (format === 'xml' || format === 'fixed-width') return record[READABLE_WITH[format]] !== undefined;
  return (READABLE_FORMATS as readonly string[]).includes(format);
}

/** Formats whose values have types of their own, and no bytes of a record. */
export const TYPED_FORMATS = ['parquet', 'avro', 'excel'] as const;

export type TypedFormat = (typeof TYPED_FORMATS)[number];

/** Whether values come with types, so that there is nothing to say about texts. */
export function isTyped(format: string | undefined): format is TypedFormat {
  return (TYPED_FORMATS as readonly (string | undefined)[]).includes(format);
}

/** Whether each physical line is a record, so that line ends can be counted as bytes. CSV only where no field may hold one. */
export function isLines({ format, encoding, fields }: Pick<RecordFormat, 'format' | 'encoding' | 'fields'>): boolean {
  if (!holdsAscii(encoding)) return false;
  return (format === 'fixed-width' && fields !== undefined) || format === 'csv' || format === 'ndjson' || format === 'text';
}
