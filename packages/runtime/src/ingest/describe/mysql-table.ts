import type { ColumnType } from '../../contract';
import { quoteLiteral } from '../../contract/quote-identifier';
import type { SqlColumn } from '../sql/source-columns';
import type { Relation, SqlConnection } from '../sql/sql-engine';
import { decimalMeaning, textMeaning, type DescribedColumn, type Meaning } from './described-column';

const BITS: Readonly<Record<string, 8 | 16 | 32 | 64>> = { tinyint: 8, smallint: 16, mediumint: 32, int: 32, bigint: 64 };

const PLAIN: Readonly<Record<string, ColumnType>> = {
  float: { kind: 'float', bits: 32 }, double: { kind: 'float', bits: 64 }, date: { kind: 'date' }, datetime: { kind: 'timestamp', zoned: false },
  timestamp: { kind: 'timestamp', zoned: true }, year: { kind: 'integer', bits: 16 }, uuid: { kind: 'uuid' },
  tinytext: { kind: 'string' }, text: { kind: 'string' }, mediumtext: { kind: 'string' }, longtext: { kind: 'string' },
  binary: { kind: 'binary' }, varbinary: { kind: 'binary' }, tinyblob: { kind: 'binary' }, blob: { kind: 'binary' }, mediumblob: { kind: 'binary' }, longblob: { kind: 'binary' },
};

/**
 * The columns of a table or view of MySQL or MariaDB, in their order.
 *
 * @param read what SELECT * gives: what it leaves out is invisible on purpose
 */
export async function describeMysqlTable(
  connection: SqlConnection, { schema, name }: NonNullable<Relation['table']>, read: readonly SqlColumn[],
): Promise<DescribedColumn[]> {
  const rows = await connection.rows(
    'SELECT c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.CHARACTER_MAXIMUM_LENGTH, c.NUMERIC_PRECISION, c.NUMERIC_SCALE, c.IS_NULLABLE, k.SEQ_IN_INDEX FROM information_schema.COLUMNS AS c '
      + "LEFT JOIN information_schema.STATISTICS AS k ON k.TABLE_SCHEMA = c.TABLE_SCHEMA AND k.TABLE_NAME = c.TABLE_NAME AND k.COLUMN_NAME = c.COLUMN_NAME AND k.INDEX_NAME = 'PRIMARY' "
      + `WHERE c.TABLE_SCHEMA = ${schema === undefined ? 'DATABASE()' : quoteLiteral(schema)} AND c.TABLE_NAME = ${quoteLiteral(name)} ORDER BY c.ORDINAL_POSITION`,
  );
  const families = new Map(read.map((column) => [column.name, column.family]));
  return rows.filter(([column]) => families.has(column!)).map((row) => {
    const [column, type, declared, length, precision, scale, nullable, position] = row as CatalogRow;
    const [chars, digits, places] = [length, precision, scale].map((number) => Number(number ?? 0)) as [number, number, number];
    return {
      name: column, ...meaning({ type: type.toLowerCase(), declared, chars, digits, places, isBinary: families.get(column) === 'binary' }),
      required: nullable === 'NO', ...(position === null ? {} : { keyPosition: Number(position) }),
    };
  });
}

type CatalogRow = [
  column: string, type: string, declared: string, length: string | null, precision: string | null, scale: string | null,
  nullable: string, position: string | null,
];

interface Declared {
  readonly type: string;
  /** With everything that belongs to it, such as `int(10) unsigned`. */
  readonly declared: string;
  readonly chars: number;
  readonly digits: number;
  readonly places: number;
  readonly isBinary: boolean;
}

function meaning({ type, declared, chars, digits, places, isBinary }: Declared): Meaning {
  const plain = PLAIN[type];
  if (plain !== undefined) return { type: plain };
  const bits = BITS[type];
  if (bits !== undefined) {
    const integer: ColumnType = { kind: 'integer', bits, ...(/unsigned|zerofill/.test(declared) ? { unsigned: true } : {}) };
    return { type: integer, ...(declared === 'tinyint(1)' ? { note: `${declared} is what BOOLEAN becomes; if it holds 0 and 1 only, write logicalType: boolean and no format` } : {}) };
  }
  switch (type) {
    case 'decimal': return decimalMeaning(declared, digits, places);
    case 'bit': return { type: { kind: 'integer', bits: ([8, 16, 32] as const).find((most) => digits <= most) ?? 64, unsigned: true } };
    case 'char':
    case 'varchar': return { type: { kind: 'string', ...(chars > 0 ? { length: chars } : {}) } };
    case 'enum':
    case 'set': return { type: { kind: 'string' }, note: cut(`${type === 'enum' ? 'one' : 'some'} of ${declared}`) };
    // It is a time of day in most tables, and any other value is a reject that says so.
    case 'time': return { type: { kind: 'time' }, note: `${declared} may be negative or longer than a day, and such values are rejected; write logicalType: string where there are any` };
    case 'json': return textMeaning(declared, 'has no one type in a contract');
    default: break;
  }
  if (isBinary) return { type: { kind: 'binary' }, note: `${declared} has no type in a contract, so these are its bytes as the server keeps them; read a query that casts it for another type` };
  return textMeaning(declared, 'has no type in a contract');
}

/** An ENUM may have thousands of members. */
const LONGEST_NOTE = 160;

function cut(note: string): string {
  return note.length <= LONGEST_NOTE ? note : `${note.slice(0, LONGEST_NOTE)}…`;
}
