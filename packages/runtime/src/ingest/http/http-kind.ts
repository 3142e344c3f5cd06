import type { RetryNote, ShardReader } from '../source/shard-reader';
import type { ShardToRead, SourceDeps, SourceKind, SourcePlan, SourceSession } from '../source/source-kind';
import { DEFAULT_RETRY } from '../retry-policy';
import { HttpDownload, type DownloadDeps } from './http-download';
import { HttpClient } from './http-request';
import { parseHttpSource, type HttpSourceSettings } from './http-settings';
import { redactUrl } from './redact-url';

/** What one GET needs. */
export interface HttpRead {
  readonly url: string;
}

/** Files and endpoints behind HTTP. */
export const httpKind: SourceKind<HttpSourceSettings, HttpRead> = {
  remembers: true,
  parse: parseHttpSource,
  url: (source) => redactUrl(source.url),
  plan: async ({ source }): Promise<SourcePlan<HttpRead>> => ({
    shards: [{ url: redactUrl(source.url), fileName: fileNameOf(source.url), read: { url: source.url } }],
  }),
  connect: async (source, deps) => new HttpSession(source, deps),
};

export class HttpSession implements SourceSession<HttpRead> {
  private readonly client: HttpClient;

  /** @param download clock, chance and waiting, for tests */
  constructor(private readonly source: HttpSourceSettings, private readonly deps: Pick<SourceDeps, 'signal'>, private readonly download: Partial<DownloadDeps> = {}) {
    this.client = download.client ?? new HttpClient();
  }

  read(shard: ShardToRead<HttpRead>, onRetry: (note: RetryNote) => void): ShardReader {
    const { headers, timeoutSeconds, retries } = this.source;
    return new HttpDownload(
      { url: shard.read.url, headers, timeoutMs: timeoutSeconds * 1_000, validators: shard.validators },
      { retry: { ...DEFAULT_RETRY, tries: retries + 1 }, onRetry, ...this.download, client: this.client },
      this.deps.signal,
    );
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

export function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
