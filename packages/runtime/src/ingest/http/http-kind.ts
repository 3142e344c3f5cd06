import { DEFAULT_RETRY } from '../retry-policy';
import type { RetryNote, ShardReader } from '../source/shard-reader';
import type { ShardToRead, SourceDeps, SourceKind, SourceSession } from '../source/source-kind';
import { planFiles, type HttpRead } from './files/plan-files';
import { HttpDownload, type DownloadDeps } from './http-download';
import type { HttpClient } from './http-request';
import { parseHttpSource, type HttpSourceSettings } from './http-settings';
import { redactUrl } from './redact-url';
import { clientFor } from './request-settings';

/** Files behind HTTP. */
export const httpKind: SourceKind<HttpSourceSettings, HttpRead> = {
  remembers: true,
  decides: ({ headers, auth }, { noWebPage, ...read }) => ({ headers, auth, read }),
  parse: parseHttpSource,
  url: (source) => redactUrl(source.url ?? (source.urls as string[])[0] as string),
  plan: async (call) => planFiles(call),
  connect: async (source, deps) => new HttpSession(source, deps),
};

export class HttpSession implements SourceSession<HttpRead> {
  private readonly client: HttpClient;

  /** @param download clock, chance and waiting, for tests */
  constructor(private readonly source: HttpSourceSettings, private readonly deps: SourceDeps, private readonly download: Partial<DownloadDeps> = {}) {
    this.client = download.client ?? clientFor(source, deps, {}, download.sleep);
  }

  read(shard: ShardToRead<HttpRead>, onRetry: (note: RetryNote) => void): ShardReader {
    const { headers, timeoutSeconds, retries, maxBytes } = this.source;
    return new HttpDownload(
      {
        url: shard.read.url, headers, timeoutMs: timeoutSeconds * 1_000, validators: shard.validators, maxBytes,
        accept: shard.read.mayBeMissing === true ? [404, 410] : [], noWebPage: shard.read.noWebPage,
      },
      { retry: { ...DEFAULT_RETRY, tries: retries + 1 }, onRetry, ...this.download, client: this.client },
      this.deps.signal,
    );
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
