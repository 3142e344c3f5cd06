import { createHash } from 'node:crypto';
import { userError, type PipelineError } from '../../../errors/pipeline-error';
import { slotTime } from '../../../run/ids';
import type { RawManifest } from '../../../run/manifest';
import type { PlanCall } from '../../source/source-kind';
import { earlier, parseInstant } from './exact-instant';
import { minusWhole } from './exact-number';
import type { HttpPagesSettings } from './pages-settings';
import { comparable, compareIn, fitsOrder } from './since-order';
import { timeOf, type SinceSettings, type SinceTime, type SinceValue, type TimeFormat } from './since-settings';

/** What the first page is asked with, beyond its address, and what its answers are held against. */
export interface SinceRead {
  readonly parameters: Readonly<Record<string, string>>;
  /** The cursor that the run goes on from. */
  readonly from?: string;
  /** Whether the cursor stays where it is, whatever is read: of back-fills and replays. */
  readonly keeps?: true;
  /**
   * No time after this moves the cursor, in seconds since 1970; of values that are times. What was changed while pages were read
   * stands in the last ones and would hide what came late to the first ones; and a wrong date, far in the future, would hide everything.
   */
  readonly notAfter?: number;
  /** The last commit, which stands where nothing is new; `pages` is a digest of its pages where they were asked for with the same parameters. */
  readonly last?: { readonly seq: number; readonly pages?: string };
}

export interface SinceWindow {
  readonly read: SinceRead;
  readonly cursor: { readonly from?: string; readonly to?: string };
}

type Call = PlanCall<HttpPagesSettings>;
type Bounds = Pick<SinceRead, 'parameters' | 'notAfter'> & { readonly to?: string };

/** What a run asks an API for. Undefined where there can be nothing new. Throws `SOURCE_CURSOR` and `INPUT`. */
export function sinceWindow(since: SinceSettings, call: Call, partUrl: (parameters: SinceRead['parameters']) => string): SinceWindow | undefined {
  checkHistory(since, call);
  const { last, input: { range }, replays } = call;
  const from = last?.cursor.to;
  checkCursor(since, from, call);
  const bounds = range === undefined ? newBounds(since, from, call) : rangeBounds(since, range, call);
  if (bounds === undefined) return undefined;
  const keeps = range !== undefined || replays !== undefined;
  const { to: end, ...asked } = bounds;
  const to = range === undefined ? end : from;
  return {
    read: {
      ...asked, ...(from === undefined ? {} : { from }),
      ...(keeps ? { keeps: true } : last === undefined ? {} : { last: lastPages(last, partUrl(asked.parameters)) }),
    },
    cursor: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  };
}

/** A digest of pages, in their order. */
export function pagesDigest(sha256s: readonly string[]): string {
  return createHash('sha256').update(sha256s.join('\n')).digest('hex').slice(0, 32);
}

function lastPages({ seq, parts }: RawManifest, url: string): NonNullable<SinceRead['last']> {
  const same = parts.every((part, number) => part.source.url === `${url}page=${number}`);
  return same ? { seq, pages: pagesDigest(parts.map(({ sha256 }) => sha256)) } : { seq };
}

/** The boundary and the lag come twice, and only the view of changes takes the newest row of each key over all commits. */
function checkHistory({ by }: SinceSettings, { dataset: { name, history, primaryKey } }: Call): void {
  if (history === 'changes' && primaryKey.length > 0) return;
  if (by === 'token' && history !== 'snapshot') return;
  throw userError(
    'SOURCE_CURSOR', `${name}: since reads what is new, and history ${history} ${history === 'snapshot' ? 'takes each batch for the whole' : 'would keep records at its boundary twice'}; `
      + 'write headraceHistory: changes and mark the key with primaryKey: true, or leave since out', { dataset: name, history },
  );
}

function checkCursor(since: SinceSettings, from: string | undefined, { dataset }: Call): void {
  if (from === undefined || isOfOrder(since, from)) return;
  throw refused(`${dataset.name}: the cursor ${JSON.stringify(from)} of the last commit is none of since ${since.by}${since.by === 'value' ? ` with order ${since.order}` : ''}; what a source with commits goes by cannot change. Use what it was, or start a new dataset`, dataset.name);
}

function isOfOrder(since: SinceSettings, text: string): boolean {
  if (since.by === 'time') return timeOf(text) !== undefined;
  return since.by === 'token' || fitsOrder(since.order, text);
}

function newBounds(since: SinceSettings, from: string | undefined, call: Call): Bounds | undefined {
  if (since.by === 'time') return timeBounds(since, from, call);
  const asked = from === undefined ? since.first : since.by === 'value' ? lessLag(since, from, call) : from;
  const isTime = since.by === 'value' && since.order === 'time' && call.replays === undefined;
  return { parameters: asked === undefined ? {} : { [since.parameter]: asked }, ...(isTime ? { notAfter: windowEnd(call) } : {}) };
}

