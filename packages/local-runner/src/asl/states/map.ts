import { itemProcessor } from '../definition';
import { ErrorName } from '../error-names';
import { isObject, type Json, type JsonObject } from '../json';
import { StopScope } from '../stop-scope';
import type { StateVisit, Transition } from '../state-visit';
import { Stopped, TaskFailure } from '../task-failure';
import { Variables } from '../variables';
import { runDistributedMap } from './distributed-map';
import { allOrFirstFailure } from './parallel';
import { runWorkingState } from './working-state';

// AWS runs about 40 iterations of an inline Map at once, whatever MaxConcurrency says.
const INLINE_CONCURRENCY = 40;

/** Map: runs its item processor for every item, inside this execution or as child executions. */
export function runMap(visit: StateVisit): Promise<Transition> {
  return runWorkingState(visit, (effectiveInput) =>
    itemProcessor(visit.state).ProcessorConfig?.Mode === 'DISTRIBUTED'
      ? runDistributedMap(visit, effectiveInput)
      : runInlineMap(visit, effectiveInput));
}

/** The items in the state's data as `Map.Item` of the context object; an object gives its members. */
export async function stateItems(visit: StateVisit, effectiveInput: Json): Promise<JsonObject[]> {
  const { state } = visit;
  const found = visit.jsonata
    ? state.Items === undefined ? visit.input : await visit.evaluate(state.Items, 'Items')
    : visit.path(state.ItemsPath, effectiveInput);
  if (Array.isArray(found)) return found.map((value, index) => ({ Index: index, Value: value, Source: 'STATE_DATA' }));
  if (isObject(found)) return Object.entries(found).map(([key, value], index) => ({ Index: index, Key: key, Value: value, Source: 'STATE_DATA' }));
  throw new TaskFailure(
    visit.jsonata ? ErrorName.queryEvaluationError : ErrorName.runtime,
    `the Map state "${visit.name}" needs an array or an object of items, got ${JSON.stringify(found)?.slice(0, 200)}`,
  );
}

/** The input of one iteration: what `ItemSelector` makes of the item, else the item. */
export async function itemInput(visit: StateVisit, mapItem: JsonObject, effectiveInput: Json): Promise<Json> {
  const { state } = visit;
  const selector = state.ItemSelector ?? (visit.jsonata ? undefined : state.Parameters);
  return selector === undefined ? mapItem.Value as Json : visit.evaluate(selector, 'ItemSelector', { data: effectiveInput, mapItem });
}

async function runInlineMap(visit: StateVisit, effectiveInput: Json): Promise<Json> {
  const { frame, name } = visit;
  const items = await stateItems(visit, effectiveInput);
  const wanted = (await visit.number('MaxConcurrency', { least: 0 })) ?? 0;
  visit.record('MapStateStarted', { length: items.length });
  const start = frame.cursor.previous;
  const scope = new StopScope(frame.signal);
  const slots = new Slots(wanted === 0 ? INLINE_CONCURRENCY : Math.min(wanted, INLINE_CONCURRENCY));
  const { history, environment } = frame.execution;
  try {
    const results = await allOrFirstFailure(scope, items.map((mapItem, index) => () => slots.run(async () => {
      if (scope.signal.aborted) throw new Stopped();
      const cursor = { previous: start };
      const event = (what: string) => history.add(cursor, `MapIteration${what}`, { name, index });
      event('Started');
      try {
        const input = await itemInput(visit, mapItem, effectiveInput);
        const output = await environment.runStates({
          ...frame, states: itemProcessor(visit.state), variables: new Variables(frame.variables), signal: scope.signal, cursor, mapItem,
        }, input);
        event('Succeeded');
        return output;
      } catch (error) {
        event(error instanceof Stopped ? 'Aborted' : 'Failed');
        throw error;
      }
    })));
    visit.record('MapStateSucceeded');
    return results;
  } catch (error) {
    visit.record(error instanceof Stopped ? 'MapStateAborted' : 'MapStateFailed');
    throw error;
  } finally {
    scope.dispose();
  }
}

/** Lets a fixed number of jobs run at once, in the order in which they came. */
export class Slots {
  private readonly queue: Array<() => void> = [];

  constructor(private free: number) {}

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.free--;
    try {
      return await job();
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.free++;
      else next();
    }
  }
}
