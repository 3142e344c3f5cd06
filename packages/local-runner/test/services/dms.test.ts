import { csvRecords } from '../../src/services/dms/csv-records';
import { externalTables, type ExternalColumn } from '../../src/services/dms/external-tables';
import { fieldValue } from '../../src/services/dms/field-value';
import { mappedTables } from '../../src/services/dms/table-rules';
import { taskSettings } from '../../src/services/dms/task-settings';

const id = { ColumnName: 'id', ColumnType: 'INT8', ColumnNullable: 'false', ColumnIsPk: 'true' };
const definition = (columns: object[], rest: object = {}): string => JSON.stringify({
  TableCount: '1', Tables: [{ TableName: 'trips', TablePath: 'hr/trips/', TableOwner: 'hr', TableColumns: columns, TableColumnsTotal: String(columns.length), ...rest }],
});
const tables = [...externalTables(definition([id])), ...externalTables(definition([id], { TableName: 'zones' }))];

describe('an external table definition', () => {
  test('has the defaults of DMS, which nobody wants', () => {
    expect(externalTables(definition([{ ColumnName: 'at', ColumnType: 'DATETIME' }]))[0]!.columns).toEqual([{ name: 'at', type: 'DATETIME', length: 0, precision: 0, scale: 0, nullable: false }]);
  });

  test.each([
    ['of an unknown type', definition([{ ...id, ColumnType: 'VARCHAR' }]), /ColumnType VARCHAR is not among the types of an S3 source/],
    ['without a length', definition([{ ...id, ColumnType: 'STRING' }]), /STRING requires ColumnLength; without, AWS DMS assumes that ColumnLength is zero/],
    ['without a scale', definition([{ ...id, ColumnType: 'NUMERIC', ColumnPrecision: '5' }]), /NUMERIC requires ColumnPrecision and ColumnScale/],
    ['with too many digits', definition([{ ...id, ColumnType: 'NUMERIC', ColumnPrecision: '39', ColumnScale: '2' }]), /ColumnPrecision must be a whole number from 0 to 38, got "39"/],
    ['with a date format of its own', definition([{ ...id, ColumnType: 'DATE', ColumnDateFormat: 'dd.MM.YYYY' }]), /ColumnDateFormat dd\.MM\.YYYY is not among/],
    ['with a member that DMS does not know', definition([{ ...id, Nullable: 'true' }]), /trips\.id has Nullable, which the DMS documentation does not know/],
    ['whose columns do not add up', definition([id], { TableColumnsTotal: '2' }), /this number must match the number of elements in the TableColumns array, 1/],
    ['whose tables do not add up', '{"TableCount": "2", "Tables": []}', /TableCount is 2, and Tables has 0 elements/],
    ['that is no JSON', 'TableCount=1', /must be a JSON object, given as text/],
    ['that is too long', `{"TableCount":"0","Tables":[]${' '.repeat(2 ** 21)}}`, /the maximum size of the external table definition is 2 MB/],
  ])('%s is refused', (_, text, message) => expect(() => externalTables(text)).toThrow(message));
});

