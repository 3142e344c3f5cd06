import type { Column, ColumnType } from '../../contract/contract';
import { CellProblem, cellTexts } from './excel/cell-text';
import { builtInFormat, readFormat } from './excel/number-format';
import type { Cell, CellKind } from './excel/sheet-rows';
import { avroText, type AvroSchema } from './typed/avro-text';
import { parquetText, type ParquetColumn } from './typed/parquet-text';

/** Of a contract. */
const TYPES: readonly (readonly [name: string, type: ColumnType])[] = [
  ['string', { kind: 'string' }], ['integer', { kind: 'integer', bits: 64 }], ['decimal', { kind: 'decimal', precision: 38, scale: 9 }], ['f32', { kind: 'float', bits: 32 }], ['f64', { kind: 'float', bits: 64 }],
  ['boolean', { kind: 'boolean' }], ['date', { kind: 'date' }], ['timestamp', { kind: 'timestamp', zoned: false }], ['timestamp, `timezone: true`', { kind: 'timestamp', zoned: true }], ['time', { kind: 'time' }],
  ['uuid', { kind: 'uuid' }], ['binary', { kind: 'binary' }],
];

const parquet = (name: string, type: string, engineType: string, more: Partial<ParquetColumn> = {}): readonly [string, ParquetColumn] => (
  [name, { name: 'c', nested: false, children: [], repeated: false, type, engineType, ...more }]);
const adjusted = (zone: 0 | 1, unit: string): string => `TimestampType(isAdjustedToUTC=${zone}, unit=TimeUnit(${unit}))`;

const PARQUET: ReadonlyArray<readonly [string, ParquetColumn]> = [
  parquet('STRING, ENUM, JSON', 'BYTE_ARRAY', 'VARCHAR'), parquet('bytes', 'BYTE_ARRAY', 'BLOB'), parquet('UUID', 'FIXED_LEN_BYTE_ARRAY', 'UUID'), parquet('BOOLEAN', 'BOOLEAN', 'BOOLEAN'),
  parquet('INT(8 or 16)', 'INT32', 'SMALLINT'), parquet('INT32', 'INT32', 'INTEGER'), parquet('INT64, unsigned too', 'INT64', 'UBIGINT'), parquet('DECIMAL(p,0)', 'INT64', 'DECIMAL(10,0)'),
  parquet('DECIMAL(p,s), up to 38 digits', 'INT64', 'DECIMAL(10,2)'), parquet('DECIMAL, more digits', 'FIXED_LEN_BYTE_ARRAY', 'DOUBLE', { converted: 'DECIMAL' }), parquet('FLOAT', 'FLOAT', 'FLOAT'), parquet('DOUBLE', 'DOUBLE', 'DOUBLE'),
  parquet('DATE', 'INT32', 'DATE'), parquet('TIME, in ms or µs', 'INT64', 'TIME'), parquet('TIMESTAMP, not adjusted to UTC', 'INT64', 'TIMESTAMP', { logical: adjusted(0, 'MICROS') }),
  parquet('TIMESTAMP, adjusted to UTC', 'INT64', 'TIMESTAMP WITH TIME ZONE', { logical: adjusted(1, 'MICROS') }), parquet('TIMESTAMP_MICROS of older writers', 'INT64', 'TIMESTAMP'),
  parquet('TIMESTAMP in ns, not adjusted', 'INT64', 'TIMESTAMP_NS', { logical: 'TimestampType(isAdjustedToUTC=0, unit=TimeUnit(NANOS=NanoSeconds()))' }), parquet('INT96', 'INT96', 'TIMESTAMP'), parquet('nested: by `object` and `array`', 'group', 'STRUCT', { nested: true }),
];

const logical = (type: string, logicalType: string, more = {}): AvroSchema => ({ type, logicalType, ...more });

const AVRO: readonly (readonly [string, AvroSchema])[] = [
  ['string, enum', 'string'], ['bytes, fixed', 'bytes'], ['boolean', 'boolean'], ['int', 'int'], ['long', 'long'], ['float', 'float'], ['double', 'double'],
  ['bytes or fixed `decimal`, scale 0', logical('bytes', 'decimal', { scale: 0 })], ['bytes or fixed `decimal`', logical('bytes', 'decimal', { scale: 2 })], ['int `date`', logical('int', 'date')],
  ['int `time-millis`, long `time-micros`', logical('long', 'time-micros')], ['long `local-timestamp-*`', logical('long', 'local-timestamp-micros')], ['long `timestamp-*`', logical('long', 'timestamp-micros')],
  ['fixed(16) `uuid`', logical('fixed', 'uuid', { size: 16 })], ['union with null', ['null', 'boolean']], ['another union', ['int', 'string']], ['array and record: by `array` and `object`; map', { type: 'array' }],
];

const FORMATS = [builtInFormat(0), readFormat('0.00'), readFormat('00000'), readFormat('yyyy-mm-dd hh:mm'), readFormat('[h]:mm')];
const cell = (name: string, kind: CellKind, value: string, style = 0): readonly [string, Cell] => (
  [name, { column: 1, kind, value: Buffer.from(value), style }]);

const EXCEL: ReadonlyArray<readonly [string, Cell]> = [
  cell('text', 'text', 'x'), cell('boolean', 'boolean', '1'), cell('number, format General, `0` or `@`', 'number', '5'), cell('number, other format: 0.00, 00000, 50 %', 'number', '5', 2),
  cell('number shown as a day', 'number', '45351', 3), cell('number shown as a day with a time', 'number', '45351.5', 3), cell('number below 1 shown as a time', 'number', '0.5', 3), cell('number shown as a time span, `[h]:mm`', 'number', '0.5', 4),
  cell('error, such as #N/A', 'error', '#N/A'), cell('formula without a stored value', 'unknown', 'holds a formula'),
];

type Named<T> = readonly (readonly [name: string, what: T])[];

/** Tables of what columns take from sources whose values have types, by the code that decides. */
export function sourceTypes(): Named<Named<string>> {
  const taken = <T>(sources: Named<T>, takes: (column: Column, source: T) => boolean): Named<string> => sources.map(([name, source]) => {
    const names = TYPES.filter(([, type]) => takes({ name: 'c', type, required: false, unique: false, source: {} }, source)).map(([each]) => each);
    return [name, names.length === TYPES.length ? 'any, in the form above' : names.length === 0 ? 'none' : names.join(', ')];
  });
  const rules = { excel: { range: { firstRow: 1, firstColumn: 1 }, numbers: 'exact', dates: 'formatted', times: 'exact' }, nullTokens: [], formats: FORMATS, dates: '1900' } as const;
  return [
    ['Parquet', taken(PARQUET, (column, source) => 'text' in parquetText(column, source, 'v', { told: false }))],
    ['Avro', taken(AVRO, (column, source) => 'text' in avroText(column, source))],
    ['a cell of Excel', taken(EXCEL, (column, source) => !(cellTexts(column, rules)(source) instanceof CellProblem))],
  ];
}
