import type { ColumnType } from '../../contract';

/** A column as the catalog of a database declares it, in the words of a contract. */
export interface DescribedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** The database lets no NULL in. */
  readonly required: boolean;
  /** Place in the primary key, from 1. */
  readonly keyPosition?: number;
  /** Why the type is another one than the database has, and what to do about it. */
  readonly note?: string;
}

/** What a declared type means in a contract. */
export type Meaning = Pick<DescribedColumn, 'type' | 'note'>;

/** What the contract's decimals hold. */
const MAX_PRECISION = 38;

/** An exact decimal, or text where a contract has none that is as long. */
export function decimalMeaning(declared: string, precision: number, scale: number): Meaning {
  // numeric(3,-2) has whole hundreds, numeric(2,5) nothing before the point.
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale);
  if (digits <= MAX_PRECISION) return { type: { kind: 'decimal', precision: digits, scale: Math.max(scale, 0) } };
  return textMeaning(declared, `has more than ${MAX_PRECISION} digits`);
}

/** The server's own text of a type that a contract has no word for. */
export function textMeaning(declared: string, why: string, instead = 'to have it as another type, declare that one if all texts are of it, or read a query that casts it'): Meaning {
  return { type: { kind: 'string' }, note: `${declared} ${why}, so this is its text as the server writes it; ${instead}` };
}
