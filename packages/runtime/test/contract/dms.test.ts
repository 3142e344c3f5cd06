import { dmsColumn, dmsRefusal, dmsSourceTable, dmsTableDefinition, dmsTableMappings, dmsTaskSettings, MAX_DEFINITION_BYTES } from '../../src/contract';
import { columnOf, datasetOf, EVERY_TYPE } from '../_fixtures/dataset';

/**
 * What is checked here, and where AWS says it (AWS DMS user guide, read in October 2026):
 *
 * - "Using Amazon S3 as a source": members and defaults of the external table definition, types, largest precision and scale, date formats, 2 MB.
 * - "Selection rules and actions", "Transformation rules and actions": rules have ids and names of their own; one transformation of an object;
 *   no two source tables into one target table.
 * - "Specifying task settings": groups and names; "Error handling", "Full-load", "Target metadata", "Control table": values and limits.
 */
const TYPES = ['BYTE', 'DATE', 'TIME', 'DATETIME', 'INT1', 'INT2', 'INT4', 'INT8', 'NUMERIC', 'REAL4', 'REAL8', 'STRING', 'UINT1', 'UINT2', 'UINT4', 'UINT8', 'BLOB', 'CLOB', 'BOOLEAN'];
const MEMBERS = ['ColumnName', 'ColumnType', 'ColumnLength', 'ColumnNullable', 'ColumnIsPk', 'ColumnPrecision', 'ColumnScale', 'ColumnDateFormat'];
const CARRIED = EVERY_TYPE.filter((column) => dmsRefusal(column) === undefined);
const trips = datasetOf({ columns: [columnOf('id', { kind: 'string' }, { required: true }), ...CARRIED], primaryKey: ['id'] });

describe('the external table definition', () => {
  const definition = dmsTableDefinition([trips, datasetOf({ name: 'zones', columns: [columnOf('zone', { kind: 'string', length: 10 }, { required: true })] })], 3);

  test('has a table for each lane of each dataset, in a folder of its own', () => {
    expect(definition.TableCount).toBe('6');
    expect(definition.Tables.map(({ TableName, TablePath, TableOwner }) => [TableName, TablePath, TableOwner])).toEqual(
      ['trips__1', 'trips__2', 'trips__3', 'zones__1', 'zones__2', 'zones__3'].map((name) => [name, `headrace/${name}/`, 'headrace']),
    );
    expect(dmsSourceTable('trips', 2)).toBe('trips__2');
  });

  test('tells the columns of the contract, and the id of the load last', () => {
    for (const { TableColumns, TableColumnsTotal } of definition.Tables) {
      expect(TableColumnsTotal).toBe(String(TableColumns.length));
      expect(TableColumns.at(-1)).toEqual({ ColumnName: '_load_id', ColumnType: 'STRING', ColumnLength: '64', ColumnNullable: 'false', ColumnIsPk: 'false' });
      for (const column of TableColumns) {
        expect(TYPES).toContain(column.ColumnType);
        expect(MEMBERS).toEqual(expect.arrayContaining(Object.keys(column)));
        // Nothing is left to a default: NULL refused, a length of 0, fractions cut off.
        expect(['true', 'false']).toContain(column.ColumnNullable);
        if (column.ColumnType === 'STRING') expect(Number(column.ColumnLength)).toBeGreaterThan(0);
        if (column.ColumnType === 'DATETIME') expect(column).toMatchObject({ ColumnScale: '6', ColumnDateFormat: 'YYYY-MM-dd HH:mm:ss.F' });
        if (column.ColumnType === 'NUMERIC') {
          expect(Number(column.ColumnPrecision)).toBeLessThanOrEqual(38);
          expect(Number(column.ColumnScale)).toBeLessThanOrEqual(31);
        }
      }
    }
  });

  test('stays below the limit with a hundred tables of fifty columns', () => {
    const wide = datasetOf({ columns: Array.from({ length: 50 }, (_, index) => columnOf(`column_with_a_long_name_${index}`, { kind: 'timestamp', zoned: false })) });
    expect(Buffer.byteLength(JSON.stringify(dmsTableDefinition([wide], 100)))).toBeLessThan(MAX_DEFINITION_BYTES);
  });
});

