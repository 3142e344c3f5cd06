import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { SourceIdentity } from '../../run/manifest';
import { SOURCE_CHANGED, type Opened, type RetryNote, type ShardReader, type SourceHead } from '../source/shard-reader';
import { networkFailure, statusFailure } from './http-failure';
import type { Headers, HttpAnswer, HttpClient } from './http-request';
import { redactUrl } from './redact-url';
import { DEFAULT_RETRY, parseRetryAfterMs, retryDelayMs, type RetryPolicy } from '../retry-policy';
import { parseContentRange, readHead, strongEtag } from './answer-head';
import { refuseWebPage } from './web-page';

export interface DownloadRequest {
  readonly url: string;
  /** Lower case names. */
  readonly headers: Headers;
  /** For the whole download with all its tries and waits. */
  readonly timeoutMs: number;
  /** What the last commit knows of the source; lets it answer that nothing changed. */
  readonly validators?: SourceIdentity;
  /** A longer body is refused. */
  readonly maxBytes?: number;
  /** Statuses other than 200 and 304 that are an answer: 404 and 410 that there is no such file, 204 a body of no bytes. */
  readonly accept?: ReadonlyArray<204 | 404 | 410>;
  /** A body that begins as a web page is refused. */
  readonly noWebPage?: boolean;
}

export interface DownloadDeps {
  readonly client: HttpClient;
  readonly retry?: RetryPolicy;
  readonly random?: () => number;
  readonly now?: () => Date;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds that never step back, for the total time-out. */
  readonly monotonic?: () => number;
  readonly onRetry?: (note: RetryNote) => void;
}

/** A resumed download that moved this far since its last failure has earned a fresh count of tries. */
const PROGRESS_BYTES = 8 * 1024 * 1024;

/**
 * One file over HTTP, with retries, resumption and time limits.
 *
 * The body is either every byte of one version of the file, or it throws. A connection that breaks is continued with
 * Range and If-Range under a strong ETag; two versions are never spliced. Where resumption is impossible the body
 * throws `SOURCE_CHANGED`, and the caller opens again; both count as a failed try.
 */
export class HttpDownload implements ShardReader {
  private readonly retry: RetryPolicy;
  private readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  private readonly monotonic: () => number;
  private readonly startedAt: number;
  private readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout;
  private failures = 0;
  /** Failed tries in all, for the report. */
  private failed = 0;
  private furthest = 0;

  constructor(private readonly request: DownloadRequest, private readonly deps: DownloadDeps, caller: AbortSignal) {
    this.retry = deps.retry ?? DEFAULT_RETRY;
    this.sleep = deps.sleep ?? abortableSleep;
    this.monotonic = deps.monotonic ?? (() => performance.now());
    this.startedAt = this.monotonic();
    const late = transientError('SOURCE_TIMEOUT', `${redactUrl(request.url)} was not read within ${request.timeoutMs / 1_000} s; raise the source's timeout, or have it send less at once`, { url: redactUrl(request.url), timeoutMs: request.timeoutMs });
    const limit = new AbortController();
    this.timer = setTimeout(() => limit.abort(late), request.timeoutMs);
    this.signal = AbortSignal.any([caller, limit.signal]);
  }

  /** Ends the total time-out. */
  close(): void {
    clearTimeout(this.timer);
  }

  /** Tries that were needed so far. */
  get tries(): number {
    return this.failed + 1;
  }

  /** Opens the file at its first byte. Retries until it answers, or throws the last failure. */
  async open(): Promise<Opened> {
    for (;;) {
      try {
        const answer = await this.send(conditions(this.request.validators));
        if (answer.status === 304 && this.request.validators !== undefined) {
          answer.body.destroy();
          return { outcome: 'unchanged' };
        }
        const other = this.otherAnswer(answer);
        if (other !== undefined) return other;
        if (answer.status !== 200) throw await this.refusal(answer);
        const head = readHead(answer.headers);
        // Some sources ignore conditions, and yet tell the same version.
        const known = strongEtag(this.request.validators?.etag);
        if (known !== undefined && head.identity.etag === known) {
          answer.body.destroy();
          return { outcome: 'unchanged' };
        }
        this.checkSize(head.bytes ?? 0, answer);
        return { outcome: 'open', head, body: this.read(answer, head) };
      } catch (error) {
        await this.failedTry(error, 0);
      }
    }
  }

  private async* read(first: HttpAnswer, head: SourceHead): AsyncGenerator<Buffer, void, void> {
    let answer = first;
    let offset = 0;
    for (;;) {
      try {
        for await (const chunk of answer.body as AsyncIterable<Buffer>) {
          if (offset === 0 && this.request.noWebPage === true) refuseWebPage(answer.url, chunk);
          offset += chunk.length;
          this.checkSize(offset, answer);
          yield chunk;
        }
        // A body that the consumer or an abort destroyed ends without an error.
        this.signal.throwIfAborted();
        this.checkLength(offset, head);
        return;
      } catch (error) {
        await this.failedTry(error, offset);
      } finally {
        answer.body.destroy();
      }
      answer = await this.resume(offset, head);
    }
  }

  private otherAnswer({ status, body }: HttpAnswer): Opened | undefined {
    if (!(this.request.accept as readonly number[] | undefined)?.includes(status)) return undefined;
    body.destroy();
    return status === 204 ? { outcome: 'open', head: { identity: {}, bytes: 0, endMarked: true }, body: nothing() } : { outcome: 'missing' };
  }

