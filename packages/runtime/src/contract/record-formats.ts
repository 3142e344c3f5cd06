/** Formats whose records curate reads. */
export const READABLE_FORMATS = ['csv', 'ndjson', 'json'] as const;

/** Formats that land in Raw as they are, for readers of your own: this version of curate does not open them. */
export const LANDED_FORMATS = ['avro', 'excel', 'fixed-width', 'parquet', 'text', 'xml'] as const;

export type ReadableFormat = (typeof READABLE_FORMATS)[number];
export type LandedFormat = (typeof LANDED_FORMATS)[number];

export function isReadable(format: ReadableFormat | LandedFormat): format is ReadableFormat {
  return (READABLE_FORMATS as readonly string[]).includes(format);
}

/** Whether each physical line is a record, so that line ends can be counted. CSV only where no field may hold one. */
export function isLines(format: ReadableFormat | LandedFormat): boolean {
  return format === 'csv' || format === 'ndjson' || format === 'text';
}
