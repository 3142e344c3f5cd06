import type { Column, ColumnType } from './contract';
import { quoteIdentifier } from './quote-identifier';

/** How one column type is called everywhere: one row of the type table in docs/types.md. */
export interface EngineTypes {
  /** Type in DuckDB and so, one to one, in typed Parquet. */
  readonly duckdb: string;
  /** Physical type, then the logical one if there is one, as in the Parquet specification. */
  readonly parquet: string;
  readonly spark: string;
  /** Type in an Iceberg table of the current state, in the words of the Iceberg specification. */
  readonly iceberg: string;
  /** Hive type of the catalog table over the Parquet files. */
  readonly glue: string;
  /** Trino type of the column in the view of current state. */
  readonly athenaView: string;
  readonly postgres: string;
  readonly mysql: string;
  /** Column type of a DMS S3 source's external table definition: text where DMS tells no exact form of its own. */
  readonly dms: string;
}

/**
 * The whole table of types.
 *
 * Typed Parquet holds no unsigned, TIME or UUID physical type, because Athena and Spark do not read them alike: such
 * columns are kept in the next wider signed type, as microseconds since midnight, and as lower-case text.
 */
export function engineTypes(type: ColumnType): EngineTypes {
  switch (type.kind) {
    case 'string': return stringTypes(type.length);
    case 'integer': return integerTypes(type.bits, type.unsigned ?? false);
    case 'decimal': return decimalTypes(type.precision, type.scale);
    case 'float': return type.bits === 32
      ? same('FLOAT', 'FLOAT', { spark: 'float', iceberg: 'float', glue: 'float', athenaView: 'real', postgres: 'real', mysql: 'float', dms: 'STRING' })
      : same('DOUBLE', 'DOUBLE', { spark: 'double', iceberg: 'double', glue: 'double', athenaView: 'double', postgres: 'double precision', mysql: 'double', dms: 'STRING' });
    case 'boolean': return same('BOOLEAN', 'BOOLEAN', everywhere('boolean', 'STRING'));
    case 'date': return same('DATE', 'INT32 DATE', everywhere('date', 'DATE'));
    case 'timestamp': return type.zoned
      ? same('TIMESTAMP WITH TIME ZONE', 'INT64 TIMESTAMP(MICROS, UTC)', { ...everywhere('timestamp', 'STRING'), iceberg: 'timestamptz', athenaView: 'timestamp(3)', postgres: 'timestamp(6) with time zone', mysql: 'datetime(6)' })
      : same('TIMESTAMP', 'INT64 TIMESTAMP(MICROS)', { ...everywhere('timestamp', 'DATETIME'), spark: 'timestamp_ntz', athenaView: 'timestamp(3)', postgres: 'timestamp(6) without time zone', mysql: 'datetime(6)' });
    case 'time': return same('BIGINT', 'INT64 INT(64, signed)', { spark: 'bigint', iceberg: 'string', glue: 'bigint', athenaView: 'varchar', postgres: 'time(6) without time zone', mysql: 'time(6)', dms: 'STRING' });
    case 'uuid': return same('VARCHAR', 'BYTE_ARRAY STRING', { spark: 'string', iceberg: 'string', glue: 'string', athenaView: 'varchar', postgres: 'uuid', mysql: 'char(36)', dms: 'STRING' });
    case 'binary': return same('BLOB', 'BYTE_ARRAY', { spark: 'binary', iceberg: 'binary', glue: 'binary', athenaView: 'varbinary', postgres: 'bytea', mysql: 'longblob', dms: 'refused' });
    case 'object': return objectTypes(type.members);
    case 'array': return arrayTypes(engineTypes(type.item.type));
  }
}

export function duckdbType(type: ColumnType): string {
  return engineTypes(type).duckdb;
}

export function parquetType(type: ColumnType): string {
  return engineTypes(type).parquet;
}

export function sparkType(type: ColumnType): string {
  return engineTypes(type).spark;
}

export function icebergType(type: ColumnType): string {
  return engineTypes(type).iceberg;
}

export function glueType(type: ColumnType): string {
  return engineTypes(type).glue;
}

export function postgresType(type: ColumnType): string {
  return engineTypes(type).postgres;
}

export function mysqlType(type: ColumnType): string {
  return engineTypes(type).mysql;
}

/** The type as people write and read it in messages: `decimal(10,2)`, `integer i32`, `timestamp with zone`. */
export function typeName(type: ColumnType): string {
  switch (type.kind) {
    case 'string': return type.length === undefined ? 'string' : `varchar(${type.length})`;
    case 'integer': return `integer ${type.unsigned ? 'u' : 'i'}${type.bits}`;
    case 'decimal': return `decimal(${type.precision},${type.scale})`;
    case 'float': return `number f${type.bits}`;
    case 'timestamp': return type.zoned ? 'timestamp with zone' : 'timestamp';
    case 'object': return `object(${type.members.map((member) => `${member.name} ${typeName(member.type)}`).join(', ')})`;
    case 'array': return `array(${typeName(type.item.type)})`;
    default: return type.kind;
  }
}

