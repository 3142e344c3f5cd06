import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { ContractError, formatProblem, LINEAGE_COLUMNS, parseContract, requireContract, type Dataset } from '../../src/contract';

const HEAD = ['apiVersion: v3.1.0', 'kind: DataContract', 'id: trips', 'version: "1.0.0"', 'status: active'];
const RECORD = '{ property: headraceRecord, value: { format: csv } }';

interface Parts {
  readonly head?: readonly string[];
  readonly object?: readonly string[];
  readonly custom?: readonly string[];
  readonly columns?: readonly string[];
}

/** A small contract: columns are flow objects, so each stands on one line. */
function yaml({ head = HEAD, object = [], custom = [RECORD], columns = ['{ name: id, logicalType: string, primaryKey: true }'] }: Parts = {}): string {
  return [
    ...head, 'schema:', '  - name: trips', ...object.map((line) => `    ${line}`),
    '    customProperties:', ...custom.map((line) => `      - ${line}`),
    ...(columns.length === 0 ? ['    properties: []'] : ['    properties:', ...columns.map((line) => `      - ${line}`)]), '',
  ].join('\n');
}

function problemsOf(text: string): string[] {
  return parseContract(text, 'c.yaml').problems.map(formatProblem);
}

function datasetOf(parts: Parts): Dataset {
  const { contract, problems } = parseContract(yaml(parts), 'c.yaml');
  expect(problems.map(formatProblem)).toEqual([]);
  return contract?.datasets[0] as Dataset;
}

const column = (rest: string): Parts => ({ columns: ['{ name: id, logicalType: string, primaryKey: true }', `{ name: fare, ${rest} }`] });
const record = (rest: string): Parts => ({ custom: [`{ property: headraceRecord, value: { ${rest} } }`] });
const custom = (...items: string[]): Parts => ({ custom: [RECORD, ...items] });
const quality = (rest: string): Parts => column(`logicalType: string, quality: [{ ${rest} }]`);