describe('table mappings', () => {
  const rule = (number: number, rest: object): object => ({ 'rule-type': 'selection', 'rule-id': String(number), 'rule-name': String(number), 'object-locator': { 'schema-name': 'hr', 'table-name': '%' }, 'rule-action': 'include', ...rest });
  const rename = (number: number, table: string, value: string): object => rule(number, { 'rule-type': 'transformation', 'rule-target': 'table', 'rule-action': 'rename', 'object-locator': { 'schema-name': 'hr', 'table-name': table }, value });
  const mapped = (...rules: object[]): string[][] => (
    mappedTables(JSON.stringify({ rules }), tables).map(({ table, schema, target }) => [table.name, schema, target]));

  test('select by pattern or by name, leave out, and rename', () => {
    expect(mapped(rule(1, {}), rename(2, 'trips', 'stage_trips'))).toEqual([['trips', 'hr', 'stage_trips'], ['zones', 'hr', 'zones']]);
    expect(mapped(rule(1, {}), rule(2, { 'rule-action': 'exclude', 'object-locator': { 'schema-name': 'hr', 'table-name': 'z%' } }))).toEqual([['trips', 'hr', 'trips']]);
    expect(mapped(rule(1, {}), rule(2, { 'rule-type': 'transformation', 'rule-target': 'schema', 'rule-action': 'rename', 'object-locator': { 'schema-name': 'hr' }, value: 'app' })).map(([, schema]) => schema)).toEqual(['app', 'app']);
  });

  test.each([
    ['without a rule', [], /define at least one selection rule/],
    ['with a rule without an id', [rule(1, { 'rule-id': undefined })], /each rule must have a unique numeric rule-id, got undefined/],
    ['with an id that is used twice', [rule(1, {}), rule(1, {})], /each rule must have a unique rule-id, got "1" twice/],
    ['with two renames of one table', [rule(1, {}), rename(2, 'trips', 'a'), rename(3, 'trips', 'b')], /you cannot apply more than one transformation rule action against the same object/],
    ['that bring two tables into one', [rule(1, {}), rename(2, 'trips', 'one'), rename(3, 'zones', 'one')], /AWS DMS doesn't support replicating two source tables to a single target table: hr\.one/],
    ['with an explicit pattern', [rule(1, { 'rule-action': 'explicit' })], /explicit takes the exact name of a single table/],
    ['with a rule that is not served', [rule(1, { 'rule-type': 'table-settings' })], /serves rule-type selection and transformation, got table-settings/],
  ])('%s are refused', (_, rules, message) => expect(() => mapped(...rules)).toThrow(message));
});

describe('task settings', () => {
  const strict = { FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING' } };

  test('have the defaults of DMS, by which rows vanish', () => {
    expect(taskSettings(JSON.stringify(strict))).toMatchObject({ dataErrors: 'LOG_ERROR', truncations: 'LOG_ERROR', tableErrors: 'SUSPEND_TABLE', failOnNoTables: true, commitRate: 10_000 });
  });

  test.each([
    ['with a group that DMS does not know', { ...strict, FullLoad: {} }, /ReplicationTaskSettings has FullLoad, which the DMS documentation does not know/],
    ['with a setting that DMS does not have', { ...strict, ErrorBehavior: { FullLoadErrorBehavior: 'STOP_TASK' } }, /ErrorBehavior has FullLoadErrorBehavior, which the DMS documentation does not know/],
    ['with a value that DMS does not have', { ...strict, ErrorBehavior: { TableErrorPolicy: 'LOG_ERROR' } }, /ErrorBehavior\.TableErrorPolicy must be one of SUSPEND_TABLE, STOP_TASK, got "LOG_ERROR"/],
    ['with too many tables at a time', { FullLoadSettings: { ...strict.FullLoadSettings, MaxFullLoadSubTasks: 50 } }, /MaxFullLoadSubTasks must be a whole number from 1 to 49, got 50/],
    ['with the full mode for large objects', { ...strict, TargetMetadata: { FullLobMode: true } }, /doesn't support Full LOB mode with Amazon S3 as a Source/],
    ['without a mode for large objects', { ...strict, TargetMetadata: { SupportLobs: true } }, /if you set SupportLobs=true, you must set/],
    ['with data validation', { ...strict, ValidationSettings: { EnableValidation: true } }, /an S3 source has no data validation/],
  ])('%s are refused', (_, settings, message) => expect(() => taskSettings(JSON.stringify(settings))).toThrow(message));
});

describe('records', () => {
  const dialect = { delimiter: ',', rowDelimiter: '\n', rfc4180: true };

  test('are split as RFC 4180 says', () => {
    const text = 'a,"b, ""c""\nd",\n"",\\N,x\r\n';
    expect(csvRecords(text, dialect).map((record) => record.map((field) => field.text))).toEqual([['a', 'b, "c"\nd', ''], ['', '\\N', 'x\r']]);
    expect(csvRecords('"a,b"\n', { ...dialect, rfc4180: false }).map((record) => record.map((field) => field.text))).toEqual([['"a', 'b"']]);
  });

  test.each([['"a\n', /record 1 has a double quotation mark that is not followed by an ending one/], ['x\n"a"b\n', /record 2 has "b\\n" behind a closing quote/]])('%j is refused', (text, message) => {
    expect(() => csvRecords(text, dialect)).toThrow(message);
  });
});

describe('a field', () => {
  const column = (type: string, rest: Partial<ExternalColumn> = {}): ExternalColumn => ({ name: 'c', type, length: 4, precision: 5, scale: 2, nullable: true, ...rest });
  const read = (text: string, of: ExternalColumn, nullValue = '\\N') => fieldValue({ text, quoted: false }, of, nullValue, 8);

  test.each<[string, ExternalColumn, string | null, boolean]>([
    ['\\N', column('INT4'), null, false], ['', column('STRING'), '', false], ['127', column('INT1'), '127', false], ['255', column('UINT1'), '255', false], ['-123.45', column('NUMERIC'), '-123.45', false],
    ['1.234', column('NUMERIC'), '1.23', true], ['2024-02-29 10:00:00.123456', column('DATETIME'), '2024-02-29 10:00:00.12', false], ['2024-02-29 10:00:00', column('DATETIME', { scale: 0 }), '2024-02-29 10:00:00', false],
    ['abcdef', column('STRING'), 'abcd', true], ['üüü', column('STRING', { length: 3 }), 'ü', true], ['123456789', column('CLOB'), '12345678', false],
  ])('%j as %j is %j', (text, of, value, truncated) => expect(read(text, of)).toEqual(truncated ? { text: value, truncated } : { text: value }));

  test('that is empty is NULL where nothing else is said', () => expect(read('', column('STRING'), '')).toEqual({ text: null }));

  test.each([['128', column('INT1')], ['1e3', column('INT8')], ['1234.5', column('NUMERIC')], ['yes', column('BOOLEAN')], ['29.02.2024', column('DATE')], ['NaN', column('REAL8')], ['\\N', column('DATE', { nullable: false })]])(
    '%j is no value of %j', (text, of) => expect(() => read(text, of)).toThrow(/column c/),
  );
});
