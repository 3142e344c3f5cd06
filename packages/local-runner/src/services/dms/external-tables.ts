import { DmsRefusal, parseDocument, refuseOthers, type Document } from './refusal';

export interface ExternalColumn {
  readonly name: string;
  readonly type: string;
  readonly length: number;
  readonly precision: number;
  readonly scale: number;
  readonly nullable: boolean;
}

export interface ExternalTable {
  readonly owner: string;
  readonly name: string;
  /** Below the folder of the endpoint, ending with a slash. */
  readonly path: string;
  readonly columns: readonly ExternalColumn[];
}

const TYPES = ['BYTE', 'DATE', 'TIME', 'DATETIME', 'INT1', 'INT2', 'INT4', 'INT8', 'NUMERIC', 'REAL4', 'REAL8', 'STRING', 'UINT1', 'UINT2', 'UINT4', 'UINT8', 'BLOB', 'CLOB', 'BOOLEAN'];
const COLUMN = ['ColumnName', 'ColumnType', 'ColumnLength', 'ColumnNullable', 'ColumnIsPk', 'ColumnPrecision', 'ColumnScale', 'ColumnDateFormat'];
const FORMATS = ['YYYY-MM-dd HH:mm:ss', 'YYYY/MM/dd HH:mm:ss', 'MM/dd/YYYY HH:mm:ss', 'YYYYMMdd HH:mm:ss'].flatMap((format) => [format, `${format}.F`]);
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_LENGTH = 2_147_483_647;

/** Reads an external table definition; refuses what the documentation of the S3 source does. */
export function externalTables(text: unknown): ExternalTable[] {
  if (typeof text !== 'string' || text === '') throw new DmsRefusal('an S3 source endpoint must have an ExternalTableDefinition');
  if (Buffer.byteLength(text) > MAX_BYTES) throw new DmsRefusal(`the maximum size of the external table definition is 2 MB, got ${Buffer.byteLength(text)} bytes`);
  const document = parseDocument(text, 'ExternalTableDefinition');
  refuseOthers(document, ['TableCount', 'Tables'], 'ExternalTableDefinition');
  const tables = (document.Tables ?? []) as Document[];
  if (Number(document.TableCount) !== tables.length) throw new DmsRefusal(`TableCount is ${document.TableCount}, and Tables has ${tables.length} elements`);
  return tables.map((table, index) => tableOf(table, `Tables[${index}]`));
}

function tableOf(table: Document, where: string): ExternalTable {
  refuseOthers(table, ['TableName', 'TablePath', 'TableOwner', 'TableColumns', 'TableColumnsTotal'], where);
  for (const name of ['TableName', 'TablePath', 'TableOwner']) if (typeof table[name] !== 'string' || table[name] === '') throw new DmsRefusal(`${where} must have a ${name}`);
  const columns = (table.TableColumns ?? []) as Document[];
  if (Number(table.TableColumnsTotal) !== columns.length) {
    throw new DmsRefusal(`TableColumnsTotal of ${table.TableName} is ${table.TableColumnsTotal}; this number must match the number of elements in the TableColumns array, ${columns.length}`);
  }
  return { owner: table.TableOwner, name: table.TableName, path: table.TablePath, columns: columns.map((column) => columnOf(column, `${table.TableName}.${column.ColumnName}`)) };
}

function columnOf(column: Document, where: string): ExternalColumn {
  refuseOthers(column, COLUMN, where);
  if (typeof column.ColumnName !== 'string' || column.ColumnName === '') throw new DmsRefusal(`${where}: a column must have a ColumnName`);
  const type = String(column.ColumnType);
  if (!TYPES.includes(type)) throw new DmsRefusal(`${where}: ColumnType ${type} is not among the types of an S3 source; known: ${TYPES.join(', ')}`);
  const length = whole(column.ColumnLength, 0, MAX_LENGTH, `${where}: ColumnLength`);
  if ((type === 'STRING' || type === 'BYTE') && length === 0) throw new DmsRefusal(`${where}: ${type} requires ColumnLength; without, AWS DMS assumes that ColumnLength is zero`);
  if (type === 'NUMERIC' && (column.ColumnPrecision === undefined || column.ColumnScale === undefined)) throw new DmsRefusal(`${where}: NUMERIC requires ColumnPrecision and ColumnScale`);
  if (column.ColumnDateFormat !== undefined && !FORMATS.includes(column.ColumnDateFormat)) throw new DmsRefusal(`${where}: ColumnDateFormat ${column.ColumnDateFormat} is not among ${FORMATS.join(' | ')}`);
  return {
    name: column.ColumnName, type, length,
    precision: whole(column.ColumnPrecision, 0, 38, `${where}: ColumnPrecision`),
    scale: whole(column.ColumnScale, 0, type === 'DATETIME' ? 9 : 31, `${where}: ColumnScale`),
    nullable: truth(column.ColumnNullable, `${where}: ColumnNullable`),
  };
}

function whole(value: unknown, fallback: number, max: number, what: string): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= max) return number;
  throw new DmsRefusal(`${what} must be a whole number from 0 to ${max}, got ${JSON.stringify(value)}`);
}

/** False where it is left out: the default that surprises most. */
function truth(value: unknown, what: string): boolean {
  if (value === undefined || value === 'false' || value === false) return false;
  if (value === 'true' || value === true) return true;
  throw new DmsRefusal(`${what} must be true or false, got ${JSON.stringify(value)}`);
}
