import type { Column, Dataset } from '../../../../contract/contract';
import { parseDateFormat, type DateToken } from '../../../../contract/date-format';
import { integerRange } from '../../../../contract/engine-types';
import { isRead, type FieldMap } from '../csv-header';
import { MOST_DIGITS } from './number-loop';

/** Digits of a fraction where no format says how many: those that values have, and zeros. */
const MOST_FRACTION = 12;

/** How the texts of a column are told as values, as far as they are in their plainest form. */
export type ValueForm =
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly least: bigint; readonly most: bigint }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number; readonly least: bigint; readonly most: bigint }
  | { readonly kind: 'date' }
  | TimestampForm;

export interface TimestampForm {
  readonly kind: 'timestamp';
  /** Whether values are instants. */
  readonly zoned: boolean;
  /** Bytes of which one stands before the clock. */
  readonly separators: readonly [string, string];
  /** Digits of a fraction of a second. */
  readonly digits: readonly [fewest: number, most: number];
  /** What an offset from UTC at the end looks like: with a colon, or also without. */
  readonly offset: 'none' | 'colon' | 'any';
}

/** Forms by field: of those that one column reads, and whose texts nothing but the cast looks at. */
export function valueForms({ columns, quality }: Dataset, { byColumn }: FieldMap): ReadonlyMap<number, ValueForm> {
  const counted = new Set(quality.map(({ column }) => column));
  return new Map(columns.flatMap((column, index): [number, ValueForm][] => {
    const field = byColumn[index];
    const form = isRead(column) && column.default === undefined && !counted.has(column.name) ? valueForm(column) : undefined;
    return field === undefined || form === undefined || byColumn.indexOf(field) !== byColumn.lastIndexOf(field) ? [] : [[field, form]];
  }));
}

/** Undefined where values are none that the loop writes. */
function valueForm({ type, format }: Column): ValueForm | undefined {
  switch (type.kind) {
    case 'integer': {
      const { bits, unsigned = false } = type;
      const { min, max } = integerRange(bits, unsigned);
      // An unsigned type is kept in the next wider one, and the widest in decimals of 20 digits.
      return unsigned && bits === 64 ? undefined : { kind: 'integer', bits: unsigned ? (2 * bits as 16 | 32 | 64) : bits, least: min, most: max };
    }
    case 'decimal': {
      const { precision, scale } = type;
      const most = 10n ** BigInt(precision) - 1n;
      return precision > MOST_DIGITS ? undefined : { kind: 'decimal', precision, scale, least: -most, most };
    }
    case 'date': return format === undefined || isoTokens(format, 'date')?.length === 0 ? { kind: 'date' } : undefined;
    case 'timestamp': return timestampForm(type.zoned, format);
    default: return undefined;
  }
}

function timestampForm(zoned: boolean, format: string | undefined): TimestampForm | undefined {
  if (format === undefined) return { kind: 'timestamp', zoned, separators: ['T', ' '], digits: [0, MOST_FRACTION], offset: zoned ? 'any' : 'none' };
  const [between, hour, minute, second, ...rest] = withoutColons(isoTokens(format, 'timestamp'));
  if (between?.kind !== 'literal' || !/^[T ]$/.test(between.text) || hour?.kind !== 'hour' || minute?.kind !== 'minute' || second?.kind !== 'second') return undefined;
  const fraction = rest[0]?.kind === 'literal' && rest[0].text === '.' && rest[1]?.kind === 'fraction' ? rest[1].digits : 0;
  const [last, ...none] = fraction > 0 ? rest.slice(2) : rest;
  const offset = last?.kind === 'offset' ? 'any' : last?.kind === 'colonOffset' ? 'colon' : 'none';
  if (none.length > 0 || (last !== undefined && offset === 'none') || (offset !== 'none' && !zoned)) return undefined;
  return { kind: 'timestamp', zoned, separators: [between.text, between.text], digits: [fraction, fraction], offset };
}

/** What follows the day in a format that begins as ISO dates do. */
function isoTokens(format: string, kind: 'date' | 'timestamp'): readonly DateToken[] | undefined {
  const { tokens } = parseDateFormat(format, kind) as { tokens: readonly DateToken[] };
  const day = tokens.slice(0, 5).map((token) => (token.kind === 'literal' ? token.text : token.kind));
  return day.join() === 'year,-,month,-,day' ? tokens.slice(5) : undefined;
}

/** Of the tokens of a clock, those that are not the colons between them; none where another text stands there. */
function withoutColons(tokens: readonly DateToken[] = []): readonly DateToken[] {
  const isColon = (token?: DateToken): boolean => token?.kind === 'literal' && token.text === ':';
  return isColon(tokens[2]) && isColon(tokens[4]) ? tokens.filter((_, index) => index !== 2 && index !== 4) : [];
}
