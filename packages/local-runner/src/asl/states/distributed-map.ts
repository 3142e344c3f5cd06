import { randomUUID } from 'node:crypto';
import { itemProcessor } from '../definition';
import { ErrorName } from '../error-names';
import { timestampText, type Execution } from '../execution';
import { History } from '../history';
import { batchItems, type ChildInput } from '../item-batches';
import { readItems } from '../item-reader';
import type { Json, JsonObject } from '../json';
import { checkPayload } from '../payload-limit';
import { mapRunResult } from '../result-writer';
import { StopScope } from '../stop-scope';
import type { StateVisit } from '../state-visit';
import { Stopped, TaskFailure, toTaskFailure } from '../task-failure';
import { Variables } from '../variables';
import { itemInput, Slots, stateItems } from './map';

const THRESHOLD_EXCEEDED = 'The specified tolerated failure threshold was exceeded';

/** How one child execution ended; `PENDING` was never started. */
export interface ChildResult {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly input: Json;
  readonly items: number;
  status: 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  output?: Json;
  error?: string;
  cause?: string;
  startDate?: string;
  stopDate?: string;
}

/** The children of one try of a distributed Map. */
export interface MapRun {
  readonly id: string;
  readonly arn: string;
  readonly label: string;
  readonly children: ChildResult[];
}

/** Map in distributed mode: a child execution, with its own history, for every item or batch. */
export async function runDistributedMap(visit: StateVisit, effectiveInput: Json): Promise<Json> {
  const { frame } = visit;
  const inputs = await childInputs(visit, effectiveInput);
  const limit = frame.execution.environment.mapConcurrencyLimit;
  const wanted = (await visit.number('MaxConcurrency', { least: 0 })) ?? 0;
  const tolerance = await toleranceOf(visit, inputs);
  const run = newMapRun(visit);
  visit.record('MapStateStarted', { length: inputs.length });
  visit.record('MapRunStarted', { mapRunArn: run.arn });

  const scope = new StopScope(frame.signal);
  let failedItems = 0;
  try {
    const slots = new Slots(wanted === 0 ? limit : Math.min(wanted, limit));
    for (const input of inputs) run.children.push(newChild(frame.execution, run, input));
    await Promise.all(run.children.map((child) => slots.run(async () => {
      if (scope.signal.aborted) return;
      await runChild(visit, child, scope.signal);
      if (child.status === 'FAILED') failedItems += child.items;
      if (tolerance.exceededBy(failedItems)) scope.stop('sibling failed');
    })));
    if (frame.signal.aborted) throw new Stopped();
    const result = await mapRunResult(visit, run, effectiveInput);
    // AWS tells no more than this. Which child failed, and why, is in the events of the children.
    if (tolerance.exceededBy(failedItems)) throw new TaskFailure(ErrorName.exceedToleratedFailureThreshold, THRESHOLD_EXCEEDED);
    visit.record('MapRunSucceeded');
    visit.record('MapStateSucceeded');
    return result;
  } catch (error) {
    const stopped = error instanceof Stopped;
    const { error: name, cause } = toTaskFailure(error);
    visit.record(stopped ? 'MapRunAborted' : 'MapRunFailed', stopped ? {} : { error: name, cause, ...firstFailure(run) });
    visit.record(stopped ? 'MapStateAborted' : 'MapStateFailed');
    throw error;
  } finally {
    scope.dispose();
  }
}

async function childInputs(visit: StateVisit, effectiveInput: Json): Promise<ChildInput[]> {
  const { state } = visit;
  const mapItems = state.ItemReader === undefined ? await stateItems(visit, effectiveInput) : await readItems(visit, effectiveInput);
  const items: Json[] = [];
  for (const mapItem of mapItems) items.push(await itemInput(visit, mapItem, effectiveInput));
  if (state.ItemBatcher !== undefined) return batchItems(visit, items, effectiveInput);
  for (const item of items) checkPayload(item, `input of a child execution of state "${visit.name}"`);
  return items.map((input) => ({ input, items: 1 }));
}

async function toleranceOf(visit: StateVisit, inputs: readonly ChildInput[]) {
  const total = inputs.reduce((sum, { items }) => sum + items, 0);
  const count = await visit.number('ToleratedFailureCount', { least: 0 });
  const percentage = await visit.number('ToleratedFailurePercentage', { least: 0, most: 100 });
  const exceededBy = (failed: number) => {
    if (failed === 0) return false;
    if (count === undefined && percentage === undefined) return true;
    return (count !== undefined && failed > count) || (percentage !== undefined && (failed / total) * 100 > percentage);
  };
  return { exceededBy };
}

function newMapRun(visit: StateVisit): MapRun {
  const id = randomUUID();
  // AWS makes up a label of its own; the state's name tells more.
  const label = (visit.state.Label as string | undefined) ?? visit.name.replace(/[^A-Za-z0-9_-]/g, '').slice(0, 40);
  const machine = visit.frame.execution.stateMachineArn.replace(':stateMachine:', ':mapRun:');
  return { id, label, arn: `${machine}/${label}:${id}`, children: [] };
}

function newChild(parent: Execution, run: MapRun, { input, items }: ChildInput): ChildResult {
  const name = randomUUID();
  const stateMachineArn = `${parent.stateMachineArn}/${run.label}`;
  const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  return { arn, name, stateMachineArn, input, items, status: 'PENDING' };
}

async function runChild(visit: StateVisit, child: ChildResult, signal: AbortSignal): Promise<void> {
  const parent = visit.frame.execution;
  const { environment } = parent;
  const now = () => environment.clock.now();
  child.startDate = timestampText(now());
  const history = new History(child.arn, now, environment.onEvent, false);
  const execution: Execution = {
    ...parent, history, arn: child.arn, stateMachineArn: child.stateMachineArn,
    context: {
      Execution: {
        ...(parent.context.Execution as JsonObject), Id: child.arn, Name: child.name, Input: child.input, StartTime: child.startDate,
      },
      StateMachine: { Id: child.stateMachineArn, Name: child.stateMachineArn.split(':').at(-1) ?? '' },
    },
  };
  const cursor = { previous: 0 };
  history.add(cursor, 'ExecutionStarted', { input: child.input });
  try {
    child.output = await environment.runStates(
      { execution, states: itemProcessor(visit.state), variables: new Variables(), signal, cursor }, child.input);
    child.status = 'SUCCEEDED';
    history.add(cursor, 'ExecutionSucceeded', { output: child.output });
  } catch (thrown) {
    if (thrown instanceof Stopped) {
      child.status = 'ABORTED';
      history.add(cursor, 'ExecutionAborted');
    } else {
      const { error, cause } = toTaskFailure(thrown);
      Object.assign(child, { status: 'FAILED', error, cause });
      history.add(cursor, 'ExecutionFailed', { error, cause });
    }
  }
  child.stopDate = timestampText(now());
}

/** More than AWS has in this event: on one machine the reason at hand saves a search through the children. */
function firstFailure(run: MapRun): Record<string, Json | undefined> {
  const first = run.children.find((child) => child.status === 'FAILED');
  return first === undefined ? {} : { failedChild: first.arn, failedChildError: first.error, failedChildCause: first.cause };
}