function timeBounds(since: SinceTime, from: string | undefined, call: Call): Bounds | undefined {
  const end = windowEnd(call);
  const lower = from ?? since.first;
  const begin = lower === undefined ? undefined : timeOf(lower) as number;
  if (begin !== undefined && begin >= end) return undefined;
  const asked = begin === undefined ? undefined : begin - (from === undefined ? 0 : since.lagSeconds);
  return {
    parameters: {
      ...(asked === undefined ? {} : { [since.parameter]: written(asked, since.format) }),
      ...(since.untilParameter === undefined ? {} : { [since.untilParameter]: written(end, since.format) }),
    },
    to: written(end, 'iso'),
  };
}

/**
 * Where the window of a run ends, in seconds: the same in all its attempts, however late one is, so that they can take over what earlier ones
 * pulled. What has changed since then is the next run's.
 */
function windowEnd({ input, replays, planned, last, dataset, now = new Date() }: Call): number {
  if (replays !== undefined) {
    const end = replays.cursor.to === undefined ? undefined : timeOf(replays.cursor.to);
    if (end === undefined) throw refused(`${dataset.name}: the commit of run ${replays.runId} does not tell up to which time it read, as the source had no since then; start a back-fill instead`, dataset.name);
    return end;
  }
  if (planned?.to !== undefined && planned.from === last?.cursor.to) {
    const end = timeOf(planned.to);
    if (end !== undefined) return end;
  }
  // What lies in the future of the clock cannot have been read.
  return Math.floor(Math.min(slotTime(input.slot)?.getTime() ?? Infinity, now.getTime()) / 1_000);
}

function lessLag({ order, lagSeconds = 0, lagValues = 0 }: SinceValue, from: string, { dataset }: Call): string {
  if (order === 'time' && lagSeconds > 0) return earlier(parseInstant(from)!, lagSeconds);
  if (order !== 'number' || lagValues === 0) return from;
  const less = minusWhole(from, lagValues);
  if (less === undefined) throw refused(`${dataset.name}: a lag of ${lagValues} values cannot be taken off the cursor ${from}, which is no whole number; leave lagValues out`, dataset.name);
  return less;
}

function rangeBounds(since: SinceSettings, range: { readonly from: string; readonly to: string }, call: Call): Bounds {
  const { dataset: { name } } = call;
  if (since.by === 'token') throw refused(`${name}: a back-fill is a range, and a source that goes by tokens has none; replay a run, or read the API without since into another dataset`, name);
  const { untilParameter } = since;
  if (untilParameter === undefined) throw refused(`${name}: a back-fill ends somewhere, and the source has no parameter for it; set untilParameter if the API has one, or replay runs`, name);
  const [from, to] = since.by === 'time' ? timeRange(since, range, name) : valueRange(since, range, name);
  return { parameters: { [since.parameter]: from, [untilParameter]: to } };
}

function timeRange({ format }: SinceTime, range: { readonly from: string; readonly to: string }, name: string): [string, string] {
  const [from, to] = [timeOf(range.from), timeOf(range.to)];
  const day = format === 'date' ? 86_400 : 1;
  if (from === undefined || to === undefined || from >= to || from % day !== 0 || to % day !== 0) {
    throw wrongRange(name, `must be ${format === 'date' ? 'whole days, like 2026-01-31' : 'dates or times with zone, like 2026-01-31 or 2026-01-31T09:00:00Z'}, from before to`, range);
  }
  return [written(from, format), written(to, format)];
}

function valueRange({ order }: SinceValue, range: { readonly from: string; readonly to: string }, name: string): [string, string] {
  const { from, to } = range;
  if (!fitsOrder(order, from) || !fitsOrder(order, to) || !comparable(order, from, to) || compareIn(order, from, to) >= 0) {
    throw wrongRange(name, `must be two values of the order ${order}, from before to`, range);
  }
  return [from, to];
}

function written(seconds: number, format: TimeFormat): string {
  if (format === 'seconds') return String(seconds);
  if (format === 'millis') return String(seconds * 1_000);
  const text = new Date(seconds * 1_000).toISOString();
  return format === 'date' ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
}

function wrongRange(name: string, rule: string, range: object): PipelineError {
  return userError('INPUT', `state input: range of ${name} ${rule}, got ${JSON.stringify(range)}`, { range });
}

function refused(text: string, dataset: string): PipelineError {
  return userError('SOURCE_CURSOR', text, { dataset });
}
