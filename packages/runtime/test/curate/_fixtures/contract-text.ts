import { requireContract, type Contract } from '../../../src/contract';

/** A column in the words of the tests: `[name, type, more]`. */
export interface ColumnSpec {
  readonly name: string;
  /**
   * `string`, `integer` (i64), `i32`, `u8`, `f32`, `decimal(p,s)`, `number` (f64), `date`, `timestamp`, `boolean`; or all of the property
   * but its name, as a YAML flow map.
   */
  readonly type: string;
  readonly more?: string;
}

export interface DatasetSpec {
  readonly name?: string;
  readonly columns: readonly ColumnSpec[];
  /** Members of `headraceRecord` beyond `format: csv`, as a YAML flow map without braces. */
  readonly record?: string;
  /** Further custom properties of the dataset: name to YAML flow value. */
  readonly custom?: Readonly<Record<string, string>>;
  /** Quality rules of the dataset, each a YAML flow map. */
  readonly quality?: readonly string[];
  /** How long batches are kept: value and unit as in a YAML flow map without braces. */
  readonly retention?: string;
}

/** An ODCS contract with one dataset per spec. */
export function contractText(...datasets: DatasetSpec[]): string {
  const retained = datasets.flatMap(({ name = 'trips', retention }) => (retention === undefined ? [] : [`{ property: retention, element: ${name}, ${retention} }`]));
  return [
    'apiVersion: v3.1.0', 'kind: DataContract', 'id: tests', 'name: tests', 'version: 1.0.0', 'status: active',
    ...(retained.length === 0 ? [] : [`slaProperties: [${retained.join(', ')}]`]), 'schema:',
    ...datasets.flatMap(({ name = 'trips', columns, record = '', custom = {}, quality = [] }) => [
      `  - name: ${name}`, '    customProperties:',
      `      - { property: headraceRecord, value: { ${['format: csv', record].filter((part) => part !== '').join(', ').replace(/^format: csv, (format:.*)$/, '$1')} } }`,
      ...Object.entries(custom).map(([property, value]) => `      - { property: ${property}, value: ${value} }`),
      ...(quality.length === 0 ? [] : ['    quality:', ...quality.map((rule) => `      - ${rule}`)]),
      '    properties:',
      ...columns.flatMap((column) => (column.type.startsWith('{') ? [`      - { name: ${column.name}, ${column.type.slice(1)}`]
        : [`      - name: ${column.name}`, ...typeLines(column.type), ...(column.more === undefined ? [] : [`        ${column.more}`])])),
    ]),
    '',
  ].join('\n');
}

export function testContract(...datasets: DatasetSpec[]): Contract {
  return requireContract(contractText(...datasets), 'test.odcs.yaml');
}

function typeLines(type: string): string[] {
  if (/^[iu](8|16|32|64)$/.test(type)) return ['        logicalType: integer', `        logicalTypeOptions: { format: ${type} }`];
  if (type === 'integer') return ['        logicalType: integer', '        logicalTypeOptions: { format: i64 }'];
  if (type === 'number' || type === 'f32') return ['        logicalType: number', `        logicalTypeOptions: { format: ${type === 'f32' ? type : 'f64'} }`];
  if (type === 'zoned') return ['        logicalType: timestamp', '        logicalTypeOptions: { timezone: true }'];
  if (type.startsWith('decimal')) return ['        logicalType: number', `        physicalType: ${type}`];
  return [`        logicalType: ${type}`];
}
