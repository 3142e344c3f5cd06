import type { Dataset } from './contract';
import { mysqlColumnType, textLength } from './mysql-ddl';

/** InnoDB's limit for an index, in bytes. */
export const MYSQL_KEY_BYTES = 3_072;
/** MySQL's limit for a row without what its large texts and binaries keep apart, in bytes. */
export const MYSQL_ROW_BYTES = 65_535;
/** InnoDB's limit for columns. */
export const MYSQL_COLUMNS = 1_017;
/** MySQL's limit for the digits of a decimal after its point; MariaDB's is higher. */
export const MYSQL_SCALE = 30;
/** Bytes of a character of utf8mb4. */
const CHARACTER_BYTES = 4;

/** What of a dataset no table of MySQL or MariaDB can hold, each with its cure; empty where one can. */
export function mysqlProblems(dataset: Dataset): string[] {
  const { name: of, columns, primaryKey } = dataset;
  const key = columns.filter(({ name }) => primaryKey.includes(name));
  const endless = key.filter((column) => column.type.kind === 'string' && textLength(column) === undefined);
  const bytes = key.reduce((sum, column) => sum + columnBytes(mysqlColumnType(column, dataset)), 0);
  const row = columns.reduce((sum, column) => sum + columnBytes(mysqlColumnType(column, dataset)), 0);
  return [
    ...endless.map(({ name }) => `key column ${name} of dataset ${of} is a text without a length, and MySQL cannot index it; give it logicalTypeOptions maxLength, at most ${MYSQL_KEY_BYTES / CHARACTER_BYTES}`),
    ...(endless.length === 0 && bytes > MYSQL_KEY_BYTES ? [`the key of dataset ${of} (${primaryKey.join(', ')}) takes up to ${bytes} bytes, and MySQL indexes ${MYSQL_KEY_BYTES}; give its texts a smaller maxLength: each character counts ${CHARACTER_BYTES}`] : []),
    ...columns.flatMap(({ name, type }) => (type.kind === 'decimal' && type.scale > MYSQL_SCALE
      ? [`column ${name} of dataset ${of} has ${type.scale} digits after the point, and MySQL holds ${MYSQL_SCALE}; declare decimal(${type.precision},${MYSQL_SCALE})`] : [])),
    ...(row > MYSQL_ROW_BYTES ? [`rows of dataset ${of} take up to ${row} bytes, and MySQL holds ${MYSQL_ROW_BYTES}; declare long texts as string without physicalType varchar(n)`] : []),
    ...(columns.length > MYSQL_COLUMNS ? [`dataset ${of} has ${columns.length} columns, and MySQL holds ${MYSQL_COLUMNS}`] : []),
  ];
}

const FIXED: Readonly<Record<string, number>> = {
  boolean: 1, tinyint: 1, smallint: 2, int: 4, bigint: 8, float: 4, double: 8, date: 3, time: 6, datetime: 8,
};

/** The most bytes that a column takes inside of its row. */
function columnBytes(type: string): number {
  const [, name, digits, scale] = /^([a-z]+)(?:\((\d+)(?:,(\d+))?\))?/.exec(type) as unknown as [string, string, string?, string?];
  if (name === 'varchar') return Number(digits) * CHARACTER_BYTES + 2;
  if (name === 'char') return Number(digits) * CHARACTER_BYTES;
  if (name === 'decimal') return decimalBytes(Number(digits) - Number(scale)) + decimalBytes(Number(scale));
  // Large texts and binaries: their length, and where they are.
  return FIXED[name] ?? 12;
}

/** Nine digits take four bytes, what is left over less. */
function decimalBytes(digits: number): number {
  return Math.floor(digits / 9) * 4 + Math.ceil((digits % 9) / 2);
}
