import { queryLanguageOf, type StateDefinition, type StatesDefinition } from './definition';
import { contextObject, type Execution } from './execution';
import { ErrorName } from './error-names';
import type { HistoryCursor } from './history';
import { evaluateIntrinsic, isIntrinsic } from './intrinsics';
import type { Json, JsonObject } from './json';
import { selectPath, type PathRoots } from './json-path';
import { fillExpressions } from './jsonata-expression';
import { fillTemplate } from './payload-template';
import { TaskFailure } from './task-failure';
import type { Variables } from './variables';

/** A path through a sequence of states: the machine itself, a branch or an iteration. */
export interface Frame {
  readonly execution: Execution;
  readonly states: StatesDefinition;
  readonly variables: Variables;
  readonly signal: AbortSignal;
  readonly cursor: HistoryCursor;
  /** `Map.Item` of the context object inside an inline Map. */
  readonly mapItem?: JsonObject;
}

/** What a state hands to the loop that runs it. */
export interface Transition {
  readonly output: Json;
  /** Name of the next state; undefined ends the sequence. */
  readonly next?: string;
  readonly assigned: JsonObject;
}

/** Values beside the input that a field's expressions may see. */
export interface Extras {
  /** `$` of JSONPath in this field. */
  readonly data?: Json;
  readonly result?: Json;
  readonly errorOutput?: Json;
  readonly mapItem?: JsonObject;
}

/** One visit of a state: its input, and the evaluation of its fields in its query language. */
export class StateVisit {
  readonly enteredTime: Date;
  readonly jsonata: boolean;
  retryCount = 0;
  taskToken?: string;

  constructor(readonly frame: Frame, readonly name: string, readonly state: StateDefinition, readonly input: Json) {
    this.enteredTime = frame.execution.environment.clock.now();
    this.jsonata = queryLanguageOf(state, frame.execution.machine) === 'JSONata';
  }

  /** The context object as this state sees it now. */
  context(mapItem = this.frame.mapItem): JsonObject {
    return contextObject(this.frame.execution, { ...this, mapItem });
  }

  /** The state that follows in the ordinary way. */
  get next(): string | undefined {
    return this.state.End === true ? undefined : (this.state.Next as string);
  }

  record(type: string, details: Record<string, Json | undefined> = {}): void {
    this.frame.execution.history.add(this.frame.cursor, type, details);
  }

  /** Evaluates a JSON value written in the state's language: JSONata everywhere, or a JSONPath payload template. */
  async evaluate(value: Json, field: string, extras: Extras = {}): Promise<Json> {
    return this.jsonata ? fillExpressions(value, this.bindings(extras), field) : fillTemplate(value, this.roots(extras));
  }

  /** Evaluates a JSONPath field; null gives an empty object, as `InputPath: null` does. */
  path(path: Json | undefined, data: Json): Json {
    if (path === undefined || path === '$') return data;
    if (path === null) return {};
    return selectPath(path as string, this.roots({ data }));
  }

  /** Evaluates a JSONPath field that also takes an intrinsic function. */
  pathOrIntrinsic(text: string): Json {
    const roots = this.roots({ data: this.effectiveInput() });
    return isIntrinsic(text) ? evaluateIntrinsic(text, roots) : selectPath(text, roots);
  }

  /** The input after `InputPath`. */
  effectiveInput(): Json {
    return this.jsonata ? this.input : this.path(this.state.InputPath, this.input);
  }

  /**
   * A number that a field gives directly, by an expression, or by a path in the field `<name>Path`.
   *
   * @throws TaskFailure when the value is no number of at least `least`
   */
  async number(name: string, options: { least: number; most?: number; of?: JsonObject; data?: Json }): Promise<number | undefined> {
    const holder = options.of ?? this.state;
    const path = holder[`${name}Path`];
    let value = holder[name];
    if (this.jsonata && value !== undefined) value = await this.evaluate(value, name);
    else if (path !== undefined) value = this.path(path, options.data ?? this.effectiveInput());
    if (value === undefined) return undefined;
    if (typeof value === 'number' && value >= options.least && value <= (options.most ?? Infinity)) return value;
    throw new TaskFailure(
      this.jsonata ? ErrorName.queryEvaluationError : ErrorName.runtime,
      `${name} must be a number of at least ${options.least}${options.most === undefined ? '' : ` and at most ${options.most}`}, got ${JSON.stringify(value)}`,
    );
  }

  /** Evaluates an `Assign` field with the values that the variables have now. */
  async assign(assign: Json | undefined, extras: Extras): Promise<JsonObject> {
    return assign === undefined ? {} : ((await this.evaluate(assign, 'Assign', extras)) as JsonObject);
  }

  roots(extras: Extras = {}): PathRoots {
    return {
      data: extras.data ?? (extras.data === null ? null : this.input),
      context: this.context(extras.mapItem),
      variable: (name) => this.frame.variables.get(name),
    };
  }

  private bindings(extras: Extras): JsonObject {
    const states: JsonObject = { input: this.input, context: this.context(extras.mapItem) };
    if (extras.result !== undefined) states.result = extras.result;
    if (extras.errorOutput !== undefined) states.errorOutput = extras.errorOutput;
    return { ...this.frame.variables.all(), states };
  }
}