/** The smallest and largest value of an integer type. */
export function integerRange(bits: 8 | 16 | 32 | 64, unsigned: boolean): { readonly min: bigint; readonly max: bigint } {
  const width = BigInt(bits);
  return unsigned ? { min: 0n, max: 2n ** width - 1n } : { min: -(2n ** (width - 1n)), max: 2n ** (width - 1n) - 1n };
}

type Rest = Omit<EngineTypes, 'duckdb' | 'parquet'>;

function same(duckdb: string, parquet: string, rest: Rest): EngineTypes {
  return { duckdb, parquet, ...rest };
}

function everywhere(name: string, dms: string): Rest {
  return { spark: name, iceberg: name, glue: name, athenaView: name, postgres: name, mysql: name, dms };
}

function stringTypes(length: number | undefined): EngineTypes {
  const base = { spark: 'string', iceberg: 'string', glue: 'string', athenaView: 'varchar', dms: 'STRING' };
  if (length === undefined) return same('VARCHAR', 'BYTE_ARRAY STRING', { ...base, postgres: 'text', mysql: 'longtext', dms: 'CLOB' });
  // utf8mb4 takes four bytes per character, and a MySQL row at most 65,535 bytes.
  return same('VARCHAR', 'BYTE_ARRAY STRING', { ...base, postgres: `varchar(${length})`, mysql: length <= 16_000 ? `varchar(${length})` : 'longtext' });
}

function integerTypes(bits: 8 | 16 | 32 | 64, unsigned: boolean): EngineTypes {
  if (unsigned && bits === 64) {
    const decimal = decimalTypes(20, 0);
    return { ...decimal, mysql: 'bigint unsigned' };
  }
  const kept = unsigned ? ((bits * 2) as 16 | 32 | 64) : bits;
  const hive = { 8: 'tinyint', 16: 'smallint', 32: 'int', 64: 'bigint' }[kept];
  const mysql = { 8: 'tinyint', 16: 'smallint', 32: 'int', 64: 'bigint' }[bits];
  return {
    duckdb: { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[kept],
    parquet: { 8: 'INT32 INT(8, signed)', 16: 'INT32 INT(16, signed)', 32: 'INT32 INT(32, signed)', 64: 'INT64 INT(64, signed)' }[kept],
    spark: hive,
    iceberg: kept === 64 ? 'long' : 'int',
    glue: hive,
    athenaView: kept === 32 ? 'integer' : hive,
    postgres: { 8: 'smallint', 16: 'smallint', 32: 'integer', 64: 'bigint' }[kept],
    mysql: unsigned ? `${mysql} unsigned` : mysql,
    dms: `INT${kept / 8}`,
  };
}

function decimalTypes(precision: number, scale: number): EngineTypes {
  const sql = `decimal(${precision},${scale})`;
  const physical = precision <= 9 ? 'INT32' : precision <= 18 ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY(16)';
  return {
    duckdb: sql.toUpperCase(),
    parquet: `${physical} DECIMAL(${precision}, ${scale})`,
    spark: sql,
    iceberg: `decimal(${precision}, ${scale})`,
    glue: sql,
    athenaView: sql,
    postgres: `numeric(${precision},${scale})`,
    mysql: sql,
    dms: 'NUMERIC',
  };
}

/** What targets hold as one JSON document each: MySQL's own type for it would keep decimals as doubles, and DMS reads no nested columns. */
const AS_DOCUMENT = { postgres: 'jsonb', mysql: 'longtext', dms: 'refused' } as const;

function objectTypes(members: readonly Column[]): EngineTypes {
  const each = (part: (name: string, types: EngineTypes) => string): string => members.map(({ name, type }) => part(name, engineTypes(type))).join(', ');
  return {
    duckdb: `STRUCT(${each((name, { duckdb }) => `${quoteIdentifier(name)} ${duckdb}`)})`,
    parquet: `group (${each((name, { parquet }) => `${name} ${parquet}`)})`,
    // Spark reads words of its own as names between these quotes only; Hive and the catalog take names as they stand, and no spaces.
    spark: `struct<${each((name, { spark }) => `\`${name}\`: ${spark}`)}>`,
    glue: `struct<${each((name, { glue }) => `${name}:${glue}`).replace(/, /g, ',')}>`,
    iceberg: `struct<${each((name, types) => `${name}: ${inTable(types)}`)}>`,
    athenaView: `row(${each((name, types) => `${quoteIdentifier(name)} ${inView(types)}`)})`,
    ...AS_DOCUMENT,
  };
}

function arrayTypes(item: EngineTypes): EngineTypes {
  return {
    duckdb: `${item.duckdb}[]`, parquet: `LIST of ${item.parquet}`, spark: `array<${item.spark}>`, iceberg: `list<${inTable(item)}>`,
    glue: `array<${item.glue}>`, athenaView: `array(${inView(item)})`, ...AS_DOCUMENT,
  };
}

/** Times of day are text at the top of an Iceberg table only, as in the view. */
function inTable({ glue, iceberg }: EngineTypes): string {
  return glue === 'bigint' ? 'long' : iceberg;
}

/** The view writes times of day as text at the top only; inside it has what the files hold. */
function inView({ glue, athenaView }: EngineTypes): string {
  return glue === 'bigint' ? 'bigint' : athenaView;
}