describe('parseContract', () => {
  test('reads the example of the reference pipeline without a problem', () => {
    const file = path.join(__dirname, '../../../../examples/reference-pipeline/contracts/flights.odcs.yaml');
    const text = readFileSync(file, 'utf8');
    const { contract, problems, ignored } = parseContract(text, 'flights.odcs.yaml');
    expect(problems).toEqual([]);
    expect(ignored).toEqual(['description', 'schema[airports].description', 'schema[flights].description']);
    expect(contract?.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(contract?.datasets.map(({ name, history, primaryKey, partitionColumns, threshold }) => (
      { name, history, primaryKey, partitionColumns, threshold }
    ))).toEqual([
      { name: 'flights', history: 'changes', primaryKey: ['flight_id'], partitionColumns: ['flight_month'], threshold: { percent: 5 } },
      { name: 'airports', history: 'snapshot', primaryKey: ['iata'], partitionColumns: [], threshold: { percent: 5 } },
    ]);
    expect(contract?.datasets[0]?.columns.find(({ name }) => name === 'origin_latitude')).toEqual({
      name: 'origin_latitude', type: { kind: 'decimal', precision: 9, scale: 6 }, required: false, unique: false, source: { field: 'origin_latitude' }, minimum: '-90', maximum: '90',
    });
  });

  test('fills what a contract leaves out', () => {
    expect(datasetOf({})).toEqual({
      name: 'trips', table: 'trips', history: 'append', schemaPolicy: 'strict', primaryKey: ['id'], partitionColumns: [], quality: [],
      record: {
        format: 'csv', compression: 'auto', encoding: 'utf-8', header: 'exact', delimiter: ',', quote: '"', escape: 'doubled', newline: 'auto', multiline: false, nullTokens: [''], trim: 'none', maxRecordBytes: 1_048_576,
      },
      columns: [{ name: 'id', type: { kind: 'string' }, required: true, unique: false, source: { field: 'id' } }],
    });
  });

  test('keeps bounds exact that a JavaScript number would round', () => {
    const [, fare] = datasetOf(column('logicalType: integer, logicalTypeOptions: { format: i64, maximum: 9223372036854775807, minimum: -9223372036854775808 }')).columns;
    expect(fare).toMatchObject({ maximum: '9223372036854775807', minimum: '-9223372036854775808' });
    const [, price] = datasetOf(column('logicalType: number, physicalType: "decimal(38,20)", logicalTypeOptions: { maximum: 0.10000000000000000001, minimum: 1e-20, multipleOf: 0.00000000000000000001 }')).columns;
    expect(price).toMatchObject({ maximum: '0.10000000000000000001', minimum: '0.00000000000000000001', multipleOf: '0.00000000000000000001' });
  });

  test('orders keys and partitions by their positions', () => {
    const dataset = datasetOf({ columns: [
      '{ name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 2, partitioned: true, partitionKeyPosition: 2 }',
      '{ name: b, logicalType: date, primaryKey: true, primaryKeyPosition: 1, partitioned: true, partitionKeyPosition: 1 }',
      '{ name: c, logicalType: string, primaryKeyPosition: -1 }',
    ] });
    expect([dataset.primaryKey, dataset.partitionColumns]).toEqual([['b', 'a'], ['b', 'a']]);
  });

  test.each<[string, string, object]>([
    ['string', 'logicalType: string', { kind: 'string' }],
    ['varchar', 'logicalType: string, physicalType: VARCHAR(20)', { kind: 'string', length: 20 }],
    ['uuid', 'logicalType: string, logicalTypeOptions: { format: uuid }', { kind: 'uuid' }],
    ['binary', 'logicalType: string, logicalTypeOptions: { format: binary }', { kind: 'binary' }],
    ['integer without format', 'logicalType: integer', { kind: 'integer', bits: 32 }],
    ['u64', 'logicalType: integer, logicalTypeOptions: { format: u64 }', { kind: 'integer', bits: 64, unsigned: true }],
    ['decimal', 'logicalType: number, physicalType: "decimal(38,38)"', { kind: 'decimal', precision: 38, scale: 38 }],
    ['numeric without scale', 'logicalType: number, physicalType: numeric(10)', { kind: 'decimal', precision: 10, scale: 0 }],
    ['f32', 'logicalType: number, logicalTypeOptions: { format: f32 }', { kind: 'float', bits: 32 }],
    ['boolean', 'logicalType: boolean', { kind: 'boolean' }],
    ['date', 'logicalType: date', { kind: 'date' }],
    ['time', 'logicalType: time', { kind: 'time' }],
    ['timestamp', 'logicalType: timestamp', { kind: 'timestamp', zoned: false }],
    ['instant', 'logicalType: timestamp, logicalTypeOptions: { timezone: true }', { kind: 'timestamp', zoned: true }],
    ['instant in UTC without offset', 'logicalType: timestamp, logicalTypeOptions: { timezone: true, defaultTimezone: Etc/UTC, format: "yyyy-MM-dd HH:mm:ss" }', { kind: 'timestamp', zoned: true }],
  ])('reads a column of type %s', (_name, rest, type) => {
    expect(datasetOf(column(rest)).columns[1]?.type).toEqual(type);
  });

  test('reads char(n) as a text of exactly n characters', () => {
    expect(datasetOf(column('logicalType: string, physicalType: char(3)')).columns[1]).toMatchObject({ type: { kind: 'string', length: 3 }, minLength: 3 });
  });

  test('gives columns of records without header their positions', () => {
    expect(datasetOf({ ...record('format: csv, header: none'), ...column('logicalType: string') }).columns.map(({ source }) => source)).toEqual([{ position: 1 }, { position: 2 }]);
  });

  test('reads dedupe with its defaults', () => {
    const dataset = datasetOf(custom('{ property: headraceDedupe, value: { orderBy: [{ column: id, direction: desc }] } }'));
    expect(dataset.dedupe).toEqual({ orderBy: [{ column: 'id', direction: 'desc', nulls: 'last' }], keep: 'first' });
  });

  test('reads whether rows tell where they came from, and reserves the names of those columns', () => {
    const lineage = (value: boolean) => datasetOf(custom(`{ property: headraceLineageColumns, value: ${value} }`));
    expect(lineage(true)).toMatchObject({ lineageColumns: true });
    expect(lineage(false)).not.toHaveProperty('lineageColumns');
    for (const { name } of LINEAGE_COLUMNS) {
      const { contract, problems } = parseContract(yaml({ columns: [`{ name: ${name}, logicalType: string }`] }), 'c.yaml');
      expect([contract, problems.map(({ rule }) => rule)]).toEqual([undefined, ['name']]);
    }
  });

  test('reads the order of files with its defaults, and takes a column that is masked by hash', () => {
    const dataset = datasetOf({
      ...custom('{ property: headraceSort, value: [{ column: at, direction: desc }, { column: iban, nulls: first }] }'),
      columns: ['{ name: at, logicalType: timestamp }', '{ name: iban, logicalType: string, logicalTypeOptions: { format: binary }, customProperties: [{ property: headraceMask, value: { method: hash } }] }'],
    });
    expect(dataset.sort).toEqual([{ column: 'at', direction: 'desc', nulls: 'last' }, { column: 'iban', direction: 'asc', nulls: 'first' }]);
    expect(datasetOf({})).not.toHaveProperty('sort');
  });

  test('takes the braces of a pattern in sql for no placeholder', () => {
    const { problems } = parseContract(yaml(quality('type: sql, query: "SELECT count(*) FROM {object} WHERE regexp_full_match(iban, \'[A-Z]{2}[0-9]{2,}\')", mustBe: 0')), 'c.yaml');
    expect(problems).toEqual([]);
  });

  test('reads quality rules, and warns of exclusive limits', () => {
    const { contract, problems } = parseContract(yaml(column('logicalType: string, quality: [{ metric: nullValues, mustBeBetween: [0, 2.5], unit: percent, severity: warning, customProperties: [{ property: headraceAction, value: quarantine }] }]')), 'c.yaml');
    expect(problems.map(formatProblem)).toEqual([
      'c.yaml:12 warning: schema[trips].properties[fare].quality[0].mustBeBetween: mustBeBetween leaves both limits out, as the text of the standard says (found 0 and 2.5). Fix: no change if that is meant; otherwise two rules with OrEqualTo',
    ]);
    expect(contract?.datasets[0]?.quality).toEqual([{
      id: 'schema[trips].properties[fare].quality[0]', column: 'fare', metric: 'nullValues', arguments: undefined, operator: 'mustBeBetween', values: ['0', '2.5'], unit: 'percent', severity: 'warning', quarantine: true,
    }]);
  });

  test('follows anchors and aliases', () => {
    const dataset = datasetOf({ columns: ['&c { name: id, logicalType: string, primaryKey: true, logicalTypeOptions: &o { maxLength: 3 } }', '{ name: b, logicalType: string, logicalTypeOptions: *o }'] });
    expect(dataset.columns.map(({ maxLength }) => maxLength)).toEqual([3, 3]);
  });

  test('lists every key that has no effect, by its path', () => {
    const text = yaml({
      head: [...HEAD, 'domain: d', 'tags: [a]', 'servers: [{ server: s, type: s3 }]', 'team: { name: t }', 'slaProperties: [{ property: latency, value: 3, unit: d }, { property: retention, value: 3, unit: d, element: trips.id }]', 'customProperties: [{ property: otherTool, value: 1 }]'],
      object: ['businessName: Trips', 'physicalType: table'],
      columns: ['{ name: id, logicalType: string, businessName: b, examples: [x], logicalTypeOptions: { format: email }, quality: [{ type: text, description: d }], customProperties: [{ property: x, value: { y: 1 } }] }'],
    });
    const { problems, ignored } = parseContract(text, 'c.yaml');
    expect(problems).toEqual([]);
    expect(ignored).toEqual([
      'customProperties[otherTool]', 'domain', 'schema[trips].businessName', 'schema[trips].physicalType', 'schema[trips].properties[id].businessName', 'schema[trips].properties[id].customProperties[x]',
      'schema[trips].properties[id].examples', 'schema[trips].properties[id].logicalTypeOptions.format', 'schema[trips].properties[id].quality[0]', 'schema[trips].properties[id].quality[0].description',
      'servers', 'slaProperties[latency]', 'slaProperties[retention]', 'tags', 'team',
    ]);
  });

  test('takes version 3.0 of the standard with a warning', () => {
    const { contract, problems } = parseContract(yaml({ head: ['apiVersion: v3.0.2', ...HEAD.slice(1)] }), 'c.yaml');
    expect(contract?.id).toBe('trips');
    expect(problems.map(formatProblem)).toEqual(['c.yaml:1 warning: apiVersion: this is read as v3.1.0 (found "v3.0.2"). Fix: write apiVersion: v3.1.0']);
  });

  test('reports all problems at once, in the order of the file', () => {
    const text = yaml({
      head: ['apiVersion: v2.2.2', 'kind: DataContract', 'id: trips', 'version: 1.0', 'status: active', 'colour: red'],
      columns: ['{ name: Fare, logicalType: number }', '{ name: file_row_number, logicalType: string }', '{ name: day, logicalType: date, logicalTypeOptions: { format: YYYY-MM-dd } }'],
    });
    expect(problemsOf(text)).toEqual([
      'c.yaml:1 apiVersion: this version of the standard is not supported (found "v2.2.2"). Fix: write apiVersion: v3.1.0',
      'c.yaml:4 version: version must be text (found 1.0). Fix: write it in quotes: version: "1.0"',
      'c.yaml:6 colour: colour is not a key of this place (found "red"). Fix: leave it out',
      'c.yaml:12 schema[trips].properties[Fare].name: a column name has 1 to 63 lower case letters, digits and _, and begins with a letter (found "Fare"). Fix: write name: fare and, with headraceSource, field: "Fare"',
      'c.yaml:12 schema[trips].properties[Fare].logicalType: number needs physicalType decimal(p,s) or format f32 or f64 (found neither). Fix: physicalType: decimal(10,2) with the digits you need, or logicalTypeOptions: { format: f64 }',
      'c.yaml:13 schema[trips].properties[file_row_number].name: the engine counts the rows of a file by this name, and reads no file that has such a column (found "file_row_number"). Fix: write another name and, with headraceSource, field: "file_row_number"',
      'c.yaml:14 schema[trips].properties[day].logicalTypeOptions.format: format: YYYY is the year of the week, which differs from the calendar year around New Year (found "YYYY-MM-dd"). Fix: write yyyy',
    ]);
  });

  test.each<[string, Parts, string]>([
    ['a missing id', { head: HEAD.filter((line) => !line.startsWith('id')) }, 'id is required (found nothing). Fix: write id: with a name or UUID that no other contract has'],
    ['an empty status', { head: [...HEAD.slice(0, 4), 'status: ""'] }, 'status: status is required (found empty text). Fix: write status: active'],
    ['another kind', { head: ['apiVersion: v3.1.0', 'kind: Contract', ...HEAD.slice(2)] }, 'kind must be DataContract (found "Contract")'],
    ['a key twice', { head: [...HEAD, 'id: other'] }, 'Map keys must be unique (found id: other). Fix: keep one of the two'],
    ['broken YAML', { head: [...HEAD, 'team: [a'] }, 'Fix: correct the YAML at this place'],
    ['a key that is not text', { head: [...HEAD, '1: x'] }, 'a key must be text (found 1). Fix: put the key in quotes'],
    ['a misspelt key', { object: ['physicalname: t'] }, 'physicalname is not a key of this place (found "t"). Fix: write physicalName, or leave it out'],
    ['a schema in physicalName', { object: ['physicalName: public.trips'] }, 'Fix: write the table alone; its schema is a prop of the load stage'],
    ['no columns', { columns: [] }, 'properties: a dataset needs at least one column (found []). Fix: write one entry per column'],
    ['no record format', { custom: ['{ property: headraceHistory, value: append }'] }, 'the record format is not declared (found nothing). Fix: add to customProperties: { property: headraceRecord, value: { format: csv } }'],
    ['a filter on no column', custom('{ property: headraceFilter, value: "a > 1" }'), 'headraceFilter, character 1: no column of the dataset is called a (found a). Fix: use one of'],
    ['a filter that is no condition', custom('{ property: headraceFilter, value: "1 + 1" }'), 'headraceFilter gives integer of 2 digits, and keeps the records for which a condition is TRUE (found "1 + 1")'],
    ['a filter that is no text', custom('{ property: headraceFilter, value: true }'), 'value must be text (found true)'],
    ['an unknown property of ours', custom('{ property: headraceHistry, value: append }'), 'headraceHistry is not a property of Headrace (found "headraceHistry"). Fix: use one of headraceRecord'],
    ['a property at the wrong place', custom('{ property: headraceDefault, value: x }'), 'headraceDefault belongs to a column, not to a dataset'],
    ['a property twice', custom('{ property: headraceHistory, value: append }', '{ property: headraceHistory, value: changes }'), 'headraceHistory appears twice'],
    ['a property without value', custom('{ property: headraceHistory }'), 'headraceHistory has no value. Fix: write value: after it'.replace('value.', 'value (found "headraceHistory").')],
    ['an unknown history', custom('{ property: headraceHistory, value: log }'), 'value must be append, snapshot or changes (found "log")'],
    ['changes without a key', { ...custom('{ property: headraceHistory, value: changes }'), columns: ['{ name: a, logicalType: string }'] }, 'history changes keeps the newest row per key, so it needs a key (found no primaryKey)'],
    ['an unknown policy', custom('{ property: headraceSchemaPolicy, value: lax }'), 'value must be strict, evolve or permissive'],
    ['a threshold above 100 percent', custom('{ property: headraceThreshold, value: { percent: 101 } }'), 'percent must be from 0 to 100 (found 101)'],
    ['an empty threshold', custom('{ property: headraceThreshold, value: {} }'), 'headraceThreshold needs rows or percent'],
    ['dedupe by an unknown column', custom('{ property: headraceDedupe, value: { orderBy: [{ column: x }] } }'), 'no column has this name (found "x"). Fix: use one of id'],
    ['dedupe without a key', { ...custom('{ property: headraceDedupe, value: { keep: last } }'), columns: ['{ name: a, logicalType: string }'] }, 'headraceDedupe keeps one record per key, so it needs a key'],
    ['a sort by an unknown column', custom('{ property: headraceSort, value: [{ column: x }] }'), 'no column has this name (found "x"). Fix: use one of id'],
    ['a sort by nothing', custom('{ property: headraceSort, value: [] }'), 'headraceSort names 1 to 4 columns (found 0 columns)'],
    ['a sort by five columns', { ...custom('{ property: headraceSort, value: [{ column: a }, { column: b }, { column: c }, { column: d }, { column: e }] }'), columns: ['a', 'b', 'c', 'd', 'e'].map((name) => `{ name: ${name}, logicalType: date }`) }, 'headraceSort names 1 to 4 columns (found 5 columns)'],
    ['a sort by one column twice', custom('{ property: headraceSort, value: [{ column: id }, { column: id, direction: desc }] }'), 'headraceSort names id twice (found "id")'],
    ['a sort by a column partition', { ...custom('{ property: headraceSort, value: [{ column: day }] }'), columns: ['{ name: a, logicalType: string }', '{ name: day, logicalType: date, partitioned: true }'] }, 'day is a column partition: all rows of a file have the same value (found "day")'],
    ['a sort by bytes', { ...custom('{ property: headraceSort, value: [{ column: a }] }'), columns: ['{ name: a, logicalType: string, logicalTypeOptions: { format: binary } }'] }, 'a is a binary, and files cannot be sorted by one (found "a"). Fix: sort by a string, number'],
    ['a sort by an array', { ...custom('{ property: headraceSort, value: [{ column: a }] }'), custom: ['{ property: headraceRecord, value: { format: json } }', '{ property: headraceSort, value: [{ column: a }] }'], columns: ['{ name: id, logicalType: string }', '{ name: a, logicalType: array, items: { logicalType: string } }'] }, 'an array has no order that every engine shares (found "a")'],
    ['a sort by a masked column', { ...custom('{ property: headraceSort, value: [{ column: b }] }'), columns: ['{ name: a, logicalType: string }', '{ name: b, logicalType: string, customProperties: [{ property: headraceMask, value: { method: drop } }] }'] }, 'b is masked by drop, which leaves nothing to sort by (found "b")'],
    ['a sort in another form', custom('{ property: headraceSort, value: { column: id } }'), 'value must be a list'],
    ['an unknown record format', record('format: orc'), 'Fix: write csv, ndjson, json, xml, fixed-width, parquet, avro, excel, tsv for csv with tabs, or one that only lands in Raw: text'],
    ['the dialect of a format that only lands', record('format: text, delimiter: ";"'), 'text lands as it is, so delimiter has no effect'],
    ['the dialect of a text in a workbook', record('format: excel, delimiter: ";"'), 'delimiter has no meaning for excel, whose values are typed'],
    ['an option of workbooks elsewhere', record('format: csv, sheet: Data'), 'sheet has a meaning for excel only'],
    ['a range that is none', record('format: excel, range: "B4:A9"'), 'Fix: write A4 where title rows stand above the header, B4:F for some columns, or B4:F200 for some rows'],
    ['a sheet without a name', record('format: excel, sheet: ""'), 'a sheet has a name of 1 to 31 characters'],
    ['an option of workbooks that there is not', record('format: excel, skipRows: 3'), 'skipRows'],
    ['the dialect of texts for a typed format', record('format: parquet, nullTokens: [""]'), 'nullTokens has no meaning for parquet, whose values are typed'],
    ['an encoding of a typed format', record('format: avro, encoding: latin-1'), 'encoding has no meaning for avro, whose values are typed'],
    ['the compression of a typed format', record('format: avro, compression: gzip'), 'compression has no meaning for avro, whose values are typed'],
    ['an unknown encoding', record('format: csv, encoding: ebcdic'), 'Fix: write one of utf-8, utf-16, utf-16le, utf-16be, iso-8859-1'],
    ['backslash escapes', record('format: csv, escape: backslash'), 'backslash escapes are not supported: readers disagree on what they mean'],
    ['trimming', record('format: csv, trim: both'), 'Fix: write none; spaces are part of the data, and a pattern can refuse them'],
    ['a letter as delimiter', record('format: csv, delimiter: x'), 'delimiter must be one ASCII character that is no letter, digit, point, minus or line end (found "x")'],
    ['two characters as delimiter', record('format: csv, delimiter: "||"'), 'Fix: write "," ";" "|" or "\\t"'],
    ['equal quote and delimiter', record('format: csv, delimiter: "\'", quote: "\'"'), 'quote and delimiter are the same character'],
    ['multiline without quotes', record('format: csv, quote: "", multiline: true'), 'without quotes a line end always ends the record'],
    ['fields in csv', record('format: csv, fields: [1, 2]'), 'fields has a meaning for fixed-width only'],
    ['a field without place', record('format: fixed-width, fields: [{ name: id, length: 1 }]'), 'start is required (found nothing). Fix: write start: in characters; the first is 1'],
    ['a field twice', record('format: fixed-width, fields: [{ name: id, start: 1, length: 1 }, { name: id, start: 2, length: 1 }]'), 'another field has this name (found "id")'],
    ['no field', record('format: fixed-width, fields: []'), 'fields needs at least one field'],
    ['a column without field', record('format: fixed-width, fields: [{ name: x, start: 1, length: 1 }]'), 'id reads a field that headraceRecord.fields does not have (found field "id"). Fix: use one of x, or add the field'],
    ['a header in fixed-width', record('format: fixed-width, header: none, fields: [{ name: id, start: 1, length: 1 }]'), 'header has no meaning for fixed-width'],
    ['a path in records', record('format: json, path: $.x'), 'paths into documents are not supported (found "$.x"). Fix: write recordsAt: with a JSON pointer of json, with names of elements of xml'],
    ['a place of records in lines', record('format: ndjson, recordsAt: /a'), 'recordsAt has a meaning for json and xml only'],
    ['a place of records that is no pointer', record('format: json, recordsAt: data.items'), 'recordsAt must be a JSON pointer (found "data.items"). Fix: write one like /data/items'],
    ['a pointer with an open escape', record('format: json, recordsAt: /a~2'), 'recordsAt must be a JSON pointer (found "/a~2")'],
    ['a line end in json', record('format: json, newline: lf'), 'newline has no meaning for json, where line ends are spaces'],
    ['a delimiter in json', record('format: json, delimiter: ","'), 'delimiter has no meaning for json'],
    ['a delimiter in ndjson', record('format: ndjson, delimiter: ","'), 'delimiter has no meaning for ndjson'],
    ['null tokens in ndjson', record('format: ndjson, nullTokens: [NA]'), 'Fix: leave it out; NULL is null, or an absent member'],
    ['no header in ndjson', record('format: ndjson, header: none'), 'Fix: write exact (unknown members are rejects) or subset (they are left out)'],
    ['a place of records in xml that is no path', record('format: xml, recordsAt: rows/row'), 'recordsAt must be the names of elements from the root to the records, whose name has 60 bytes at most (found "rows/row"). Fix: write one like /rows/row'],
    ['a place of records in xml with a wildcard', record('format: xml, recordsAt: "/rows/*"'), 'recordsAt must be the names of elements'],
    ['a delimiter in xml', record('format: xml, recordsAt: /a, delimiter: ","'), 'delimiter has no meaning for xml'],
    ['an empty list in json', record('format: json, noRecords: empty'), 'noRecords has a meaning for xml only'],
    ['the dialect of xml that only lands', record('format: xml, header: subset'), 'xml lands as it is, so header has no effect'],
    ['a column of xml that is no name', { ...record('format: xml, recordsAt: /a'), columns: ['{ name: id, logicalType: string, customProperties: [{ property: headraceSource, value: { field: "a//b" } }] }'] }, 'id names no field of an XML record (found field "a//b"). Fix: write headraceSource: { field: … } with name or a/b for an element'],
    ['a text and an element in it', { ...record('format: xml, recordsAt: /a'), columns: ['{ name: id, logicalType: string }', '{ name: b, logicalType: string, customProperties: [{ property: headraceSource, value: { field: id/b/@c } }] }'] }, 'id is the text of an element in which b is an element'],
    ['a tiny record limit', record('format: csv, maxRecordBytes: 1'), 'maxRecordBytes must be a whole number from 64 to 67108864 (found 1)'],
    ['no logicalType', column('required: true'), 'logicalType is required'],
    ['an unknown logicalType', column('logicalType: text'), 'logicalType must be string, date, timestamp, time, number, integer, boolean, object or array (found "text")'],
    ['an array without items', column('logicalType: array'), 'an array needs the type of its elements (found nothing). Fix: write items: { logicalType: string }'], ['an object of csv', column('logicalType: object, properties: [{ name: a, logicalType: string }]'), 'an object is read from ndjson, json, avro, parquet, and the records are csv (found object)'],
    ['number with an integer format', column('logicalType: number, logicalTypeOptions: { format: i32 }'), 'Fix: write f32 or f64, or use logicalType integer for i8 to u64'],
    ['number with both', column('logicalType: number, physicalType: "decimal(5,2)", logicalTypeOptions: { format: f32 }'), 'a number is either a decimal or a float'],
    ['a decimal of 39 digits', column('logicalType: number, physicalType: "decimal(39,2)"'), 'a decimal has 1 to 38 digits'],
    ['a scale above the precision', column('logicalType: number, physicalType: "decimal(5,6)"'), 'a decimal has 1 to 38 digits, of which at most all stand after the point (found decimal(5,6))'],
    ['another physical type of a number', column('logicalType: number, physicalType: double'), 'physicalType of a number must be decimal(p,s) (found "double")'],
    ['another physical type of a string', column('logicalType: string, physicalType: text'), 'physicalType of a string must be varchar(n) or char(n) (found "text")'],
    ['varchar(0)', column('logicalType: string, physicalType: varchar(0)'), 'write varchar(n) with n from 1'],
    ['a physical type of an integer', column('logicalType: integer, physicalType: INT'), 'physicalType has no meaning for logicalType integer (found "INT"). Fix: leave it out; logicalTypeOptions.format (i8 to u64) is the width'],
    ['i128', column('logicalType: integer, logicalTypeOptions: { format: i128 }'), 'i128 has up to 39 digits, and no target keeps more than 38 (found "i128"). Fix: use logicalType number with physicalType decimal(38,0)'],
    ['an unknown integer format', column('logicalType: integer, logicalTypeOptions: { format: int }'), 'format of an integer must be i8, i16, i32, i64, u8, u16, u32 or u64'],
    ['an offset in a zoneless format', column('logicalType: timestamp, logicalTypeOptions: { format: "yyyy-MM-dd HH:mm:ssX" }'), 'the format has an offset and the column keeps none'],
    ['a zone without timezone', column('logicalType: timestamp, logicalTypeOptions: { defaultTimezone: Europe/Berlin }'), 'a column without zone keeps the clock time as written'],
    ['clock times of a named zone', column('logicalType: timestamp, logicalTypeOptions: { timezone: true, defaultTimezone: Europe/Berlin, format: "yyyy-MM-dd HH:mm" }'), 'texts without offset are instants only in UTC'],
    ['an instant without offset or zone', column('logicalType: timestamp, logicalTypeOptions: { timezone: true, format: "yyyy-MM-dd HH:mm" }'), 'Fix: write defaultTimezone: Etc/UTC if the source writes UTC'],
    ['a zone beside offsets', column('logicalType: timestamp, logicalTypeOptions: { timezone: true, defaultTimezone: Europe/Berlin }'), 'each text carries its own offset'],
    ['a time with a zone', column('logicalType: time, logicalTypeOptions: { timezone: true }'), 'a time of day with a zone is not supported'],
    ['the unquoted Z of the standard', column('logicalType: timestamp, logicalTypeOptions: { format: "yyyy-MM-ddTHH:mm:ssZ" }'), "Fix: write X for an offset (Z, +02:00, +0200 or +02), or 'Z' in quotes for the letter"],
    ['a bound beyond the type', column('logicalType: integer, logicalTypeOptions: { maximum: 2147483648 }'), 'maximum lies outside -2147483648 to 2147483647 (found 2147483648)'],
    ['a fraction as bound of an integer', column('logicalType: integer, logicalTypeOptions: { maximum: 1.5 }'), 'maximum is not a whole number (found 1.5)'],
    ['a bound with too many places', column('logicalType: number, physicalType: "decimal(5,2)", logicalTypeOptions: { minimum: 0.001 }'), 'minimum has more than 2 digits after the point'],
    ['a bound with too many digits', column('logicalType: number, physicalType: "decimal(5,2)", logicalTypeOptions: { maximum: 1000 }'), 'maximum has more than 3 digits before the point'],
    ['an infinite bound', column('logicalType: number, logicalTypeOptions: { format: f64, maximum: .inf }'), 'maximum must be a number (found .inf). Fix: write a finite decimal number, without quotes'],
    ['a bound in quotes', column('logicalType: integer, logicalTypeOptions: { maximum: "5" }'), 'maximum must be a number (found "5")'],
    ['crossed bounds', column('logicalType: integer, logicalTypeOptions: { minimum: 5, maximum: 4 }'), 'no value lies between the bounds (found 5 and 4)'],
    ['both lower bounds', column('logicalType: integer, logicalTypeOptions: { minimum: 5, exclusiveMinimum: 4 }'), 'minimum and exclusiveMinimum are both given'],
    ['multiples of a float', column('logicalType: number, logicalTypeOptions: { format: f64, multipleOf: 0.1 }'), 'a float is hardly ever an exact multiple'],
    ['multiples of zero', column('logicalType: integer, logicalTypeOptions: { multipleOf: 0 }'), 'multipleOf must be greater than 0'],
    ['a date bound in the data\'s format', column('logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy, minimum: "01.01.2024" }'), 'minimum must be an ISO date of the calendar, whatever format the data has (found "01.01.2024"). Fix: write it like "2024-12-31"'],
    ['a date bound that does not exist', column('logicalType: date, logicalTypeOptions: { minimum: "2024-02-30" }'), 'minimum must be an ISO date of the calendar'],
    ['an instant bound without offset', column('logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2024-01-01T00:00:00" }'), 'Fix: write it like "2024-12-31T23:59:59Z"'],
    ['crossed instants', column('logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2024-01-01T00:00:00Z", maximum: "2024-01-01T01:00:00+02:00" }'), 'no value lies between the bounds'],
    ['a look-ahead', column('logicalType: string, logicalTypeOptions: { pattern: "(?=a)" }'), 'pattern: look-ahead and look-behind are not supported'],
    ['crossed lengths', column('logicalType: string, logicalTypeOptions: { minLength: 3, maxLength: 2 }'), 'no text has at least 3 and at most 2 characters'],
    ['a pattern on a date', column('logicalType: date, logicalTypeOptions: { pattern: x }'), 'pattern is not a key of this place'],
    ['a length on a uuid', column('logicalType: string, logicalTypeOptions: { format: uuid, maxLength: 3 }'), 'maxLength has no meaning for uuid'],
    ['a nullable key', { columns: ['{ name: id, logicalType: string, primaryKey: true, required: false }'] }, 'a primary key column cannot be NULL'],
    ['a float as key', { columns: ['{ name: id, logicalType: number, logicalTypeOptions: { format: f64 }, primaryKey: true }'] }, 'a number f64 cannot be a key'],
    ['a timestamp as partition', column('logicalType: timestamp, partitioned: true'), 'a timestamp cannot be a column partition'],
    ['partitions only', { columns: ['{ name: id, logicalType: string, partitioned: true }'] }, 'every column is partitioned'],
    ['a position without key', column('logicalType: string, primaryKeyPosition: 1'), 'primaryKeyPosition without primaryKey: true'],
    ['positions with a gap', { columns: ['{ name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }', '{ name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 3 }'] }, 'primaryKeyPosition must number the columns 1, 2, … (found a: 1, b: 3)'],
    ['a column twice', { columns: ['{ name: a, logicalType: string }', '{ name: a, logicalType: date, customProperties: [{ property: headraceSource, value: { field: x } }] }'] }, 'another column of this dataset has this name (line 11)'],
    ['a field read twice', { columns: ['{ name: a, logicalType: string }', '{ name: b, logicalType: string, customProperties: [{ property: headraceSource, value: { field: a } }] }'] }, 'b and a read the same field'],
    ['a reserved name', { columns: ['{ name: _headrace_attempt, logicalType: string }'] }, 'a column name has 1 to 63 lower case letters'],
    ['a position with a header', column('logicalType: string, customProperties: [{ property: headraceSource, value: { position: 2 } }]'), 'fare reads by position, and the records have names'],
    ['a field without a header', { ...record('format: csv, header: none'), ...column('logicalType: string, customProperties: [{ property: headraceSource, value: { field: Fare } }]') }, 'fare reads by name, and the records have no header'],
    ['a source with both', column('logicalType: string, customProperties: [{ property: headraceSource, value: { field: a, position: 1 } }]'), 'headraceSource needs one of field, position and path (found several)'],
    ['a source path that is no pointer', { ...record('format: ndjson'), ...column('logicalType: string, customProperties: [{ property: headraceSource, value: { path: $.a } }]') }, 'path must be a JSON pointer into the record, of at most 50 keys (found "$.a"). Fix: write one like /address/city'],
    ['a source path to the whole record', { ...record('format: ndjson'), ...column('logicalType: string, customProperties: [{ property: headraceSource, value: { path: "", as: json } }]') }, 'path must be a JSON pointer into the record'],
    ['a source path in csv', column('logicalType: string, customProperties: [{ property: headraceSource, value: { path: /a } }]'), 'path leads into members of JSON, and the records are csv (found csv). Fix: write field: <name in the header>'],
    ['JSON text in csv', column('logicalType: string, customProperties: [{ property: headraceSource, value: { field: a, as: json } }]'), 'as: json leads into members of JSON, and the records are csv'],
    ['JSON text as a number', { ...record('format: ndjson'), ...column('logicalType: integer, customProperties: [{ property: headraceSource, value: { field: a, as: json } }]') }, 'JSON text is the value of a string column of JSON records (found integer i32)'],
    ['a column inside of a plain one', { ...record('format: ndjson'), columns: ['{ name: a, logicalType: string }', '{ name: b, logicalType: string, customProperties: [{ property: headraceSource, value: { path: /a/b } }] }'] }, 'b is read from inside of /a, which is a plain value for a (found /a/b). Fix: write as: json into the headraceSource of a'],
    ['a member read by name and by path', { ...record('format: ndjson'), columns: ['{ name: a, logicalType: string }', '{ name: b, logicalType: string, customProperties: [{ property: headraceSource, value: { path: /a } }] }'] }, 'b and a read the same field'],
    ['boolean texts on a string', column('logicalType: string, customProperties: [{ property: headraceBoolean, value: { trueTokens: [Y], falseTokens: [N] } }]'), 'headraceBoolean belongs to a boolean column'],
    ['equal boolean texts', column('logicalType: boolean, customProperties: [{ property: headraceBoolean, value: { trueTokens: ["1"], falseTokens: ["1"] } }]'), 'headraceBoolean needs different, non-empty texts for true and for false'],
    ['a default of another type', column('logicalType: integer, customProperties: [{ property: headraceDefault, value: none }]'), 'headraceDefault is no integer i32 in the form that the records use (found "none")'],
    ['a default beyond the type', column('logicalType: integer, logicalTypeOptions: { format: i8 }, customProperties: [{ property: headraceDefault, value: 128 }]'), 'headraceDefault is no integer i8'],
    ['a physical column name', column('logicalType: string, physicalName: FARE'), 'Fix: leave it out; the name in the source is headraceSource: { field: … }'],
    ['a computed column of another type', column('logicalType: string, transformLogic: "1 + 1"'), 'transformLogic of fare: the expression gives integer of 2 digits, and the column is string (found "1 + 1"). Fix: write CAST(… AS string), or declare the type that it gives'],
    ['a computed column without an expression', column('logicalType: string, transformLogic: ""'), 'transformLogic, character 1: expected an expression (found the end)'],
    ['a computed column from itself', column('logicalType: string, transformLogic: "fare"'), 'fare is computed from itself, by way of fare (found fare)'],
    ['computed columns only', { columns: ['{ name: a, logicalType: string, transformLogic: "\'x\'" }'] }, 'every column is computed, and nothing is read'],
    ['a computed column with a source', column('logicalType: string, transformLogic: "\'x\'", customProperties: [{ property: headraceSource, value: { field: x } }]'), 'a computed column is read from no field, so headraceSource has no meaning'],
    ['a computed column with a default', column('logicalType: string, transformLogic: "\'x\'", customProperties: [{ property: headraceDefault, value: x }]'), 'Fix: write COALESCE into transformLogic'],
    ['a computed date with a format', column('logicalType: date, logicalTypeOptions: { format: dd.MM.yyyy }, transformLogic: "DATE \'2024-01-01\'"'), 'a computed column is read from no text, so format has no meaning'],
    ['objects that a column is computed from', column('logicalType: string, transformSourceObjects: [a]'), 'a column is computed from columns of its own record only'],
    ['encrypted twins', column('logicalType: string, encryptedName: x'), 'encrypted twins of columns are not supported'],
    ['a rule over the text of a computed column', column('logicalType: string, transformLogic: "LOWER(\'A\')", quality: [{ metric: nullValues, mustBe: 0 }]'), 'nullValues looks at the text of the record, and fare is computed (found nullValues). Fix: move the rule to a column that it is computed from'],
    ['a rule of another engine', quality('type: custom, engine: soda, implementation: x'), 'rules of other engines are not run'],
    ['a rule without operator', quality('metric: nullValues'), 'a rule has exactly one operator (found none)'],
    ['a rule with two operators', quality('metric: nullValues, mustBe: 0, mustNotBe: 1'), 'a rule has exactly one operator (found mustBe, mustNotBe). Fix: write one rule per operator'],
    ['a rule without metric', quality('mustBe: 0'), 'metric is required'],
    ['the old name of metric', quality('rule: nullValues, mustBe: 0'), 'rule is the old name of metric'],
    ['invalidValues without arguments', quality('metric: invalidValues, mustBe: 0'), 'invalidValues needs validValues or pattern'],
    ['rowCount on a column', quality('metric: rowCount, mustBeGreaterThan: 0'), 'rowCount belongs to a dataset'],
    ['quarantine by sql', quality('type: sql, query: "SELECT 1", mustBe: 0, customProperties: [{ property: headraceAction, value: quarantine }]'), 'sql selects no records to quarantine'],
    ['another placeholder', quality('type: sql, query: "SELECT count(*) FROM ${table}", mustBe: 0'), '${table} is not known here (found ${table}). Fix: write {object} or {property}'],
    ['crossed limits', quality('metric: nullValues, mustBeBetween: [5, 1]'), 'mustBeBetween needs two numbers, the smaller one first'],
    ['quarantine of duplicates', quality('metric: duplicateValues, mustBe: 0, customProperties: [{ property: headraceAction, value: quarantine }]'), 'duplicateValues counts records, and this version does not quarantine them'],
    ['duplicates of an unknown column', quality('metric: duplicateValues, mustBe: 0, arguments: { properties: [fares] }'), 'no column has this name (found "fares"). Fix: use some of id, fare'],
    ['duplicates of a float', column('logicalType: number, logicalTypeOptions: { format: f64 }, quality: [{ metric: duplicateValues, mustBe: 0 }]'), 'fare: duplicates of a number f64 cannot be told alike by every engine'],
    ['two rules of one name', column('logicalType: string, quality: [{ name: a, metric: nullValues, mustBe: 0 }, { id: a, metric: nullValues, mustBe: 0 }]'), 'another rule of this dataset has this name (line 12) (found "a")'],
    ['a schedule of a rule', quality('metric: nullValues, mustBe: 0, schedule: "0 0 * * *"'), 'rules run with every batch'],
  ])('refuses %s', (_name, parts, message) => {
    const { contract, problems } = parseContract(yaml(parts), 'c.yaml');
    expect(contract).toBeUndefined();
    expect(problems.filter(({ severity }) => severity === 'error').map(formatProblem)).toEqual([expect.stringContaining(message)]);
  });

  test.each([
    ['an empty file', '', 'a contract must be an object'],
    ['a list', '- a', 'a contract must be an object'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'Fix: keep one contract per file'],
    ['a file above 4 MiB', `#${'x'.repeat(4 * 1024 * 1024)}`, 'a contract has at most 4194304 characters'],
    ['aliases that multiply', ['a: &a [x,x,x,x,x,x,x,x,x]', 'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]', 'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]', 'd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]'].join('\n'), 'Excessive alias count'],
    ['deep nesting', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`, 'nested too deeply'],
    ['an unknown tag', 'a: !python/object x', 'leave the tag out'],
  ])('refuses %s', (_name, text, message) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).toContain(message);
  });

  test('refuses two datasets of one name or one target table', () => {
    const object = (name: string, table: string): string => `  - { name: ${name}, physicalName: ${table}, customProperties: [${RECORD}], properties: [{ name: a, logicalType: string }] }`;
    expect(problemsOf([...HEAD, 'schema:', object('x', 't'), object('x', 't'), ''].join('\n'))).toEqual([
      'c.yaml:8 schema[x].name: another entry of schema has this dataset name (found "x"). Fix: rename one of them',
      'c.yaml:8 schema[x].physicalName: another entry of schema has this target table name (found "t"). Fix: rename one of them',
    ]);
  });

  test('gives each problem its rule, position and value for machines', () => {
    const [problem] = parseContract(yaml(column('logicalType: number')), 'c.yaml').problems;
    expect(problem).toEqual({
      file: 'c.yaml', line: 12, column: 36, path: 'schema[trips].properties[fare].logicalType', rule: 'number-needs-type', value: 'neither', severity: 'error',
      message: 'number needs physicalType decimal(p,s) or format f32 or f64', fix: 'physicalType: decimal(10,2) with the digits you need, or logicalTypeOptions: { format: f64 }',
    });
  });
});

describe('requireContract', () => {
  test('gives the contract, warnings notwithstanding', () => {
    expect(requireContract(yaml({ head: ['apiVersion: v3.0.0', ...HEAD.slice(1)] }), 'c.yaml').name).toBe('trips');
  });

  test('fails with every problem on a line of its own', () => {
    expect(() => requireContract(yaml({ columns: ['{ name: a, logicalType: number }', '{ name: b }'] }), 'c.yaml')).toThrow(ContractError);
    try {
      requireContract(yaml({ columns: ['{ name: a, logicalType: number }', '{ name: b }'] }), 'c.yaml');
    } catch (error) {
      const { code, kind, fault, message, problems } = error as ContractError;
      expect([code, kind, fault, problems.length, message.split('\n').length]).toEqual(['CONTRACT', 'terminal', 'user', 2, 2]);
    }
  });
});
