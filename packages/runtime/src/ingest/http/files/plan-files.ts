import { userError } from '../../../errors/pipeline-error';
import { slotTime } from '../../../run/ids';
import type { PlanCall, Shard, SourcePlan } from '../../source/source-kind';
import type { HttpSourceSettings } from '../http-settings';
import { redactUrl } from '../redact-url';
import { refusesWebPage } from '../web-page';
import type { DateSettings } from './date-settings';
import { calendarOf, ordinalOf, STEP_FORMS, stepAt, textOf } from './date-step';
import { fillTemplate } from './url-template';

/** What one GET needs. */
export interface HttpRead {
  readonly url: string;
  /** That there is no such file is an answer, and no failure. */
  readonly mayBeMissing?: boolean;
  /** That records are expected, and no web page. */
  readonly noWebPage?: true;
}

type Call = Pick<PlanCall<HttpSourceSettings>, 'source' | 'dataset' | 'input' | 'last'> & { readonly now?: Date };

/** More files are more than part numbers, and than any execution should start with. */
const MAX_FILES = 100_000;

export function planFiles(call: Call): SourcePlan<HttpRead> {
  const { source } = call;
  const budget = source.requestsPerMinute === undefined ? {} : { tasks: 'one' as const };
  if (source.dates !== undefined) return { ...planDates(call, source.url as string, source.dates), ...budget };
  refuseRange(call);
  const urls = source.urls ?? [source.url as string];
  return { shards: urls.map((url) => fileShard(url, call)), ...budget };
}

function planDates(call: Call, template: string, dates: DateSettings): SourcePlan<HttpRead> {
  const { input, dataset, last } = call;
  const { step, timeZone } = dates;
  const back = input.operation === 'backfill';
  const before = last?.cursor.to;
  checkLag(call, dates);
  const { first, end } = back ? backfillSteps(call, dates) : newSteps(call, dates);
  if (end - first > MAX_FILES) {
    throw userError('SOURCE_DATES', `${dataset.name}: from ${textOf(step, first)} there are ${end - first} files, a run may read ${MAX_FILES}; bring them in back-fills of shorter ranges`, { files: end - first });
  }
  const shards = new Map<string, Shard<HttpRead>>();
  for (let ordinal = first; ordinal < end; ordinal += 1) {
    const url = fillTemplate(template, calendarOf(step, ordinal, timeZone));
    // When clocks go back two hours have one address; the file counts for the later.
    shards.delete(url);
    shards.set(url, { ...fileShard(url, call, dates.missing === 'skip'), ...(back ? {} : { cursor: textOf(step, ordinal) }) });
  }
  // A back-fill leaves the cursor where it is.
  const to = back || shards.size === 0 ? before : laterOf(before, textOf(step, end - 1));
  return { shards: [...shards.values()], cursor: { ...(before === undefined ? {} : { from: before }), ...(to === undefined ? {} : { to }) } };
}

/** Up to the last step whose file is there at the time of the slot. */
function newSteps({ input, dataset, last, now = new Date() }: Call, dates: DateSettings): { first: number; end: number } {
  const { step, timeZone, from, availableAfterSeconds, lag } = dates;
  const time = slotTime(input.slot) ?? now;
  const end = availableAfterSeconds === undefined
    ? stepAt(step, time, timeZone)
    : stepAt(step, new Date(time.getTime() - availableAfterSeconds * 1_000), timeZone) + 1;
  const begin = ordinalOf(step, from) as number;
  const before = last?.cursor.to === undefined ? undefined : ordinalOf(step, last.cursor.to);
  if (last?.cursor.to !== undefined && before === undefined) {
    throw userError('SOURCE_DATES', `${dataset.name}: the cursor ${last.cursor.to} of the last commit is no ${step} like ${STEP_FORMS[step]}; the step of a source with commits cannot change. Start a new dataset, or use the step of before`, { cursor: last.cursor.to, step });
  }
  // Each file of a snapshot is the whole of it, so only the newest counts.
  if (dataset.history === 'snapshot') return { first: Math.max(begin, end - 1, (before ?? begin) - lag), end };
  return { first: before === undefined ? begin : Math.max(begin, before + 1 - lag), end };
}

function backfillSteps({ input, dataset }: Call, { step }: DateSettings): { first: number; end: number } {
  const { from, to } = input.range as { from: string; to: string };
  const [first, end] = [ordinalOf(step, from), ordinalOf(step, to)];
  if (first === undefined || end === undefined || first >= end) {
    throw userError('INPUT', `state input: range of ${dataset.name} must be written like ${STEP_FORMS[step]}, from before to, got ${JSON.stringify(input.range)}`, { range: input.range });
  }
  return { first, end };
}

/** A file that changed lands again as a whole, and a dedupe rule looks into one batch only: the view of append would show both. */
function checkLag({ dataset }: Call, { lag }: DateSettings): void {
  if (lag === 0 || dataset.history !== 'append') return;
  throw userError(
    'SOURCE_DATES', `${dataset.name}: a lag of ${lag} reads files that changed again, and history append would keep their records twice, also with a dedupe rule, which looks into one batch only; `
      + 'write headraceHistory: changes and mark the key with primaryKey: true, or leave lag out', { dataset: dataset.name, lag },
  );
}

/** Everything would be read, under the name of a range. */
function refuseRange({ input, dataset }: Call): void {
  if (input.operation !== 'backfill') return;
  throw userError(
    'INPUT', `state input: operation backfill takes a range, and ${dataset.name} reads addresses that name no date; start an ordinary run, or a replay of one, or make the source IngestSource.httpDates. `
      + 'Where only other datasets are meant, name them in only', { dataset: dataset.name, range: input.range },
  );
}

function laterOf(before: string | undefined, to: string): string {
  return before !== undefined && before > to ? before : to;
}

function fileShard(url: string, { dataset }: Call, mayBeMissing = false): Shard<HttpRead> {
  const noWebPage = refusesWebPage(dataset.record.format);
  const read = { url, ...(mayBeMissing ? { mayBeMissing } : {}), ...(noWebPage ? { noWebPage } : {}) };
  return { url: redactUrl(url), fileName: fileNameOf(url), read };
}

export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
