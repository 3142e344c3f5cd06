import { holdsAscii, type Encoding } from './encodings';

/** Formats whose records curate reads. */
export const READABLE_FORMATS = ['csv', 'ndjson', 'json', 'xml'] as const;

/** Formats that land in Raw as they are, for readers of your own: this version of curate does not open them. */
export const LANDED_FORMATS = ['avro', 'excel', 'fixed-width', 'parquet', 'text'] as const;

export type ReadableFormat = (typeof READABLE_FORMATS)[number];
export type LandedFormat = (typeof LANDED_FORMATS)[number];

/** What a contract must say of some formats before curate reads them; without it, they land only. */
export const READABLE_WITH = { xml: 'recordsAt' } as const;

/** Whether curate reads records of this format. */
export function isReadable(record: { readonly format: ReadableFormat | LandedFormat; readonly recordsAt?: string }): boolean {
  return (READABLE_FORMATS as readonly string[]).includes(record.format) && (record.format !== 'xml' || record.recordsAt !== undefined);
}

/** Whether each physical line is a record, so that line ends can be counted as bytes. CSV only where no field may hold one. */
export function isLines({ format, encoding }: { readonly format: ReadableFormat | LandedFormat; readonly encoding: Encoding }): boolean {
  if (!holdsAscii(encoding)) return false;
  return format === 'csv' || format === 'ndjson' || format === 'text';
}
