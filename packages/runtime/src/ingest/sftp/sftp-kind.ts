import { FileSelection } from '../source/file-selection';
import type { RetryNote, ShardReader } from '../source/shard-reader';
import { ShardTries } from '../source/shard-tries';
import type { PlanCall, ShardToRead, SourceDeps, SourceKind, SourcePlan, SourceSession } from '../source/source-kind';
import { SftpConnection } from './sftp-connection';
import { sftpFailure } from './sftp-failure';
import { SftpFile } from './sftp-file';
import { listFiles, type SftpRead } from './sftp-listing';
import { parseSftpSource, sftpUrl, type SftpSourceSettings } from './sftp-settings';

/** Files of an SFTP server. Planning connects to it, so Plan is a task. */
export const sftpKind: SourceKind<SftpSourceSettings, SftpRead> = {
  remembers: true,
  decides: (_source, read) => read,
  parse: parseSftpSource,
  url: (source) => sftpUrl(source, source.path),
  plan: planFiles,
  connect: async (source, deps) => new SftpSession(source, deps),
};

/** Lists the folder and chooses. A listing that breaks begins anew: pages of two listings may not be mixed. */
async function planFiles(call: PlanCall<SftpSourceSettings>): Promise<SourcePlan<SftpRead>> {
  const { source, signal } = call;
  const place = sftpUrl(source, source.path);
  const tries = new ShardTries({ what: `the listing of ${place}`, timeoutMs: source.timeoutSeconds * 1_000, retries: source.retries }, signal);
  try {
    for (;;) {
      try {
        return { shards: (await select(call, place, tries.signal)).shards() };
      } catch (error) {
        tries.signal.throwIfAborted();
        await tries.failed(sftpFailure(error, source, source.path), 0);
      }
    }
  } finally {
    tries.close();
  }
}

async function select(call: PlanCall<SftpSourceSettings>, place: string, signal: AbortSignal): Promise<FileSelection<SftpRead>> {
  const { source } = call;
  const selection = new FileSelection<SftpRead>(source, call, place);
  const connection = await SftpConnection.open(source, call.secret, signal);
  const stop = (): void => { connection.destroy(signal.reason as Error); };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const settledBefore = Date.now() - source.settleSeconds * 1_000;
    for await (const file of listFiles(connection, source)) {
      if (!selection.wants(file.name)) continue;
      if (source.settleSeconds > 0 && (file.modifiedAt ?? 0) > settledBefore) selection.leaveYoung();
      else selection.add(file);
    }
    return selection;
  } finally {
    signal.removeEventListener('abort', stop);
    connection.destroy();
  }
}

export class SftpSession implements SourceSession<SftpRead> {
  private current: Promise<SftpConnection> | undefined;

  /** @param tries chance and waiting, for tests */
  constructor(
    private readonly source: SftpSourceSettings, private readonly deps: Pick<SourceDeps, 'signal' | 'secret'>,
    private readonly tries: Partial<ConstructorParameters<typeof ShardTries>[0]> = {},
  ) {}

  read(shard: ShardToRead<SftpRead>, onRetry: (note: RetryNote) => void): ShardReader {
    const { timeoutSeconds, retries } = this.source;
    const tries = new ShardTries({ what: shard.url, timeoutMs: timeoutSeconds * 1_000, retries, onRetry, ...this.tries }, this.deps.signal);
    return new SftpFile(this.source, shard.read, (signal) => this.connection(signal), tries);
  }

  async close(): Promise<void> {
    await this.current?.then((connection) => { connection.destroy(); }, () => undefined);
  }

  /** One login serves all shards of a task, while it lives. */
  private async connection(signal: AbortSignal): Promise<SftpConnection> {
    const current = await this.current?.catch(() => undefined);
    if (current?.alive === true) return current;
    this.current = SftpConnection.open(this.source, this.deps.secret, signal);
    return this.current;
  }
}
