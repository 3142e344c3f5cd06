import { createHash } from 'node:crypto';
import { PipelineError, transientError, userError } from '../../../errors/pipeline-error';
import type { Opened, RetryNote, SeriesPart, ShardReader, ShardSeries, SourceHead } from '../../source/shard-reader';
import type { Count } from '../../../run/manifest';
import { HttpDownload, type DownloadDeps } from '../http-download';
import { redactUrl } from '../redact-url';
import { firstPage, nextPage } from './next-page';
import type { PageProgress } from './page-progress';
import { DocumentScan, LinesScan, RecordLinesScan, type PageFacts, type PageScan } from './page-scan';
import { pagePointers, type HttpPagesSettings } from './pages-settings';
import { partPlace } from './part-place';
import { SinceProgress } from './since-progress';
import type { SinceRead } from './since-window';

/** What reading the pages takes. */
export interface PagesRead {
  readonly url: string;
  /** Lines at the beginning of each page that are no records; undefined where a page is one JSON document. */
  readonly headerLines?: number;
  /** Where only what is new is asked for. */
  readonly since?: SinceRead;
}

export interface PagesDeps {
  readonly download: Pick<DownloadDeps, 'client'> & Partial<DownloadDeps>;
  readonly onRetry: (note: RetryNote) => void;
  readonly signal: AbortSignal;
}

/** The pages of an API, in the order in which each tells of the next. */
export class PageSeries implements ShardSeries {
  private readonly start: URL;
  private readonly startedAt: number;
  private readonly monotonic: () => number;
  /** Addresses asked for so far, as sums: a source may have many, and long ones. */
  private readonly asked = new Set<string>();
  private pages = 0;
  private records = 0;
  private bytes = 0;
  private readonly progress?: SinceProgress;
  private last?: Page;

  constructor(readonly settings: HttpPagesSettings, readonly read: PagesRead, readonly deps: PagesDeps) {
    this.start = firstPage(read.url, settings.paging, read.since?.parameters);
    if (settings.since !== undefined && read.since !== undefined) this.progress = new SinceProgress(settings.since, read.since);
    this.monotonic = deps.download.monotonic ?? (() => performance.now());
    this.startedAt = this.monotonic();
  }

  next(): SeriesPart | undefined {
    const { last } = this;
    const url = last === undefined ? this.start : last.followedBy;
    if (last !== undefined) {
      this.records += last.facts.records ?? 0;
      this.bytes += last.bytes;
      this.pages += 1;
      if (last.progress !== undefined) this.progress?.add(last.progress, last.facts, last.sha256 ?? '');
    }
    if (url === undefined) return undefined;
    if (this.pages >= this.settings.maxPages) {
      throw userError('SOURCE_PAGES', `${redactUrl(this.start.href)} has more than ${this.settings.maxPages} pages; raise maxPages if that is right`, { maxPages: this.settings.maxPages });
    }
    this.asked.add(sumOf(url.href));
    return this.last = new Page(this, url, this.pages, last?.sha256);
  }

  get placeOfAll(): string {
    return redactUrl(this.read.url);
  }

  /** The place of a page is this with its number. Cursors of pages differ from run to run, numbers do not. */
  get place(): string {
    return `${partPlace(this.placeOfAll, this.settings.since?.by, this.read.since?.parameters ?? {})}page=`;
  }

  get cursorTo(): string | undefined {
    return this.progress?.cursorTo;
  }

  get unchangedSince(): number | undefined {
    return this.progress?.unchangedSince;
  }

  /** Bytes that all further pages may have. */
  get bytesLeft(): number | undefined {
    return this.settings.maxBytes === undefined ? undefined : Math.max(0, this.settings.maxBytes - this.bytes);
  }

  /** Of the time-out that all pages share. */
  get msLeft(): number {
    const left = this.settings.timeoutSeconds * 1_000 - (this.monotonic() - this.startedAt);
    if (left > 0) return left;
    throw transientError('SOURCE_TIMEOUT', `${this.placeOfAll}: its pages were not read within ${this.settings.timeoutSeconds} s; raise timeout, or ask for larger pages`, { url: this.placeOfAll, pages: this.pages });
  }

  newProgress(): PageProgress | undefined {
    return this.progress?.newPage();
  }

  newScan(watch: PageProgress['watch']): PageScan {
    const { settings, read } = this;
    if (read.headerLines === undefined) return new DocumentScan(pagePointers(settings), settings.recordsAt, watch);
    return watch === undefined ? new LinesScan(read.headerLines) : new RecordLinesScan(watch);
  }

  /** Called when the last page has ended. */
  endsWith(page: PageProgress | undefined): void {
    if (page !== undefined) this.progress?.requireToken(page);
  }

