import { decode, encode } from 'iconv-lite';
import { ENCODINGS, type Encoding, type RejectCode } from '../../../src/contract';
import { inline, workbook } from '../_fixtures/workbook';

export type Values = readonly (string | null)[];

/** A record that no reader may make rows of, as a text of this format or as bytes. */
export interface BrokenRecord {
  readonly what: string;
  readonly code: RejectCode;
  /** Made of a good record's text, or of none. */
  readonly record: (good: (values?: Readonly<Record<number, string>>) => string) => string | Buffer;
  /** Only in this encoding. Default: in all. */
  readonly encoding?: Encoding;
  /** Of a format that tells rejects: the column at fault, and what differs from a good record's text. */
  readonly column?: string;
  readonly told?: (text: Record<string, unknown>) => void;
}

/** A way in which sources write records, and a writer of it that shares no code with the reader. */
export interface SourceFormat {
  readonly name: string;
  /** Members of `headraceRecord`, given the columns. */
  readonly record: (names: readonly string[]) => string;
  readonly head?: (names: readonly string[]) => string;
  readonly write: (names: readonly string[], values: Values, index: number) => string;
  readonly between: string;
  readonly tail: string;
  /** Whether the format has a form for the text, which null is NULL of. */
  readonly holds: (text: string | null) => boolean;
  readonly broken: readonly BrokenRecord[];
  /** Of a format whose records have no bytes of their own: quarantine holds their texts, and places are rows from this one on. */
  readonly packed?: { readonly firstRow: number; readonly pack: (text: string) => Buffer };
}

/** Longest record of every case; texts of the tables are shorter. */
export const LONGEST = 8_192;
export const MAX_RECORD = `maxRecordBytes: ${LONGEST}`;

const doubled = (text: string, quote: string): string => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
const noNul = (text: string | null): boolean => text === null || !text.includes('\0');
const oneLine = (text: string | null): boolean => noNul(text) && !/[\r\n]/.test(text ?? '');

/** Bytes that are no text, and characters that no target stores, in any format of lines. */
function brokenBytes(position: number, nul: RejectCode = 'ENCODING'): BrokenRecord[] {
  const put = (good: string, bytes: Buffer): Buffer => {
    const text = Buffer.from(good);
    return Buffer.concat([text.subarray(0, position), bytes, text.subarray(position)]);
  };
  return [
    { what: 'half of a character', code: 'ENCODING', encoding: 'utf-8', record: (good) => put(good(), Buffer.from([0xc3])) },
    { what: 'an overlong form', code: 'ENCODING', encoding: 'utf-8', record: (good) => put(good(), Buffer.from([0xc0, 0xaf])) },
    { what: 'a surrogate', code: 'ENCODING', encoding: 'utf-8', record: (good) => put(good(), Buffer.from([0xed, 0xa0, 0x80])) },
    { what: 'NUL', code: nul, record: (good) => `${good().slice(0, position)}\0${good().slice(position)}` },
    { what: 'a byte without meaning', code: 'ENCODING', encoding: 'windows-1252', record: (good) => put(good(), Buffer.from([0x81])) },
    { what: 'half of a pair', code: 'ENCODING', encoding: 'utf-16le', record: (good) => Buffer.concat([encode(good(), 'utf-16le'), Buffer.from([0x3d, 0xd8])]) },
  ];
}

const tooLong = (column: number): BrokenRecord => ({ what: 'a record that is too long', code: 'RECORD_SIZE', record: (good) => good({ [column]: 'x'.repeat(LONGEST) }) });

interface CsvOptions {
  readonly name: string;
  readonly record: string;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly end?: string;
  /** All values in quotes, or those that need them. */
  readonly quotes: 'all' | 'needed';
  readonly multiline?: boolean;
  readonly header?: boolean;
  /** What NULL is. Default: nothing. */
  readonly nulls?: string;
}

