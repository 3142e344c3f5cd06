import type { Column } from '../../../contract/contract';
import { parseDateFormat, type DateToken } from '../../../contract/date-format';
import type { Moment } from './serial-moment';

/** A text in the grammar of the column, or why there is none. */
export type MomentText = { readonly text: string } | { readonly problem: string };

/** Makes the texts of moments for a column of dates, times or timestamps, in its format where it has one. */
export function momentWriter({ type, format }: Pick<Column, 'type' | 'format'>): (moment: Moment) => MomentText {
  const kind = type.kind as 'date' | 'time' | 'timestamp';
  const parsed = format === undefined ? undefined : parseDateFormat(format, kind);
  const tokens = parsed !== undefined && 'tokens' in parsed ? parsed.tokens : undefined;
  const zoned = type.kind === 'timestamp' && type.zoned;
  if (zoned && (tokens === undefined || tokens.some((token) => token.kind === 'offset' || token.kind === 'colonOffset'))) {
    return () => ({ problem: 'holds a time without a zone, which is no instant; declare a format without offset and defaultTimezone: Etc/UTC if it is UTC' });
  }
  return ({ day, ms, clock }) => {
    if (kind === 'time' && !clock) return { problem: 'holds a day, and the column a time of day' };
    if (kind !== 'time' && day === undefined) return { problem: 'holds a time of day without a day' };
    if (kind === 'date' && ms !== 0) return { problem: 'holds a day with a time; declare a timestamp, or have the source write the day alone' };
    const iso = new Date((day ?? 0) * 86_400_000 + ms).toISOString();
    if (tokens !== undefined) return inFormat(tokens, iso);
    return { text: kind === 'date' ? iso.slice(0, 10) : kind === 'time' ? iso.slice(11, 23) : iso.slice(0, 23) };
  };
}

function inFormat(tokens: readonly DateToken[], iso: string): MomentText {
  const fraction = tokens.reduce((digits, token) => (token.kind === 'fraction' ? token.digits : digits), 0);
  const seconds = tokens.some(({ kind }) => kind === 'second');
  const clock = tokens.some(({ kind }) => kind === 'minute');
  if (clock && ((!seconds && iso.slice(17, 19) !== '00') || /[1-9]/.test(iso.slice(20 + fraction, 23)))) return { problem: 'holds a time that is finer than the format of the column' };
  return { text: tokens.map((token) => tokenText(token, iso)).join('') };
}

function tokenText(token: DateToken, iso: string): string {
  switch (token.kind) {
    case 'year': return iso.slice(0, 4);
    case 'month': return iso.slice(5, 7);
    case 'day': return iso.slice(8, 10);
    case 'hour': return iso.slice(11, 13);
    case 'minute': return iso.slice(14, 16);
    case 'second': return iso.slice(17, 19);
    case 'fraction': return iso.slice(20, 23).padEnd(token.digits, '0').slice(0, token.digits);
    case 'literal': return token.text;
    default: return '';
  }
}
