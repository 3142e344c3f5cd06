/**
 * Stands for NULL, as in the example of the DMS documentation. An empty text then is an empty text.
 *
 * Whether DMS tells a quoted one from it is not documented, so a text that reads the same is refused.
 */
export const DMS_NULL = '\\N';

/**
 * Settings of the S3 source endpoint that say how the files are written.
 *
 * Rows end with a line feed, which is the default: given, it may arrive as a backslash and an n.
 */
export const DMS_CSV = { csvDelimiter: ',', csvNullValue: DMS_NULL, rfc4180: true, ignoreHeaderRows: 0 } as const;
