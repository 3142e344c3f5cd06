import type { Fields } from '../../../run/settings';
import { parseInstant } from './exact-instant';
import { parsePointer, type PagingSettings } from './paging-settings';
import { fitsOrder } from './since-order';

export type SinceOrder = 'number' | 'text' | 'time';
export type TimeFormat = 'iso' | 'seconds' | 'millis' | 'date';

/** What an API is asked with, so that it answers with what is new. */
export type SinceSettings = SinceTime | SinceValue | SinceToken;

interface Asked {
  /** Of the query. */
  readonly parameter: string;
  /** What the first run asks with. @default - it asks without the parameter */
  readonly first?: string;
}

/** A window of time, up to the time of the run. */
export interface SinceTime extends Asked {
  readonly by: 'time';
  /** Takes the window's end. */
  readonly untilParameter?: string;
  readonly format: TimeFormat;
  readonly lagSeconds: number;
}

/** From the largest value that the records of earlier runs had. */
export interface SinceValue extends Asked {
  readonly by: 'value';
  /** Takes the end of a back-fill. */
  readonly untilParameter?: string;
  /** JSON pointer within a record. */
  readonly at: string;
  readonly order: SinceOrder;
  readonly lagSeconds?: number;
  readonly lagValues?: number;
  readonly nulls: 'fail' | 'first-run' | 'skip';
}

/** By a token that the last page of the run before held. */
export interface SinceToken extends Asked {
  readonly by: 'token';
  /** JSON pointer within a page. */
  readonly at: string;
}

const KINDS = ['time', 'value', 'token'] as const;
const YEAR_SECONDS = 366 * 86_400;

export function parseSince(fields: Fields): SinceSettings {
  const by = fields.choice('by', KINDS);
  const first = fields.text('first', { optional: true });
  const asked: Asked = { parameter: fields.text('parameter'), ...(first === undefined ? {} : { first }) };
  if (by === 'token') return { by, ...asked, at: parsePointer(fields, 'at') };
  const untilParameter = fields.text('untilParameter', { optional: true });
  const until = untilParameter === undefined ? {} : { untilParameter };
  if (untilParameter !== undefined && untilParameter === asked.parameter) fields.problem('untilParameter', `must be another one than parameter, got ${JSON.stringify(untilParameter)} for both`);
  return by === 'time' ? parseTime(fields, { ...asked, ...until }) : parseValue(fields, { ...asked, ...until });
}

function parseTime(fields: Fields, asked: Asked): SinceTime {
  checkFirst(fields, asked.first, (text) => timeOf(text) !== undefined, 'a date or a time with zone, like 2026-01-31 or 2026-01-31T09:00:00Z');
  return {
    by: 'time', ...asked, format: fields.choice('format', ['iso', 'seconds', 'millis', 'date'], { optional: true }) ?? 'iso',
    lagSeconds: fields.integer('lagSeconds', { min: 0, max: YEAR_SECONDS, optional: true }) ?? DEFAULT_LAG_SECONDS,
  };
}

/** Clocks differ, and what is changed in one transaction is seen a while after its time of change. */
export const DEFAULT_LAG_SECONDS = 600;

function parseValue(fields: Fields, asked: Asked): SinceValue {
  const order = fields.choice('order', ['number', 'text', 'time']);
  const lagSeconds = fields.integer('lagSeconds', { min: 0, max: YEAR_SECONDS, optional: true });
  const lagValues = fields.integer('lagValues', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true });
  if (lagSeconds !== undefined && order !== 'time') fields.problem('lagSeconds', `belongs to the order time, got ${order}`);
  if (lagValues !== undefined && order !== 'number') fields.problem('lagValues', `belongs to the order number, got ${order}`);
  checkFirst(fields, asked.first, (text) => fitsOrder(order, text), `written as a value of the order ${order}`);
  return {
    by: 'value', ...asked, at: parsePointer(fields, 'at'), order,
    ...(lagSeconds === undefined ? {} : { lagSeconds }), ...(lagValues === undefined ? {} : { lagValues }),
    nulls: fields.choice('nulls', ['fail', 'first-run', 'skip'], { optional: true }) ?? 'fail',
  };
}

function checkFirst(fields: Fields, first: string | undefined, fits: (text: string) => boolean, form: string): void {
  if (first !== undefined && !fits(first)) fields.problem('first', `must be ${form}, got ${JSON.stringify(first)}`);
}

/** Whole seconds since 1970 of a date (its midnight in UTC) or a time with zone; undefined for anything else. */
export function timeOf(text: string): number | undefined {
  const instant = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  return instant === undefined || instant.zone === '' ? undefined : instant.seconds;
}

/** Parameters of the query that the source sets by itself; no two may be one, and none may stand in the address. */
export function checkParameters(fields: Fields, url: string, since: SinceSettings, paging: PagingSettings, authParameter: string | undefined): void {
  const taken = new Set([
    ...(URL.canParse(url) ? new URL(url).searchParams.keys() : []), ...(authParameter === undefined ? [] : [authParameter]),
    ...('parameter' in paging ? [paging.parameter] : []), ...('sizeParameter' in paging && paging.sizeParameter !== undefined ? [paging.sizeParameter] : []),
  ]);
  const own = [since.parameter, ...('untilParameter' in since && since.untilParameter !== undefined ? [since.untilParameter] : [])];
  for (const name of own) {
    if (taken.has(name)) fields.problem('since', `has the parameter ${name}, which url, paging or auth set too; leave it out there`);
  }
}
