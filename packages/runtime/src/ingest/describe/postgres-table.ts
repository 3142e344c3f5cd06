import type { ColumnType } from '../../contract';
import { quoteLiteral, quoteName } from '../../contract/quote-identifier';
import type { Relation, SqlConnection } from '../sql/sql-engine';
import { decimalMeaning, textMeaning, type DescribedColumn, type Meaning } from './described-column';

const PLAIN: Readonly<Record<string, ColumnType>> = {
  smallint: { kind: 'integer', bits: 16 }, integer: { kind: 'integer', bits: 32 }, bigint: { kind: 'integer', bits: 64 }, oid: { kind: 'integer', bits: 32, unsigned: true },
  real: { kind: 'float', bits: 32 }, 'double precision': { kind: 'float', bits: 64 }, boolean: { kind: 'boolean' }, date: { kind: 'date' },
  'time without time zone': { kind: 'time' }, 'timestamp without time zone': { kind: 'timestamp', zoned: false }, 'timestamp with time zone': { kind: 'timestamp', zoned: true },
  text: { kind: 'string' }, name: { kind: 'string' }, uuid: { kind: 'uuid' }, bytea: { kind: 'binary' },
};

/** The columns of a table or view of PostgreSQL, in their order. */
export async function describePostgresTable(
  connection: SqlConnection, { schema = 'public', name }: NonNullable<Relation['table']>,
): Promise<DescribedColumn[]> {
  const rows = await connection.rows(columnsSql(quoteLiteral(quoteName(schema, name))));
  return rows.map((row) => {
    const [column, declared, base, kind, required, position] = row as [string, string, string, string, string, string | null];
    return {
      name: column, ...meaning(declared, base, kind), required: required === 'true', ...(position === null ? {} : { keyPosition: Number(position) }),
    };
  });
}

/** A domain is what it is made of, also one of a domain; and it may refuse NULL where the column does not. */
function columnsSql(table: string): string {
  return `WITH RECURSIVE typed AS (
  SELECT attnum, attname, atttypid AS type, atttypmod AS modifier, attnotnull AS required, format_type(atttypid, atttypmod) AS declared
  FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(${table}) AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT attnum, attname, typbasetype, typtypmod, required OR typnotnull, declared FROM typed JOIN pg_catalog.pg_type ON oid = type AND typtype = 'd'
)
SELECT attname::text, declared, pg_catalog.format_type(type, modifier), typtype::text, required::text, (
  SELECT place::text FROM pg_catalog.pg_index, unnest(indkey::int2[]) WITH ORDINALITY AS key (number, place)
  WHERE indrelid = pg_catalog.to_regclass(${table}) AND indisprimary AND place <= indnkeyatts AND number = attnum
) FROM typed JOIN pg_catalog.pg_type ON oid = type AND typtype <> 'd' ORDER BY attnum`;
}

function meaning(declared: string, base: string, kind: string): Meaning {
  const match = /^(.+?)(?:\((\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?$/.exec(base);
  const [, stem = base, first, second = '0', zone = ''] = match ?? [];
  const type = PLAIN[`${stem}${zone}`];
  // The number of a timestamp says how many digits of a second it has, and all of them are kept.
  if (type !== undefined) return { type };
  if (stem === 'numeric' && first !== undefined) return decimalMeaning(declared, Number(first), Number(second));
  if (stem === 'numeric') return textMeaning(declared, 'has no precision', 'for exact numbers write logicalType: number and physicalType: decimal(p,s) with the digits that you need');
  // Of fixed length, filled up with spaces: the text has as many code points.
  if (stem === 'character varying' || stem === 'character') return { type: { kind: 'string', ...(first === undefined ? {} : { length: Number(first) }) } };
  if (kind === 'e') return { type: { kind: 'string' }, note: `one of the labels of ${declared}` };
  return textMeaning(declared, 'has no type in a contract');
}
