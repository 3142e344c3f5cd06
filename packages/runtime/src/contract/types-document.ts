import type { Column, ColumnType } from './contract';
import { LINEAGE_COLUMNS } from './curated-columns';
import { engineTypes, glueType, sparkType, type EngineTypes } from './engine-types';
import { FLOAT_WORDS, lexicalGrammar } from './lexical-grammar';
import { MYSQL_COLLATIONS } from './mysql-ddl';
import { MYSQL_KEY_BYTES, MYSQL_ROW_BYTES, MYSQL_SCALE } from './mysql-limits';
import { DEEPEST_TYPE, isNested } from './nested-type';

interface Row {
  readonly declared: string;
  readonly type: ColumnType;
  readonly accepted: string;
  readonly rejected: string;
}

const inner = (name: string, type: ColumnType): Column => ({ name, type, required: false, unique: false, source: {} });

const ROWS: readonly Row[] = [
  { declared: 'string', type: { kind: 'string' }, accepted: 'any text', rejected: 'U+0000' },
  { declared: 'string, `physicalType: varchar(20)`', type: { kind: 'string', length: 20 }, accepted: 'up to 20 characters; `char(20)`: exactly 20', rejected: 'longer texts (LENGTH)' },
  { declared: 'integer, i8', type: { kind: 'integer', bits: 8 }, accepted: '`-128` to `127`', rejected: '`1.0`, `1e3`, `+1`, `007`, spaces; other numbers (RANGE)' },
  { declared: 'integer, i16', type: { kind: 'integer', bits: 16 }, accepted: '`-32768` to `32767`', rejected: 'as i8' },
  { declared: 'integer, i32 (the default)', type: { kind: 'integer', bits: 32 }, accepted: '`-2147483648` to `2147483647`', rejected: 'as i8' },
  { declared: 'integer, i64', type: { kind: 'integer', bits: 64 }, accepted: '`-9223372036854775808` to `9223372036854775807`', rejected: 'as i8' },
  { declared: 'integer, u8', type: { kind: 'integer', bits: 8, unsigned: true }, accepted: '`0` to `255`', rejected: 'as i8, and a minus sign' },
  { declared: 'integer, u16', type: { kind: 'integer', bits: 16, unsigned: true }, accepted: '`0` to `65535`', rejected: 'as u8' },
  { declared: 'integer, u32', type: { kind: 'integer', bits: 32, unsigned: true }, accepted: '`0` to `4294967295`', rejected: 'as u8' },
  { declared: 'integer, u64', type: { kind: 'integer', bits: 64, unsigned: true }, accepted: '`0` to `18446744073709551615`', rejected: 'as u8' },
  { declared: 'number, `physicalType: decimal(10,2)`', type: { kind: 'decimal', precision: 10, scale: 2 }, accepted: '`-1.5`, `.5`, `1.5000`; p up to 38', rejected: '`1e2`, `+1`, `01`, `1.`; more digits before the point (RANGE) or after it (SCALE)' },
  { declared: 'number, f32', type: { kind: 'float', bits: 32 }, accepted: `decimal, with exponent, ${FLOAT_WORDS.map((word) => `\`${word}\``).join(', ')}; nearest value`, rejected: 'other words; overflow, and underflow to 0 (RANGE)' },
  { declared: 'number, f64', type: { kind: 'float', bits: 64 }, accepted: 'as f32', rejected: 'as f32' },
  { declared: 'boolean', type: { kind: 'boolean' }, accepted: '`true`, `false`; others by `headraceBoolean`', rejected: 'any other text' },
  { declared: 'date', type: { kind: 'date' }, accepted: '`2024-02-29`, or its `format`; years 0001 to 9999', rejected: 'days that do not exist, anything after the date' },
  { declared: 'timestamp', type: { kind: 'timestamp', zoned: false }, accepted: '`2024-02-29T10:00:00.123456`, `T` or a space, or its `format`', rejected: 'an offset, `24:00:00`, `:60`, a seventh digit that is not 0' },
  { declared: 'timestamp, `timezone: true`', type: { kind: 'timestamp', zoned: true }, accepted: 'as timestamp, with `Z`, `+02:00`, `+0200` or `+02`; kept as UTC instant', rejected: 'no offset, zone names' },
  { declared: 'time', type: { kind: 'time' }, accepted: '`10:00:00.123456`, or its `format`', rejected: 'an offset, `24:00:00`, `:60`' },
  { declared: 'string, format uuid', type: { kind: 'uuid' }, accepted: '8-4-4-4-12 hex digits, any case; kept in lower case', rejected: 'braces, no hyphens' },
  { declared: 'string, format binary', type: { kind: 'binary' }, accepted: 'base64 with padding', rejected: 'line ends, URL alphabet, unused bits that are not 0' },
  {
    declared: 'object, of a string `zip` and a date `since`', type: { kind: 'object', members: [inner('zip', { kind: 'string' }), inner('since', { kind: 'date' })] },
    accepted: 'an object whose members are values of theirs, in any order; absent ones are NULL', rejected: 'what is no object, a member twice, an unknown one with `header: exact` (JSON); a member that its own row rejects',
  },
  { declared: 'array, of integers', type: { kind: 'array', item: inner('element', { kind: 'integer', bits: 32 }) }, accepted: 'an array whose elements are values of `items`; NULL among them', rejected: 'what is no array (JSON); an element that its own row rejects; `minItems`, `maxItems` (LENGTH)' },
];

const ENGINES: readonly (readonly [keyof EngineTypes, string])[] = [
  ['parquet', 'Parquet'], ['glue', 'Glue'], ['athenaView', 'Athena view'], ['duckdb', 'DuckDB'], ['spark', 'Spark'], ['iceberg', 'Iceberg'], ['postgres', 'PostgreSQL'], ['mysql', 'MySQL'], ['dms', 'DMS'],
];

const EQUALITY: readonly (readonly string[])[] = [
  ['integers, time', 'the same whole number'],
  ['decimal', 'the same unscaled number and scale'],
  ['float', 'the same bits, so that -0.0 is not 0.0; all NaN are one'],
  ['date', 'the same day of the proleptic Gregorian calendar'],
  ['timestamp', 'the same microsecond, both with `timezone: true` or both without'],
  ['string, uuid', 'the same bytes of UTF-8: nothing is normalized, trimmed or folded'],
  ['boolean, binary', 'the same value, the same bytes'],
  ['object, array', 'equal members by name; equal elements in order, as many'],
  ['any', 'NULL and NULL; never NULL and an empty text, an object of NULLs or an empty array'],
];

/** For kinds of sources: their types, with the columns that take them. */
export type SourceTypes = readonly (readonly [title: string, rows: readonly (readonly [source: string, columns: string])[]])[];

/** The page docs/types.md, made from the code that decides, so that it cannot be out of date. */
export function typesDocument(sources: SourceTypes): string {
  return [
    '# Types',
    '',
    'Made from the code by `HEADRACE_WRITE_DOCS=1 npx jest contract/engine-types` in `packages/runtime`; a test compares the two.',
    '',
    'A column is declared in the contract. Its text is checked against a grammar before anything is cast, so a value is exact or the record is',
    'in quarantine. A column may also be [computed](expressions.md) from others.',
    '',
    '## What a column accepts',
    '',
    'Texts that are not accepted are rejects of code TYPE, unless another code is named. NULL is what `nullTokens` of the record format say; the',
    'quoted empty text is not NULL.',
    '',
    table(['Declared as', 'Accepts', 'Rejects'], ROWS.map(({ declared, accepted, rejected }) => [declared, accepted, rejected])),
    '',
    '## What columns take from sources with types',
    '',
    'A value becomes the text that it would be in a text format, and the checks above decide on that. What no column takes is refused before a row is read',
    '(Parquet and Avro, `COLUMNS`), or makes its record a reject (Excel, `CELL`). Details are in [What it reads](../packages/curate-construct/README.md#what-it-reads).',
    '',
    ...sources.flatMap(([title, rows]) => [table([title, 'is taken by columns of'], rows), '']),
    'A boolean column takes a number of Excel where it is one of its `headraceBoolean` tokens.',
    '',
    '## What it is called everywhere',
    '',
    table(['Declared as', ...ENGINES.map(([, title]) => title)], ROWS.map(({ declared, type }) => [declared, ...ENGINES.map(([key]) => `\`${engineTypes(type)[key].replaceAll('`', '')}\``)])),
    '',
    '- Parquet holds no unsigned, TIME or UUID type, because Athena and Spark do not read them alike. `time` is microseconds since midnight; its text is in the Athena view and in Iceberg tables.',
    '- Athena shows timestamps in milliseconds, instants in UTC; the files hold microseconds.',
    '- PostgreSQL keys of type string compare by bytes (`COLLATE "C"`).',
    '- DMS reads floats, booleans, times and instants as texts, which the database parses itself: how DMS would write them is not documented. Text longer than 16,383 characters,',
    '  or without a length, is CLOB; a key of it is STRING. Decimals have 31 digits behind the point at most.',
    '- MySQL has no NaN and no infinities: a load refuses a file that has one before it sends a row (`TARGET_VALUE`), and a column with `minimum` or `maximum` has none. MariaDB keeps no',
    '  sign of zero. TIMESTAMP ends in 2038 there, so both kinds of timestamp are `datetime(6)`, instants in UTC.',
    `- MySQL texts compare by bytes, with spaces at their end (\`${MYSQL_COLLATIONS.mysql}\`, \`${MYSQL_COLLATIONS.mariadb}\` of MariaDB). A key of type string is \`varchar(maxLength)\`, and needs one: an index`,
    `  holds ${MYSQL_KEY_BYTES} bytes, ${MYSQL_KEY_BYTES / 4} characters. Refused, at synthesis and by the claim, are also decimals of more than ${MYSQL_SCALE} digits after the point and rows of more than ${MYSQL_ROW_BYTES} bytes, which`,
    '  `varchar(n)` count with four a character.',
    '- Lists in Parquet have three levels, `<name>.list.element`. Inside of objects and arrays a `time` stays microseconds since midnight, also in the Athena view.',
    '- In `jsonb` (and the JSON text that MySQL keeps, whose own JSON type holds decimals as doubles) every member is there, NULL as null. Numbers and booleans are JSON numbers and',
    '  booleans with every digit; dates, times and timestamps are texts of ISO 8601 with six digits of a second, instants in UTC with `Z`; binary is base64. NaN, both infinities and -0.0, which',
    '  JSON numbers or their readers do not keep, are texts. PostgreSQL casts each text back to the value.',
    '- DuckDB, Spark and PostgreSQL call two NaN equal and greater than all numbers; NaN is outside every declared bound.',
    '',
    '## When two values are equal',
    '',
    'What the tests compare cell by cell, between a source and its Parquet and between engines:',
    '',
    table(['Type', 'Equal are'], EQUALITY),
    '',
    'Rows are compared as a multiset: neither their order nor the limits of files are promised.',
    '',
    'Where something is ordered, by `headraceDedupe` or `headraceSort`, both engines do it alike: texts by the bytes of their UTF-8, false before true, -0.0 beside 0.0,',
    'NaN after all numbers, instants whatever zone they came with, and NULL where `nulls` says.',
    '',
    '## Columns that tell where a row came from',
    '',
    'A dataset with `headraceLineageColumns: true` has them behind its own, in files, tables and views; targets of loads do not. They are NULL in batches from before.',
    '',
    table(['Column', 'Glue', 'Spark', 'Holds'], LINEAGE_COLUMNS.map(({ name, type, description }) => [`\`${name}\``, glueType(type), sparkType(type), description!])),
    '',
    'The record is counted as the format has it, rejected and filtered ones too: records of CSV after the header, lines of NDJSON and fixed-width, elements of the JSON array',
    'or of the XML list, rows of Parquet and Avro. Of a workbook it is the number of the row in its sheet.',
    '',
    '## The grammars',
    '',
    'The whole text must match. They use only what RE2 and JavaScript read alike.',
    '',
    table(['Declared as', 'Grammar'], ROWS.filter(({ type }) => !isNested(type)).map(({ declared, type }) => [declared, `\`${lexicalGrammar({ type } as Column).replace(/\|/g, '\\|')}\``])),
    '',
    '## What is refused before anything runs',
    '',
    `- Objects and arrays more than ${DEEPEST_TYPE} deep in each other, objects without members, \`minProperties\`, \`maxProperties\` and \`uniqueItems\`.`,
    '- Objects and arrays of CSV, XML and fixed-width records; as keys, partitions, unique, computed or ordered by; in expressions other than `IS NULL`; in quality rules other than',
    '  `nullValues` and `sql`; hashed. Masks, keys and quality rules of a value inside of one.',
    '- `i128` and `u128`, decimals of more than 38 digits.',
    '- `number` without `physicalType: decimal(p,s)` and without `format: f32` or `f64`.',
    '- `physicalType` other than `decimal(p,s)`, `varchar(n)` and `char(n)`.',
    '- Date formats with other tokens than `yyyy MM dd HH mm ss S X XXX`, text in quotes and punctuation.',
    '- Texts without offset as instants, unless `defaultTimezone` is UTC; times of day with a zone.',
    '- Floats and binary as keys; floats, decimals, timestamps, times, uuids and binary as column partitions.',
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
