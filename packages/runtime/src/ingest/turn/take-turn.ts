import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import { SCHEMA_VERSION } from '../../run/manifest';
import type { FunctionEvent, StageOutput } from '../../run/stage-io';
import type { ObjectRef, ObjectStore } from '../../stores/object-store';
import { parseIngestInput, type IngestInput } from '../ingest-input';
import { parseIngestSettings } from '../settings';
import { before, laterInstead, orderOf, turnsDocument, turnsOf, turnsRef, type Turn, type Turns } from './turns';

export interface TurnCall extends Omit<FunctionEvent, 'previous'> {
  /** `{executionArn, polls?}`: who asks, and how often it has asked before. */
  readonly previous?: unknown;
  readonly store: ObjectStore;
  readonly report: Report;
  readonly client: Pick<SFNClient, 'send'>;
  readonly signal?: AbortSignal;
}

/** What the machine does next: work, ask again after `seconds`, or end with `output`. */
export type TurnAnswer =
  | { readonly turn: 'go' }
  | { readonly turn: 'wait'; readonly seconds: number; readonly polls: number }
  | { readonly turn: 'skip'; readonly output: StageOutput };

/** A question costs three transitions and an invocation: hours of waiting stay below a cent. */
const FIRST_WAIT_SECONDS = 15;
const LONGEST_WAIT_SECONDS = 300;

/** Others who ask at the same moment, each of which wins once. */
const MOST_LOST = 50;

/**
 * Gives an execution its turn when no run of another slot is before it (ADR 0033).
 *
 * Whoever has its turn keeps it, however often it asks. The lease only saves work: that two runs cannot both commit is the fence's affair.
 */
export async function takeTurn(call: TurnCall): Promise<TurnAnswer> {
  const { store, report, signal } = call;
  const settings = parseIngestSettings(call.settings);
  const input = parseIngestInput(call.input, settings.pipeline);
  const { executionArn, polls } = parseAsker(call.previous);
  const ref = turnsRef(settings.rawBucket, settings.workPrefix);
  const own: Turn = {
    slot: input.slot, attempt: input.attempt, executionArn, state: 'waiting', order: orderOf(input.slot, call.execution.startTime),
    ...(input.trigger === undefined ? {} : { trigger: input.trigger }),
  };
  for (let lost = 0; lost < MOST_LOST; lost += 1) {
    const found = await store.getJson<Turns>(ref, { signal });
    const all = turnsOf(found?.value);
    if (all.some((turn) => turn.executionArn === executionArn && turn.state === 'running')) return { turn: 'go' };
    const others = await stillRunning(call, all.filter((turn) => turn.executionArn !== executionArn));
    const ahead = before(own, others);
    const write = (turn: Turn): Promise<boolean> => writeTurns(store, ref, [...others, turn], found?.etag, signal);
    if (ahead.length === 0) {
      if (!await write({ ...own, state: 'running' })) continue;
      report.say('INGEST_I1010', { slot: own.slot, attempt: own.attempt, polls });
      return { turn: 'go' };
    }
    const first = ahead.find(({ state }) => state === 'running') ?? ahead[0]!;
    const about = { slot: own.slot, attempt: own.attempt, other: first.slot, executionArn: first.executionArn };
    if (settings.overlap === 'fail') {
      throw userError('OVERLAP', `run ${own.slot} may not work while run ${first.slot} (${first.executionArn}) is still running, as overlap is FAIL; start the next attempt when that one has ended, or let runs wait with IngestOverlap.QUEUE`, about);
    }
    if (settings.overlap === 'skip') {
      report.say('INGEST_W1010', about);
      return { turn: 'skip', output: nothingDone(settings.pipeline, input, settings.sources) };
    }
    const later = laterInstead(own, others);
    if (later !== undefined) {
      report.say('INGEST_I1012', { ...about, other: later.slot, executionArn: later.executionArn });
      return { turn: 'skip', output: nothingDone(settings.pipeline, input, settings.sources) };
    }
    const isKnown = all.length === others.length + 1 && all.some((turn) => turn.executionArn === executionArn);
    if (!isKnown && !await write(own)) continue;
    const seconds = Math.min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** Math.min(polls, 10));
    report.say('INGEST_I1011', { ...about, ahead: ahead.length, seconds });
    return { turn: 'wait', seconds, polls: polls + 1 };
  }
  throw transientError('TURN_BUSY', `the lease s3://${ref.bucket}/${ref.key} was changed by others ${MOST_LOST} times in a row; try again`, { ...ref });
}

function parseAsker(previous: unknown): { executionArn: string; polls: number } {
  const { executionArn, polls = 0 } = (previous ?? {}) as { executionArn?: unknown; polls?: unknown };
  if (typeof executionArn === 'string' && typeof polls === 'number') return { executionArn, polls };
  throw new PipelineError('EVENT', `previous must be {executionArn, polls}, got ${JSON.stringify(previous)}; the state machine must send it`);
}

/** False where somebody else wrote since the lease was read. */
async function writeTurns(
  store: ObjectStore, ref: ObjectRef, turns: readonly Turn[], etag: string | undefined, signal: AbortSignal | undefined,
): Promise<boolean> {
  const condition = etag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: etag };
  return await store.putJson(ref, turnsDocument(turns), { ...condition, signal }) === 'written';
}

/** Without those whose execution has ended, however it did. */
async function stillRunning({ client, signal }: TurnCall, turns: readonly Turn[]): Promise<Turn[]> {
  const running = await Promise.all(turns.map(async ({ executionArn }) => {
    try {
      const { status } = await client.send(new DescribeExecutionCommand({ executionArn }), { abortSignal: signal });
      return status === 'RUNNING' || status === 'PENDING_REDRIVE';
    } catch (error) {
      signal?.throwIfAborted();
      // Step Functions forgets an execution 90 days after its end, or with its machine.
      if ((error as Error).name === 'ExecutionDoesNotExist') return false;
      throw transientError('TURN_UNKNOWN', `nobody knows whether ${executionArn} is still running (${(error as Error).name}: ${(error as Error).message}); the function's role needs states:DescribeExecution on the executions of its machine`, { executionArn }, error);
    }
  }));
  return turns.filter((_, index) => running[index]);
}

function nothingDone(pipeline: string, { slot, attempt, only }: IngestInput, sources: object): StageOutput {
  const datasets = Object.keys(sources).filter((name) => only === undefined || only.includes(name));
  return {
    schemaVersion: SCHEMA_VERSION, pipeline, slot, attempt,
    datasets: Object.fromEntries(datasets.map((name) => [name, { outcome: 'nothing' as const, counts: {} }])),
  };
}