  private checkSize(bytes: number, answer: HttpAnswer): void {
    const { maxBytes, url } = this.request;
    if (maxBytes === undefined || bytes <= maxBytes) return;
    answer.body.destroy();
    throw userError('SOURCE_TOO_LARGE', `${redactUrl(url)} is larger than the ${maxBytes} bytes that the source may have; raise maxSize if it is right`, { url: redactUrl(url), maxBytes });
  }

  /** Asks for the rest of the same version; throws SOURCE_CHANGED when it cannot be had. */
  private async resume(offset: number, head: SourceHead): Promise<HttpAnswer> {
    const etag = strongEtag(head.identity.etag);
    // A first byte that never came needs no range; the version may even have changed, as nothing was passed on.
    if (etag === undefined) throw this.changed(offset, 'the source gives no strong ETag, so its rest cannot be asked for');
    for (;;) {
      try {
        const answer = await this.send({ range: `bytes=${offset}-`, 'if-range': etag });
        const range = parseContentRange(answer.headers['content-range']);
        if (answer.status === 206 && range?.start === offset && agrees(answer, etag, range.total, head)) return answer;
        if (answer.status === 200 && answer.headers.etag === etag) return await this.skip(answer, offset);
        if (answer.status === 200 || answer.status === 206 || answer.status === 416) {
          answer.body.destroy();
          throw this.changed(offset, 'the source changed while it was read');
        }
        throw await this.refusal(answer);
      } catch (error) {
        if (PipelineError.is(error) && error.code === SOURCE_CHANGED) throw error;
        await this.failedTry(error, offset);
      }
    }
  }

  /** The same version from its first byte: the source does not serve ranges. What was passed on is read over. */
  private async skip(answer: HttpAnswer, offset: number): Promise<HttpAnswer> {
    let left = offset;
    while (left > 0) {
      const chunk = await nextChunk(answer, this.signal);
      if (chunk === undefined) throw transientError('SOURCE_TRUNCATED', `${redactUrl(answer.url)} ended ${left} bytes before the point reached earlier`, { offset, left });
      if (chunk.length > left) answer.body.unshift(chunk.subarray(left));
      left -= Math.min(left, chunk.length);
    }
    return answer;
  }

  private changed(offset: number, why: string): PipelineError {
    return transientError(SOURCE_CHANGED, `${redactUrl(this.request.url)}: ${why}; all of it must be read again`, { url: redactUrl(this.request.url), offset });
  }

  private checkLength(offset: number, head: SourceHead): void {
    if (head.bytes === undefined || head.bytes === offset) return;
    throw transientError('SOURCE_TRUNCATED', `${redactUrl(this.request.url)} sent ${offset} bytes of ${head.bytes} that it announced`, { offset, announced: head.bytes });
  }

  private async send(headers: Headers): Promise<HttpAnswer> {
    try {
      return await this.deps.client.get(this.request.url, { ...this.request.headers, ...headers }, this.signal);
    } catch (error) {
      this.signal.throwIfAborted();
      throw error;
    }
  }

  private async refusal(answer: HttpAnswer): Promise<PipelineError> {
    answer.body.destroy();
    const wait = parseRetryAfterMs(answer.headers['retry-after'], answer.headers.date, this.deps.now?.() ?? new Date());
    return statusFailure(answer.status, answer.url, wait);
  }

  /** Waits before the next try; throws when there is none left, when the failure is terminal, or when time is over. */
  private async failedTry(thrown: unknown, offset: number): Promise<void> {
    this.signal.throwIfAborted();
    const error = networkFailure(thrown, this.request.url, offset);
    if (error.kind === 'terminal') throw error;
    if (offset - this.furthest >= PROGRESS_BYTES) this.failures = 0;
    this.furthest = Math.max(this.furthest, offset);
    this.failures += 1;
    this.failed += 1;
    if (this.failures >= this.retry.tries) throw error;
    const retryAfterMs = error.facts.retryAfterMs as number | undefined;
    const delayMs = retryDelayMs(this.retry, this.failures, retryAfterMs, this.deps.random ?? Math.random);
    // A wait that ends after the time-out only postpones the same failure.
    if (this.monotonic() - this.startedAt + delayMs >= this.request.timeoutMs) throw error;
    this.deps.onRetry?.({ error, try: this.failures, tries: this.retry.tries, offset, delayMs });
    await this.sleep(delayMs, this.signal).catch((reason: unknown) => {
      this.signal.throwIfAborted();
      throw reason;
    });
  }
}

function conditions(validators: SourceIdentity | undefined): Headers {
  return {
    ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
    ...(validators?.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
  };
}

function agrees(answer: HttpAnswer, etag: string, total: number | undefined, head: SourceHead): boolean {
  const sameVersion = answer.headers.etag === undefined || answer.headers.etag === etag;
  return sameVersion && (total === undefined || head.bytes === undefined || total === head.bytes);
}

async function nextChunk(answer: HttpAnswer, signal: AbortSignal): Promise<Buffer | undefined> {
  const { body } = answer;
  for (;;) {
    const chunk = body.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (body.errored) throw body.errored;
    if (body.readableEnded || body.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of EVENTS) body.off(event, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      for (const event of EVENTS) body.on(event, done);
      signal.addEventListener('abort', done);
    });
    signal.throwIfAborted();
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;

async function* nothing(): AsyncGenerator<Buffer> {
  // A body without bytes.
}

async function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
