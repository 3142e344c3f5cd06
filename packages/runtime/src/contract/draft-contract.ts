import type { Encoding } from './encodings';
import type { Column, ColumnType } from './contract';
import type { ColumnGuess } from './guess-columns';
import { memberName } from './nested-type';

/** A column whose place in the primary key is known, or whose type needs a word of explanation. */
export interface DraftColumn extends ColumnGuess {
  /** Place in the primary key, from 1; undefined for others, and where the key is not known. */
  readonly keyPosition?: number;
  /** One line for whoever corrects the draft. */
  readonly note?: string;
}

export interface DraftOptions {
  /** Name of the dataset and, with hyphens, of the contract. */
  readonly name: string;
  readonly format: 'csv' | 'ndjson' | 'json' | 'excel';
  readonly columns: readonly DraftColumn[];
  /** How many records the guesses rest on. */
  readonly records: number;
  /**
   * Who told the columns, such as `table shop.orders of PostgreSQL 16.4`. Nothing of them is a guess then, and each run of ingest reads all rows.
   *
   * @default - nobody: they are guessed from the records
   */
  readonly toldBy?: string;
  /**
   * One character.
   *
   * @default ','
   */
  readonly delimiter?: string;
  /**
   * Of CSV, NDJSON and JSON.
   *
   * @default 'utf-8'
   */
  readonly encoding?: Encoding;
  /**
   * Whether a CSV file or a sheet begins with the names of its fields; `subset` where not all fields have one.
   *
   * @default true
   */
  readonly header?: boolean | 'subset';
  /**
   * Of a workbook: the sheet.
   *
   * @default - the only visible one
   */
  readonly sheet?: string;
  /**
   * Of a workbook: the first cell of the header, or of the records.
   *
   * @default 'A1'
   */
  readonly range?: string;
  /**
   * Of a JSON document: JSON pointer to its records.
   *
   * @default '' - the document itself
   */
  readonly recordsAt?: string;
}

/**
 * A data contract as YAML text, to be corrected by someone who knows the data: every guess says that it is one.
 *
 * The text is valid as it stands.
 */
export function draftContract(options: DraftOptions): string {
  return draftDatasets(options.name, [options]);
}

