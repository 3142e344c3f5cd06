/** Encodings of one byte for each character, by their names at IANA. Windows-1255 is not among them: its published tables differ. */
export const BYTE_ENCODINGS = [
  'iso-8859-1', 'iso-8859-2', 'iso-8859-5', 'iso-8859-7', 'iso-8859-9', 'iso-8859-15',
  'windows-1250', 'windows-1251', 'windows-1252', 'windows-1253', 'windows-1254', 'windows-1256', 'windows-1257', 'windows-1258',
] as const;

/** `utf-16` goes by the byte order mark, which must be there. */
export const ENCODINGS = ['utf-8', 'utf-16', 'utf-16le', 'utf-16be', ...BYTE_ENCODINGS] as const;

export type ByteEncoding = (typeof BYTE_ENCODINGS)[number];
export type Encoding = (typeof ENCODINGS)[number];

/** Other names that a contract may use. */
export const ENCODING_ALIASES: Readonly<Record<'UTF-8' | 'latin-1', Encoding>> = { 'UTF-8': 'utf-8', 'latin-1': 'iso-8859-1' };

/** Whether a byte of an ASCII character stands for nothing else, so that line ends and quotes can be counted as bytes. */
export function holdsAscii(encoding: Encoding): boolean {
  return !encoding.startsWith('utf-16');
}
