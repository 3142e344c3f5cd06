import type { ColumnType } from './contract';
import type { ColumnGuess } from './guess-columns';

export interface DraftOptions {
  /** Name of the dataset and, with hyphens, of the contract. */
  readonly name: string;
  readonly format: 'csv' | 'ndjson' | 'json' | 'excel';
  readonly columns: readonly ColumnGuess[];
  /** How many records the guesses rest on. */
  readonly records: number;
  /**
   * One character.
   *
   * @default ','
   */
  readonly delimiter?: string;
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
  /**
   * Of JSON and NDJSON: members that hold objects or arrays, which are no columns.
   *
   * @default - none
   */
  readonly leftOut?: readonly string[];
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

function datasetLines({ name, format, columns, records, delimiter = ',', header = true, recordsAt = '', leftOut = [], sheet, range }: DraftOptions): string[] {
  const guessed = `# guessed from ${records.toLocaleString('en-US')} record${records === 1 ? '' : 's'}`;
  const byPosition = (format === 'csv' || format === 'excel') && header === false;
  const key = columns.find((column) => column.distinct && canBeKey(column.type));
  const record = recordFormat({ format, header, delimiter, recordsAt, leftOut, sheet, range });
  return [
    `  - name: ${name}`,
    '    customProperties:',
    '      - property: headraceRecord',
    `        value: ${record} ${guessed}`,
    ...(leftOut.length === 0 ? [] : [
      `      # subset leaves out what holds objects or arrays: ${list(leftOut)}`,
      '      # Columns with headraceSource { path: /a/b } read values inside of it; { field: a, as: json } is its JSON text.',
    ]),
    '      # append: runs add rows. snapshot: a run is the whole. changes: a run has new versions of rows, and needs a primaryKey.',
    '      - property: headraceHistory',
    '        value: append',
    '      # More rejected records than this stop a run before anything is published.',
    '      - property: headraceThreshold',
    '        value: { percent: 5 }',
    '    properties:',
    ...columns.flatMap((column, index) => columnLines(column, index, byPosition, guessed, column === key)),
  ];
}

type RecordOptions = Required<Omit<DraftOptions, 'name' | 'columns' | 'records' | 'sheet' | 'range'>> & Pick<DraftOptions, 'sheet' | 'range'>;

function recordFormat({ format, header, delimiter, recordsAt, leftOut, sheet, range }: RecordOptions): string {
  const names = header === 'subset' ? 'subset' : header ? 'exact' : 'none';
  if (format === 'csv') return `{ format: csv, header: ${names}, delimiter: ${text(delimiter)} }`;
  if (format === 'excel') return `{ format: excel, header: ${names}${sheet === undefined ? '' : `, sheet: ${text(sheet)}`}${range === undefined ? '' : `, range: ${range}`} }`;
  const options = [
    `format: ${format}`, ...(format === 'ndjson' || recordsAt === '' ? [] : [`recordsAt: ${text(recordsAt)}`]), ...(leftOut.length === 0 ? [] : ['header: subset']),
  ];
  return `{ ${options.join(', ')} }`;
}

function columnLines(column: ColumnGuess, index: number, byPosition: boolean, guessed: string, key: boolean): string[] {
  const { logicalType, physicalType, options } = declaration(column);
  const custom: string[] = [];
  if (byPosition) custom.push(`{ property: headraceSource, value: { position: ${index + 1} } }`);
  else if (column.field !== column.name) custom.push(`{ property: headraceSource, value: { field: ${text(column.field)} } }`);
  if (column.trueTokens !== undefined) custom.push(`{ property: headraceBoolean, value: { trueTokens: ${list(column.trueTokens)}, falseTokens: ${list(column.falseTokens ?? [])} } }`);
  return [
    `      - name: ${column.name}`,
    `        logicalType: ${logicalType} ${guessed}`,
    ...(physicalType === undefined ? [] : [`        physicalType: ${physicalType} ${guessed}`]),
    ...(options.length === 0 ? [] : [`        logicalTypeOptions: { ${options.join(', ')} } ${guessed}`]),
    ...(column.required ? [`        required: true ${guessed}`] : []),
    ...(key ? [`        # primaryKey: true  # all values differ; ${guessed.slice(2)}`] : []),
    ...(custom.length === 0 ? [] : ['        customProperties:', ...custom.map((item) => `          - ${item}`)]),
  ];
}

function declaration({ type, format }: ColumnGuess): { logicalType: string; physicalType?: string; options: string[] } {
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

/** JSON text is YAML text, whatever it holds. */
function text(value: string): string {
  return JSON.stringify(value);
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}