function csv({ name, record, delimiter = ',', quote = '"', end = '\n', quotes, multiline = false, header = true, nulls = '' }: CsvOptions): SourceFormat {
  const field = (text: string | null): string => {
    if (text === null) return nulls;
    const needed = quotes === 'all' || text === nulls || text === '' || text.includes(delimiter) || text.includes(quote) || /[\r\n]/.test(text);
    return quote !== '' && needed ? doubled(text, quote) : text;
  };
  const line = (values: Values): string => values.map(field).join(delimiter);
  const quoted: BrokenRecord[] = quote === '' ? [] : [
    { what: 'quotes inside of a field', code: 'QUOTE', record: (good) => `x${quote}y${quote}${delimiter}${good().slice(good().indexOf(delimiter) + 1)}` },
    { what: 'text behind a quote', code: 'QUOTE', record: (good) => `${quote}1${quote}x${delimiter}${good().slice(good().indexOf(delimiter) + 1)}` },
    { what: 'a space behind a quote', code: 'QUOTE', record: (good) => `${quote}1${quote} ${delimiter}${good().slice(good().indexOf(delimiter) + 1)}` },
    // Where fields hold line ends, one quote too many takes the next lines with it: see poison.test.ts.
    ...(multiline ? [] : [
      { what: 'a quote inside of a field', code: 'QUOTE' as const, record: (good: () => string) => `x${quote}${delimiter}${good().slice(good().indexOf(delimiter) + 1)}` },
      { what: 'an open quote', code: 'QUOTE' as const, record: (good: () => string) => `${quote}1${delimiter}${good().slice(good().indexOf(delimiter) + 1)}` },
    ]),
  ];
  return {
    name, between: end, tail: end,
    record: () => `${record}, ${MAX_RECORD}`, head: header ? (names) => `${line(names)}${end}` : undefined, write: (_names, values) => line(values),
    // A bare CR is no line end that all readers agree on, quoted or not.
    holds: (text) => (multiline ? noNul(text) && !/\r(?!\n)/.test(text ?? '') : oneLine(text))
      && (quote !== '' || text === null || (!text.includes(delimiter) && text !== nulls)),
    broken: [
      { what: 'a field too many', code: 'FIELDS', record: (good) => `${good()}${delimiter}` },
      { what: 'a field too few', code: 'FIELDS', record: (good) => good().slice(0, good().lastIndexOf(delimiter)) },
      { what: 'an empty line', code: 'FIELDS', record: () => '' },
      { what: 'a carriage return', code: 'LINE_END', record: (good) => `1\r${good().slice(good().indexOf(delimiter))}` },
      ...quoted, ...(quotes === 'all' ? [] : brokenBytes(0)),
      // Where fields hold line ends, one with a quote fails its part: see csv-framing.test.ts.
      ...(multiline && quotes === 'all' ? [] : [tooLong(1)]),
    ],
  };
}

const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** JSON with the lexemes of numbers as they are, so that a reader which holds numbers shows it. */
function object(names: readonly string[], values: Values, index: number): string {
  const members = values.flatMap((value, column) => {
    if (value === null && (column + index) % 2 === 0) return [];
    const plain = value === null ? 'null' : (number.test(value) && (column + index) % 3 > 0) || value === 'true' || value === 'false' ? value : JSON.stringify(value);
    return [`${JSON.stringify(names[column])}: ${plain}`];
  });
  return `{${members.join(', ')}}`;
}

const BROKEN_JSON: readonly BrokenRecord[] = [
  { what: 'a member twice', code: 'JSON', record: (good) => `${good().slice(0, -1)}, "id": 1}` },
  { what: 'an unknown member', code: 'JSON', record: (good) => `${good().slice(0, -1)}, "unknown": 1}` },
  { what: 'an object as a value', code: 'JSON', record: (good) => `${good().slice(0, -1)}, "i8": {}}` },
  { what: 'half of a pair', code: 'JSON', record: (good) => `${good().slice(0, -1)}, "string": "\\ud83d"}` },
];

