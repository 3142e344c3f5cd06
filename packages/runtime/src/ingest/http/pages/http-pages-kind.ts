import { userError } from '../../../errors/pipeline-error';
import { DEFAULT_RETRY } from '../../retry-policy';
import type { RetryNote, ShardSeries } from '../../source/shard-reader';
import type { PlanCall, SeriesSession, Shard, ShardToRead, SourceDeps, SourceKind, SourcePlan } from '../../source/source-kind';
import { fileNameOf } from '../files/plan-files';
import type { DownloadDeps } from '../http-download';
import type { HttpClient } from '../http-request';
import { redactUrl } from '../redact-url';
import { clientFor } from '../request-settings';
import { PageSeries, type PagesRead } from './page-series';
import { pagePointers, parseHttpPages, type HttpPagesSettings } from './pages-settings';
import { partPlace } from './part-place';
import { sinceWindow } from './since-window';

/** APIs behind HTTP that answer in pages: one shard, read in order by one task. */
export const httpPagesKind: SourceKind<HttpPagesSettings, PagesRead> = {
  // A page says nothing of those behind it, so "not modified" would say nothing of the whole.
  remembers: false,
  parse: parseHttpPages,
  url: (source) => redactUrl(source.url),
  plan: async (call) => planPages(call),
  connect: async (source, deps) => new HttpPagesSession(source, deps),
};

export class HttpPagesSession implements SeriesSession<PagesRead> {
  private readonly client: HttpClient;

  /** @param download clock, chance and waiting, for tests */
  constructor(private readonly source: HttpPagesSettings, private readonly deps: SourceDeps, private readonly download: Partial<DownloadDeps> = {}) {
    this.client = download.client ?? clientFor(source, deps, { home: new URL(source.url).origin, hosts: source.allowedHosts }, download.sleep);
  }

  series(shard: ShardToRead<PagesRead>, onRetry: (note: RetryNote) => void): ShardSeries {
    const retry = { ...DEFAULT_RETRY, tries: this.source.retries + 1 };
    return new PageSeries(this.source, shard.read, { download: { retry, ...this.download, client: this.client }, onRetry, signal: this.deps.signal });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function planPages(call: PlanCall<HttpPagesSettings>): SourcePlan<PagesRead> {
  const { source, dataset } = call;
  const { format, header, multiline } = dataset.record;
  const isDocument = source.recordsAt !== undefined || pagePointers(source).length > 0;
  if (!isDocument && multiline && source.paging.by === 'offset') {
    throw userError('SOURCE_PAGES', `${dataset.name}: an offset counts records, and records that may span lines cannot be counted while they are read; use another paging, or multiline: false in the contract if each record is one line`, { dataset: dataset.name });
  }
  if (source.since?.by === 'value' && source.recordsAt === undefined && (isDocument || format !== 'ndjson')) {
    throw userError('SOURCE_CURSOR', `${dataset.name}: since looks at a value of each record, and nothing tells where the records of a page are; set recordsAt, or read ndjson by a paging that does not look into pages`, { dataset: dataset.name });
  }
  const shard: Shard<PagesRead> = {
    url: redactUrl(source.url), fileName: partFileName(source.url, isDocument ? 'json' : format),
    read: { url: source.url, ...(isDocument ? {} : { headerLines: format === 'csv' && header !== 'none' ? 1 : 0 }) },
  };
  if (source.since === undefined) {
    if (call.input.operation === 'backfill') {
      throw userError('SOURCE_CURSOR', `${dataset.name}: a back-fill is a range of what since goes by, and the source has no since; set since with untilParameter, or start an ordinary run. Where only other datasets are meant, name them in only`, { dataset: dataset.name });
    }
    return { shards: [shard] };
  }
  const { by } = source.since;
  const window = sinceWindow(source.since, call, (parameters) => partPlace(redactUrl(source.url), by, parameters));
  const reached = call.last?.cursor.to;
  if (window === undefined) return { shards: [], cursor: reached === undefined ? {} : { from: reached, to: reached } };
  return { shards: [{ ...shard, read: { ...shard.read, since: window.read } }], cursor: window.cursor };
}

/** The last word of the path; paths of APIs seldom tell a format. */
function partFileName(url: string, extension: string): string {
  const name = fileNameOf(url);
  return /\.\w+$/.test(name) ? name : `${name === '' ? 'page' : name}.${extension}`;
}