/** As {@link draftContract}, with a dataset for each sample. */
export function draftDatasets(name: string, datasets: readonly DraftOptions[]): string {
  const lines = [
    '# What the data is. Where it comes from, where it goes and how fast are props of the stages.',
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${name.replace(/_/g, '-')}`,
    `name: ${name}`,
    'version: "0.1.0"',
    'status: draft',
    '',
    'schema:',
    ...datasets.flatMap(datasetLines),
  ];
  return `${lines.join('\n')}\n`;
}

function datasetLines({ name, format, columns, records, toldBy, delimiter = ',', header = true, recordsAt = '', sheet, range, encoding }: DraftOptions): string[] {
  const guessed = toldBy === undefined ? ` # guessed from ${records.toLocaleString('en-US')} record${records === 1 ? '' : 's'}` : '';
  const byPosition = (format === 'csv' || format === 'excel') && header === false;
  const key = columns.find((column) => column.distinct && canBeKey(column.type));
  const isKeyKnown = columns.some(({ keyPosition }) => keyPosition !== undefined);
  // Texts of a database may hold line ends.
  const multiline = toldBy !== undefined && columns.some(({ type }) => type.kind === 'string');
  const record = recordFormat({ format, header, delimiter, recordsAt, sheet, range, encoding, multiline });
  return [
    ...(toldBy === undefined ? [] : [`  # ${oneLine(toldBy)}`]),
    `  - name: ${name}`,
    '    customProperties:',
    '      - property: headraceRecord',
    `        value: ${record}${guessed}`,
    '      # append: runs add rows. snapshot: a run is the whole. changes: a run has new versions of rows, and needs a primaryKey.',
    '      - property: headraceHistory',
    `        value: ${toldBy === undefined ? 'append' : 'snapshot'}`,
    '      # More rejected records than this stop a run before anything is published.',
    '      - property: headraceThreshold',
    '        value: { percent: 5 }',
    '    properties:',
    ...columns.flatMap((column, index) => columnLines(column, index, byPosition, guessed, !isKeyKnown && toldBy === undefined && column === key)),
  ];
}

type RecordOptions = Required<Pick<DraftOptions, 'format' | 'header' | 'delimiter' | 'recordsAt'>> & Pick<DraftOptions, 'sheet' | 'range' | 'encoding'> & { readonly multiline: boolean };

function recordFormat({ format, header, delimiter, recordsAt, sheet, range, encoding, multiline }: RecordOptions): string {
  const names = header === 'subset' ? 'subset' : header ? 'exact' : 'none';
  const encoded = encoding === undefined ? [] : [`encoding: ${encoding}`];
  if (format === 'csv') return `{ ${['format: csv', `header: ${names}`, `delimiter: ${text(delimiter)}`, ...encoded].join(', ')}${multiline ? ', multiline: true' : ''} }`;
  if (format === 'excel') return `{ format: excel, header: ${names}${sheet === undefined ? '' : `, sheet: ${text(sheet)}`}${range === undefined ? '' : `, range: ${range}`} }`;
  const options = [`format: ${format}`, ...(format === 'ndjson' || recordsAt === '' ? [] : [`recordsAt: ${text(recordsAt)}`]), ...encoded];
  return `{ ${options.join(', ')} }`;
}

function columnLines(column: DraftColumn, index: number, byPosition: boolean, guessed: string, key: boolean): string[] {
  const custom: string[] = [];
  if (byPosition) custom.push(`{ property: headraceSource, value: { position: ${index + 1} } }`);
  else if (column.json) custom.push(`{ property: headraceSource, value: { field: ${text(column.field)}, as: json } }`);
  else if (column.field !== column.name) custom.push(`{ property: headraceSource, value: { field: ${text(column.field)} } }`);
  return [
    ...(column.note === undefined ? [] : [`      # ${oneLine(column.note)}`]),
    ...(column.json ? [`      # Its objects and arrays have no one type; as: json is their text, path: /a/b a value inside. ${guessed.slice(3)}`] : []),
    `      - name: ${column.name}`,
    ...typeLines(column, guessed).map((line) => `        ${line}`),
    ...(column.required ? [`        required: true${guessed}`] : []),
    ...(key ? [`        # primaryKey: true  # all values differ; ${guessed.slice(3)}`] : []),
    ...(column.keyPosition === undefined ? [] : ['        primaryKey: true', `        primaryKeyPosition: ${column.keyPosition}`]),
    ...customLines(column, custom).map((line) => `        ${line}`),
  ];
}

/** The type, and what is inside of it. */
function typeLines(column: Pick<ColumnGuess, 'type' | 'format'>, guessed: string): string[] {
  const { type } = column;
  const lines = (inner: Column): string[] => [...typeLines(inner, guessed), ...customLines(inner, memberName(inner) === inner.name ? [] : [`{ property: headraceSource, value: { field: ${text(memberName(inner))} } }`])];
  if (type.kind === 'array') return [`logicalType: array${guessed}`, 'items:', ...lines(type.item).map((line) => `  ${line}`)];
  if (type.kind === 'object') return [`logicalType: object${guessed}`, 'properties:', ...type.members.flatMap((member) => [`  - name: ${member.name}`, ...lines(member).map((line) => `    ${line}`)])];
  const { logicalType, physicalType, options } = declaration(column);
  return [
    `logicalType: ${logicalType}${guessed}`,
    ...(physicalType === undefined ? [] : [`physicalType: ${physicalType}${guessed}`]),
    ...(options.length === 0 ? [] : [`logicalTypeOptions: { ${options.join(', ')} }${guessed}`]),
  ];
}

function customLines({ trueTokens, falseTokens = [] }: Pick<ColumnGuess, 'trueTokens' | 'falseTokens'>, custom: readonly string[]): string[] {
  const all = [...custom, ...(trueTokens === undefined ? [] : [`{ property: headraceBoolean, value: { trueTokens: ${list(trueTokens)}, falseTokens: ${list(falseTokens)} } }`])];
  return all.length === 0 ? [] : ['customProperties:', ...all.map((item) => `  - ${item}`)];
}

function declaration({ type, format }: Pick<ColumnGuess, 'type' | 'format'>): { logicalType: string; physicalType?: string; options: string[] } {
  const formats = format === undefined ? [] : [`format: ${text(format)}`];
  switch (type.kind) {
    case 'string': return { logicalType: 'string', physicalType: type.length === undefined ? undefined : `varchar(${type.length})`, options: [] };
    case 'uuid':
    case 'binary': return { logicalType: 'string', options: [`format: ${type.kind}`] };
    case 'integer': return { logicalType: 'integer', options: [`format: ${type.unsigned ? 'u' : 'i'}${type.bits}`] };
    case 'decimal': return { logicalType: 'number', physicalType: `decimal(${type.precision},${type.scale})`, options: [] };
    case 'float': return { logicalType: 'number', options: [`format: f${type.bits}`] };
    case 'timestamp': return { logicalType: 'timestamp', options: [...(type.zoned ? ['timezone: true'] : []), ...formats] };
    default: return { logicalType: type.kind, options: formats };
  }
}

function canBeKey(type: ColumnType): boolean {
  return type.kind === 'string' || type.kind === 'integer' || type.kind === 'uuid';
}

/** Names of a database may hold line ends, which would end a comment. */
function oneLine(comment: string): string {
  return comment.replace(/\s+/g, ' ');
}

/** JSON text is YAML text, whatever it holds. */
function text(value: string): string {
  return JSON.stringify(value);
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}