function fixedWidth(trim: 'both' | 'left' | 'right'): SourceFormat {
  const width = 60;
  // The column of strings is as long as its texts.
  const longest = 1_100;
  const place = (names: readonly string[]): { name: string; start: number; length: number }[] => {
    let start = 1;
    return names.map((name) => {
      const length = name === 'string' ? longest : width;
      start += length;
      return { name, start: start - length, length };
    });
  };
  const padded = (text: string, length: number): string => {
    const spaces = ' '.repeat(length - [...text].length);
    return trim === 'left' ? spaces + text : text + spaces;
  };
  return {
    name: `fixed-width, trim ${trim}`, between: '\n', tail: '\n',
    record: (names) => `format: fixed-width, trim: ${trim}, ${MAX_RECORD}, fields: [${place(names).map(({ name, start, length }) => `{ name: ${name}, start: ${start}, length: ${length} }`).join(', ')}]`,
    write: (names, values) => place(names).map(({ length }, column) => padded(values[column] ?? '', length)).join(''),
    holds: (text) => oneLine(text) && text !== '' && (trim === 'right' || !text?.startsWith(' ')) && (trim === 'left' || !text?.endsWith(' ')) && [...(text ?? '')].length <= width,
    broken: [
      { what: 'a character too many', code: 'FIELDS', record: (good) => `${good()}x` },
      { what: 'a character too few', code: 'FIELDS', record: (good) => good().slice(0, -1) },
      { what: 'an empty line', code: 'FIELDS', record: () => '' },
      { what: 'a carriage return', code: 'LINE_END', record: (good) => `\r${good().slice(1)}` },
      ...brokenBytes(1), { what: 'a record that is too long', code: 'RECORD_SIZE', record: () => 'x'.repeat(LONGEST + 1) },
    ],
  };
}

