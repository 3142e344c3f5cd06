import { userError, type PipelineError } from '../../../errors/pipeline-error';
import { PageProgress } from './page-progress';
import type { PageFacts } from './page-scan';
import { comparable, compareIn } from './since-order';
import type { SinceSettings, SinceValue } from './since-settings';
import { pagesDigest, type SinceRead } from './since-window';

/** How far a series of pages came, once its last page has ended. */
export class SinceProgress {
  private largest?: string;
  private token?: string;
  private records: number | undefined = 0;
  private readonly sha256s: string[] = [];

  constructor(private readonly since: SinceSettings, private readonly read: SinceRead) {}

  newPage(): PageProgress {
    return new PageProgress(this.since, this.read);
  }

  add({ largest, token }: PageProgress, { records }: PageFacts, sha256: string): void {
    if (largest !== undefined) this.largest = this.larger(this.largest, largest);
    this.token = token ?? this.token;
    this.records = records === undefined || this.records === undefined ? undefined : this.records + records;
    this.sha256s.push(sha256);
  }

  /** Throws `SOURCE_CURSOR` where the last page does not tell where the next run goes on. */
  requireToken(page: PageProgress): void {
    const { since, read } = this;
    if (since.by !== 'token' || read.keeps === true || (page.token ?? this.token) !== undefined) return;
    throw refused(`the last page has no token at ${since.at}, so the next run would not know where to go on; correct tokenAt, or leave since out`);
  }

  /** Never behind the cursor that the run went on from. Undefined where the plan has told it, and where it stays. */
  get cursorTo(): string | undefined {
    const { since, read } = this;
    if (read.keeps === true || since.by === 'time') return undefined;
    if (since.by === 'token') return this.token;
    return this.largest === undefined ? read.from : this.larger(read.from, this.largest);
  }

  /** The commit since which nothing is new: no record came, or the very pages that it has came for the same question. */
  get unchangedSince(): number | undefined {
    const { read: { last, from }, since } = this;
    if (last === undefined || (since.by === 'token' && this.token !== from)) return undefined;
    return this.records === 0 || pagesDigest(this.sha256s) === last.pages ? last.seq : undefined;
  }

  private larger(one: string | undefined, other: string): string {
    const { order } = this.since as SinceValue;
    if (one === undefined) return other;
    if (!comparable(order, one, other)) throw refused('times of its pages have a zone in some records and none in others, which cannot be compared; go by another value');
    return compareIn(order, other, one) > 0 ? other : one;
  }
}

function refused(text: string): PipelineError {
  return userError('SOURCE_CURSOR', text);
}