describe('a column', () => {
  test('has the bytes that its characters may need', () => {
    expect(dmsColumn(columnOf('a', { kind: 'string', length: 20 }), false)).toMatchObject({ ColumnType: 'STRING', ColumnLength: '80', ColumnNullable: 'true' });
    expect(dmsColumn(columnOf('a', { kind: 'string', length: 16_383 }), false)).toMatchObject({ ColumnType: 'STRING', ColumnLength: '65532' });
    expect(dmsColumn(columnOf('a', { kind: 'string', length: 16_384 }), false).ColumnType).toBe('CLOB');
    expect(dmsColumn(columnOf('a', { kind: 'string' }, { required: true }), true)).toEqual({ ColumnName: 'a', ColumnType: 'STRING', ColumnLength: '8192', ColumnNullable: 'false', ColumnIsPk: 'true' });
  });

  test.each([
    ['binary', columnOf('photo', { kind: 'binary' }), 'column photo is binary, for which DMS documents no form in CSV; use LoadEngine.fargate(), which loads every type'],
    ['nested', columnOf('lines', { kind: 'array', item: columnOf('element', { kind: 'date' }) }), 'column lines is an array'],
    ['of too many digits', columnOf('rate', { kind: 'decimal', precision: 38, scale: 32 }), 'column rate is decimal(38,32), and DMS keeps 31 digits behind the point at most'],
    ['named like the id of the load', columnOf('_LOAD_ID', { kind: 'date' }), 'column _LOAD_ID has the name that DMS loads keep'],
  ])('that is %s is refused by name', (_, column, message) => expect(dmsRefusal(column)).toContain(message));
});

test('mappings name each table, rename it once, and have an id for each rule', () => {
  const { rules } = dmsTableMappings([{ source: 'trips__1', target: 'stage_trips__aa' }, { source: 'trips__2', target: 'stage_trips__bb' }], 'ledger');
  expect(rules.map((rule) => [rule['rule-id'], rule['rule-name'], rule['rule-type'], rule['rule-action'], rule['object-locator']['table-name'], rule.value])).toEqual([
    ['1', '1', 'selection', 'explicit', 'trips__1', undefined], ['2', '2', 'selection', 'explicit', 'trips__2', undefined],
    ['3', '3', 'transformation', 'rename', undefined, 'ledger'],
    ['4', '4', 'transformation', 'rename', 'trips__1', 'stage_trips__aa'], ['5', '5', 'transformation', 'rename', 'trips__2', 'stage_trips__bb'],
  ]);
  // A schema that has its name already is not renamed to itself.
  expect(dmsTableMappings([{ source: 'trips__1', target: 'a' }], 'headrace').rules).toHaveLength(2);
});

describe('the settings of a task', () => {
  const settings = dmsTaskSettings([trips], { controlSchema: 'ledger', parallelTables: 8, maxTextKiB: 64, logging: true }) as Record<string, Record<string, unknown>>;

  test('stop at anything that DMS would otherwise pass over', () => {
    const policies = Object.entries(settings.ErrorBehavior!).filter(([name]) => name.endsWith('Policy'));
    expect(policies.map(([, value]) => value)).toEqual(policies.map(() => 'STOP_TASK'));
    expect(settings.ErrorBehavior).toMatchObject({ FullLoadIgnoreConflicts: false, FailOnNoTablesCaptured: true, RecoverableErrorCount: 0 });
    expect(settings.FullLoadSettings).toMatchObject({ TargetTablePrepMode: 'DO_NOTHING', MaxFullLoadSubTasks: 8 });
    expect(settings.Logging).toEqual({ EnableLogging: true });
    expect(settings.ControlTablesSettings).toMatchObject({ ControlSchema: 'ledger' });
  });

  test('use the limited mode for large objects, with rows that fit into memory', () => {
    expect(settings.TargetMetadata).toMatchObject({ SupportLobs: true, FullLobMode: false, LimitedSizeLobMode: true, LobMaxSize: 64 });
    expect(settings.FullLoadSettings!.CommitRate).toBe(4_096);
    const short = dmsTaskSettings([datasetOf({ columns: [columnOf('a', { kind: 'date' })] })], { controlSchema: 'x', parallelTables: 1, maxTextKiB: 64, logging: false });
    expect(short).toMatchObject({ TargetMetadata: { SupportLobs: false, LimitedSizeLobMode: false }, FullLoadSettings: { CommitRate: 10_000 } });
  });
});