const escaped = (text: string): string => text.replace(/[&<>"'\t\r\n]/g, (char) => `&#${char.charCodeAt(0)};`);
// XML has no form for these characters.
const isXml = (text: string | null): boolean => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text ?? '');

/** XML as records of elements, or of attributes for every second column. */
function xml(attributes: boolean): SourceFormat {
  const inTag = (column: number): boolean => attributes && column % 2 === 0;
  const element = (name: string, value: string, index: number): string => `<${name}>${index % 3 > 0 || value.includes(']]>') || value.includes('\r') ? escaped(value) : `<![CDATA[${value}]]>`}</${name}>`;
  return {
    name: attributes ? 'xml, attributes' : 'xml', between: '\n', tail: '</rows>',
    record: () => `format: xml, recordsAt: /rows/row, ${MAX_RECORD}`, head: () => '<rows>',
    write: (names, values, index) => {
      const inside = (tag: boolean): { name: string; value: string }[] => values.flatMap((value, column) => (
        value === null || inTag(column) !== tag ? [] : [{ name: names[column]!, value }]));
      const pairs = inside(true).map(({ name, value }) => ` ${name.replace('@', '')}="${escaped(value)}"`);
      return `<row${pairs.join('')}>${inside(false).map(({ name, value }) => element(name, value, index)).join('')}</row>`;
    },
    holds: (text) => isXml(text),
    broken: [
      { what: 'an unknown element', code: 'XML', record: (good) => good().replace('</row>', '<unknown/></row>') },
      { what: 'an element twice', code: 'XML', record: (good) => good().replace('</row>', '<i16>1</i16><i16>1</i16></row>') },
      { what: 'an element in a value', code: 'XML', record: (good) => good().replace('</row>', '<i16><b/></i16></row>') },
      { what: 'text between elements', code: 'XML', record: (good) => good().replace('</row>', 'x</row>') },
      tooLong(2),
    ],
  };
}

const HALF_A_PAIR = '<c t="str"><v>_xD83D_</v></c>';

/** Every second text is a shared string. */
function excel(header: boolean): SourceFormat {
  const line = (values: Values): string => `<row>${values.map((value) => (value === null ? '<c/>' : inline(value))).join('')}</row>`;
  const second = (good: () => string, cell: string): string => {
    let cells = 0;
    return good().replace(/<c>.*?<\/c>|<c .*?<\/c>|<c\/>/gs, (found) => (cells++ === 1 ? cell : found));
  };
  return {
    name: header ? 'excel' : 'excel, no header', between: '', tail: '', holds: () => true,
    record: () => `format: excel${header ? '' : ', header: none'}, ${MAX_RECORD}`, ...(header ? { head: line } : {}),
    // The first is a number, so that cells of both kinds stand in each row.
    write: (_names, [id, ...rest]) => (/^\d+$/.test(id ?? '') ? line(['', ...rest]).replace(/<c .*?<\/c>/, `<c><v>${id}</v></c>`) : line([id!, ...rest])),
    broken: [
      { what: 'an error', code: 'CELL', column: 'i8', record: (good) => second(good, '<c t="e"><v>#DIV/0!</v></c>'), told: (text) => { text.i8 = '#DIV/0!'; } },
      { what: 'a formula without a value', code: 'CELL', column: 'i8', record: (good) => second(good, '<c><f>A1</f></c>'), told: (text) => { text.i8 = { xml: '<c><f>A1</f></c>' }; } },
      { what: 'half of a pair in an escape', code: 'CELL', column: 'i8', record: (good) => second(good, HALF_A_PAIR), told: (text) => { text.i8 = { xml: HALF_A_PAIR }; } },
      tooLong(2),
    ],
    packed: {
      firstRow: header ? 2 : 1,
      pack: (text) => {
        const strings: string[] = [];
        let texts = 0;
        const sheet = text.replace(/<c t="inlineStr"><is>(.*?)<\/is><\/c>/gs, (cell, string: string) => (texts++ % 2 === 0 ? cell : `<c t="s"><v>${strings.push(`<si>${string}</si>`) - 1}</v></c>`));
        return workbook({ sheets: { Data: sheet }, strings });
      },
    },
  };
}

export const SOURCE_FORMATS: readonly SourceFormat[] = [
  csv({ name: 'csv', record: 'format: csv', quotes: 'needed' }),
  csv({ name: 'csv, all quoted', record: 'format: csv, newline: lf', quotes: 'all' }),
  csv({ name: 'csv, multiline', record: 'format: csv, multiline: true', quotes: 'needed', multiline: true }),
  csv({ name: 'csv, multiline, all quoted', record: 'format: csv, multiline: true, header: none', quotes: 'all', multiline: true, header: false }),
  csv({ name: 'csv, semicolon, CR LF', record: 'format: csv, delimiter: ";", newline: crlf', delimiter: ';', end: '\r\n', quotes: 'needed' }),
  csv({ name: "csv, bar and '", record: 'format: csv, delimiter: "|", quote: "\'", header: none', delimiter: '|', quote: "'", quotes: 'needed', header: false }),
  csv({ name: 'csv, NULL as \\N', record: 'format: csv, nullTokens: ["\\\\N"], header: subset', quotes: 'needed', nulls: '\\N' }),
  csv({ name: 'tsv', record: 'format: tsv', delimiter: '\t', quotes: 'needed' }),
  csv({ name: 'csv, no quotes', record: 'format: csv, delimiter: "\\x1f", quote: ""', delimiter: '\u001f', quote: '', quotes: 'needed' }),
  {
    name: 'ndjson', record: () => `format: ndjson, ${MAX_RECORD}`, write: object, between: '\n', tail: '\n', holds: () => true,
    broken: [...BROKEN_JSON, { what: 'no object', code: 'JSON', record: () => '[1]' }, { what: 'an empty line', code: 'JSON', record: () => '' }, { what: 'an open object', code: 'JSON', record: (good) => good().slice(0, -1) }, ...brokenBytes(1, 'JSON'), tooLong(2)],
  },
  {
    name: 'json', record: () => `format: json, recordsAt: /data/rows, ${MAX_RECORD}`, head: () => '{"more": [{}], "data": {"rows": [', write: object, between: ',\n ', tail: ']}}', holds: () => true,
    broken: [...BROKEN_JSON, { what: 'no object', code: 'JSON', record: () => '[1]' }, tooLong(2)],
  },
  excel(true), excel(false), xml(false), xml(true), fixedWidth('both'), fixedWidth('left'), fixedWidth('right'),
];

/** The encodings that a format is written in. */
export function encodingsOf({ packed }: SourceFormat): readonly Encoding[] {
  return packed === undefined ? ENCODINGS : ['utf-8'];
}

/** The bytes of a whole part. */
export function partOf(format: SourceFormat, text: string, encoding: Encoding): Buffer {
  return format.packed === undefined ? encoded(text, encoding) : format.packed.pack(text);
}

/** The bytes of a text in an encoding, without a mark of its order. */
export function encoded(text: string, encoding: Encoding): Buffer {
  return encoding === 'utf-8' ? Buffer.from(text) : encode(text, encoding === 'utf-16' ? 'utf-16be' : encoding, { addBOM: false });
}

/** Whether every character of the text exists in the encoding. */
export function encodes(text: string, encoding: Encoding): boolean {
  return encoding.startsWith('utf-') || decode(encoded(text, encoding), encoding, { stripBOM: false }) === text;
}
