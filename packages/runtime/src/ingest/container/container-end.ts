import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import { EXIT } from '../../run/exit-code';
import { lastLogLines, type LogStream } from './last-log-lines';

/** Name of the user's container in the task definition. */
export const SOURCE_CONTAINER = 'source';

/** What the metadata endpoint of ECS says of a task, as far as it matters here. */
interface TaskMetadata {
  readonly Containers?: ReadonlyArray<{
    readonly Name: string; readonly KnownStatus?: string; readonly ExitCode?: number; readonly LogOptions?: Readonly<Record<string, string>>;
  }>;
}

export interface EndDeps {
  readonly signal: AbortSignal;
  readonly report: Report;
  /** @default - ECS_CONTAINER_METADATA_URI_V4 */
  readonly endpoint?: string;
  readonly readLines?: (stream: LogStream, signal: AbortSignal) => Promise<string[]>;
}

/** The endpoint may lag behind the very event that started this container. */
const ASKS = 20;
const ASK_AGAIN_MS = 500;
const ANSWER_MS = 5_000;

/** How programs of any language say that there is no room, in the words of the kernel or of Node.js. */
const DISK_FULL = /No space left on device|ENOSPC|Disk quota exceeded/i;

/** 128 and the number of SIGKILL. */
const KILLED = 137;

/**
 * Throws unless the user's container ended with 0; what it throws names the exit code and quotes the container's last lines.
 *
 * Nobody else could: ECS reports exit codes and no output, and a Map reports not even those (ADR 0015).
 */
export async function requireDone(deps: EndDeps): Promise<void> {
  const { signal, report, endpoint = process.env.ECS_CONTAINER_METADATA_URI_V4, readLines = lastLogLines } = deps;
  if (endpoint === undefined) throw new PipelineError('CONTAINER_UNKNOWN', 'ECS_CONTAINER_METADATA_URI_V4 is not set, so nobody can tell how the source\'s container ended; run the task on Fargate platform 1.4.0 or later');
  const { exitCode, log } = await ended(endpoint, signal);
  if (exitCode === 0) return;
  const lines = log === undefined ? [] : await readLines(log, signal).catch((error: Error) => [`(its log cannot be read: ${error.message})`]);
  const about = `the source's container ended with exit code ${exitCode}${exitCode === KILLED ? ', killed, most often because its memory was too small; raise taskMemory of the source' : ''}`;
  const room = lines.some((line) => DISK_FULL.test(line)) ? '; raise taskScratch of the source, or have it write fewer or smaller files per shard' : '';
  const text = report.redact(`${about}${room}; its last lines:\n${lines.length === 0 ? '(none)' : lines.join('\n')}`);
  const facts = { exitCode, ...(log === undefined ? {} : { logGroup: log.group, logStream: log.stream }) };
  throw exitCode === EXIT.transient ? transientError('CONTAINER_FAILED', text, facts) : userError('CONTAINER_FAILED', text, facts);
}

async function ended(endpoint: string, signal: AbortSignal): Promise<{ exitCode: number; log?: LogStream }> {
  let said = 'nothing';
  for (let ask = 0; ask < ASKS; ask += 1) {
    if (ask > 0) await delay(ASK_AGAIN_MS, undefined, { signal });
    try {
      const answer = await fetch(`${endpoint}/task`, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) });
      const { Containers = [] } = await answer.json() as TaskMetadata;
      const container = Containers.find(({ Name }) => Name === SOURCE_CONTAINER);
      if (container?.ExitCode !== undefined) return { exitCode: container.ExitCode, log: streamOf(container.LogOptions) };
      said = container === undefined ? `no container ${SOURCE_CONTAINER}` : `status ${container.KnownStatus}`;
    } catch (error) {
      signal.throwIfAborted();
      said = (error as Error).message;
    }
  }
  throw transientError('CONTAINER_UNKNOWN', `the metadata endpoint of ECS does not say how the source's container ended (${said}); try again`, { said });
}

function streamOf(options: Readonly<Record<string, string>> = {}): LogStream | undefined {
  const group = options['awslogs-group'];
  const stream = options['awslogs-stream'];
  return group === undefined || stream === undefined ? undefined : { group, stream };
}
