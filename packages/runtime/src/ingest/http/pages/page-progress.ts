import { userError, type PipelineError } from '../../../errors/pipeline-error';
import { compareInstants, parseInstant } from './exact-instant';
import type { PageFacts, RecordsWatch } from './page-scan';
import type { RecordValue } from './record-values';
import { comparable, compareIn, fitsOrder } from './since-order';
import type { SinceSettings, SinceValue } from './since-settings';
import { MOST_CURSOR_CHARACTERS, tokenOf } from './since-token';
import type { SinceRead } from './since-window';

/** A clock that has no zone may be ahead of UTC by as much. */
const AHEAD_SECONDS = 14 * 3_600;

/** What one page tells of how far the source is read. A page that is read again is looked at anew. */
export class PageProgress {
  largest?: string;
  token?: string;
  /** Records without a value. */
  without = 0;
  private problem?: string;

  constructor(private readonly since: SinceSettings, private readonly read: SinceRead) {}

  /** What is to be looked at in each record, if anything. */
  get watch(): RecordsWatch | undefined {
    const { since, read } = this;
    return since.by === 'value' && read.keeps !== true ? { at: since.at, take: (value) => this.take(since, value) } : undefined;
  }

  /** Throws an Error with a reason, or `SOURCE_CURSOR`, where the page cannot be gone by. */
  end(facts: PageFacts): void {
    const { since, read } = this;
    if (read.keeps === true) return;
    if (this.problem !== undefined) throw refused(this.problem);
    if (since.by === 'token') this.token = tokenOf(facts.value(since.at), since);
    if (since.by !== 'value' || this.without === 0 || since.nulls === 'skip') return;
    if (since.nulls === 'first-run' && read.from === undefined) return;
    throw refused(`${this.without} records of a page have no value at ${since.at}, and no later run could tell whether they were read; set cursorNulls to first-run (the run without a cursor takes them) or skip (every run does), or correct valueAt`);
  }

  private take(since: SinceValue, value: RecordValue): void {
    if (value === 'none') {
      this.without += 1;
      return;
    }
    const { order, at } = since;
    const fits = value !== 'other' && (order === 'number' || !value.isNumber) && value.text.length <= MOST_CURSOR_CHARACTERS && fitsOrder(order, value.text);
    if (!fits) {
      this.problem ??= `a record has at ${at} what is no value of the order ${order}${order === 'text' ? '' : `, like ${EXAMPLES[order]}`}; correct valueAt or order`;
      return;
    }
    const { text } = value;
    const known = this.largest ?? this.read.from;
    if (known !== undefined && !comparable(order, known, text)) {
      this.problem ??= `times at ${at} have a zone in some records and none in others, which cannot be compared; go by another value`;
    } else if ((this.largest === undefined || compareIn(order, text, this.largest) > 0) && !this.isTooLate(text)) {
      this.largest = text;
    }
  }

  /** Of values that are times: it comes in this batch, and again in the next, which may go on from it. */
  private isTooLate(text: string): boolean {
    const { notAfter } = this.read;
    if (notAfter === undefined) return false;
    const instant = parseInstant(text)!;
    return compareInstants(instant, { ...instant, seconds: notAfter + (instant.zone === '' ? AHEAD_SECONDS : 0), fraction: '' }) > 0;
  }
}

const EXAMPLES = { number: '4711', time: '2026-01-31T09:00:00Z' };

function refused(text: string): PipelineError {
  return userError('SOURCE_CURSOR', text);
}