  /** Where the series goes on after a page; undefined after the last. */
  after(url: URL, facts: PageFacts, link: string | undefined): URL | undefined {
    const { paging, emptyPageEnds } = this.settings;
    const next = nextPage(paging, this.start, url, {
      facts, link, emptyPageEnds, records: this.records + (facts.records ?? 0), pages: this.pages + 1,
    });
    if (next === undefined) return undefined;
    this.checkPlace(next);
    if (this.asked.has(sumOf(next.href))) throw loop(`${redactUrl(url.href)} names a page as the next one that was read before`);
    return next;
  }

  /** A page must not send the task wherever its author likes. */
  private checkPlace(next: URL): void {
    if (next.origin === this.start.origin) return;
    // Never from https back to http.
    const secure = next.protocol === 'https:' || (next.protocol === 'http:' && this.start.protocol === 'http:');
    if (secure && this.settings.allowedHosts.includes(next.hostname)) return;
    throw userError('SOURCE_PAGE_HOST', `${this.placeOfAll} names a next page at ${next.origin}, which is not the source's own origin ${this.start.origin}; name ${next.hostname} in allowedHosts if it is meant`, { origin: next.origin });
  }
}

/** One page on its way. */
class Page implements SeriesPart {
  readonly url: string;
  bytes = 0;
  sha256?: string;
  followedBy?: URL;
  facts: PageFacts = { value: () => undefined };
  progress?: PageProgress;
  private scan: PageScan;
  private link?: string;

  /** @param before sum of the page before it */
  constructor(
    private readonly series: PageSeries, private readonly at: URL, private readonly number: number, private readonly before: string | undefined,
  ) {
    this.url = `${series.place}${number}`;
    this.progress = series.newProgress();
    this.scan = series.newScan(this.progress?.watch);
  }

  get records(): Count | undefined {
    return this.series.read.headerLines === undefined ? this.facts.records ?? 'unknown' : undefined;
  }

  reader(): ShardReader {
    const { settings, deps, bytesLeft, msLeft } = this.series;
    const download = new HttpDownload(
      {
        url: this.at.href, headers: settings.headers, timeoutMs: msLeft, maxBytes: bytesLeft, accept: [204],
        // Of a page that is a document its own reader says what is wrong.
        noWebPage: this.series.read.headerLines !== undefined,
      },
      { ...deps.download, onRetry: deps.onRetry }, deps.signal,
    );
    return {
      open: async () => this.opened(await download.open()),
      get tries() { return download.tries; },
      close: () => download.close(),
    };
  }

  adopt(head: SourceHead): (chunk: Uint8Array) => void {
    if (head.followLost === true && this.series.settings.paging.by === 'linkHeader') {
      throw userError('SOURCE_PAGES', `page ${this.number} of ${this.series.placeOfAll} was landed by an earlier try, and its link to the next page was too long to be kept; start the next attempt, which reads all pages`, { page: this.number });
    }
    this.begin(head.follow);
    return (chunk) => this.look(() => this.scan.add(chunk));
  }

  end({ bytes, sha256 }: { readonly bytes: number; readonly sha256: string }): void {
    this.look(() => {
      this.facts = this.scan.end();
      this.progress?.end(this.facts);
      this.followedBy = this.series.after(this.at, this.facts, this.link);
      if (this.followedBy === undefined) this.series.endsWith(this.progress);
    });
    if (sha256 === this.before && bytes > 0) throw loop(`${redactUrl(this.at.href)} is byte for byte the page before it`);
    this.bytes = bytes;
    this.sha256 = sha256;
  }

  private opened(opened: Opened): Opened {
    if (opened.outcome !== 'open') return opened;
    this.begin(opened.head.follow);
    return { ...opened, body: this.watched(opened.body) };
  }

  private begin(follow: string | undefined): void {
    this.progress = this.series.newProgress();
    this.scan = this.series.newScan(this.progress?.watch);
    this.link = follow;
  }

  private async* watched(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      this.look(() => this.scan.add(chunk));
      yield chunk;
    }
  }

  /** What is wrong with a page is said without its text. */
  private look(at: () => void): void {
    try {
      at();
    } catch (error) {
      if (PipelineError.is(error)) throw error;
      const where = redactUrl(this.at.href);
      throw userError('SOURCE_PAGE', `page ${this.number} of ${where} cannot be followed: ${reasonOf(error)}; compare paging and recordsAt of the source with what it answers`, { url: where, page: this.number });
    }
  }
}

function loop(what: string): PipelineError {
  return userError('SOURCE_PAGES_LOOP', `${what}; reading on would never end. Check paging, or set emptyPageEnds for a source whose last page still tells of a next one`);
}

/** The parser's words may hold some of the page. */
function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  return name === 'Error' && !/Unexpected "/.test(message) ? message : 'it is not JSON';
}

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
