import { isObject, type Json, type JsonObject } from './json';

/** Language of the expressions in a state. */
export type QueryLanguage = 'JSONPath' | 'JSONata';

/** Kind of a state. */
export type StateType = 'Task' | 'Pass' | 'Choice' | 'Wait' | 'Succeed' | 'Fail' | 'Parallel' | 'Map';

/** One state as it stands in a definition. */
export type StateDefinition = JsonObject & { readonly Type: StateType };

/** A sequence of states: a machine, a branch or an item processor. */
export interface StatesDefinition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

/** A whole state machine. */
export interface StateMachineDefinition extends StatesDefinition {
  readonly Comment?: string;
  readonly QueryLanguage?: QueryLanguage;
  readonly TimeoutSeconds?: number;
}

/** Thrown for a definition that cannot be run; the message lists every problem. */
export class InvalidDefinition extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the state machine definition is invalid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.name = 'InvalidDefinition';
  }
}

const TYPES = new Set<unknown>(['Task', 'Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Parallel', 'Map']);
const PATH_FIELDS = ['InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'ResultSelector', 'ItemsPath', 'MaxConcurrencyPath', 'SecondsPath',
  'TimestampPath', 'TimeoutSecondsPath', 'HeartbeatSecondsPath', 'ErrorPath', 'CausePath', 'ToleratedFailureCountPath', 'ToleratedFailurePercentagePath'];
const EXPRESSION_FIELDS = ['Arguments', 'Output', 'Items'];

/**
 * Reads a definition and checks the structure that the interpreter relies on.
 *
 * @throws InvalidDefinition listing all problems found
 */
export function parseDefinition(definition: object | string): StateMachineDefinition {
  let machine: Json;
  try {
    machine = (typeof definition === 'string' ? JSON.parse(definition) : JSON.parse(JSON.stringify(definition))) as Json;
  } catch (error) {
    throw new InvalidDefinition([`it is no JSON: ${(error as Error).message}`]);
  }
  const checker = new Checker(isObject(machine) ? machine.QueryLanguage : undefined);
  checker.states(machine, 'state machine');
  if (checker.problems.length > 0) throw new InvalidDefinition(checker.problems);
  return machine as unknown as StateMachineDefinition;
}

/** The language of a state: its own, else that of the machine; a Map does not pass its own on to its inside. */
export function queryLanguageOf(state: StateDefinition, machine: StateMachineDefinition): QueryLanguage {
  return (state.QueryLanguage as QueryLanguage | undefined) ?? machine.QueryLanguage ?? 'JSONPath';
}

/** The inside of a Map, under its present or its former field name. */
export function itemProcessor(state: StateDefinition): StatesDefinition & { ProcessorConfig?: JsonObject } {
  return (state.ItemProcessor ?? state.Iterator) as never;
}

/** The branches of a Parallel. */
export function branches(state: StateDefinition): StatesDefinition[] {
  return state.Branches as never;
}

class Checker {
  readonly problems: string[] = [];
  private readonly names = new Set<string>();

  constructor(private readonly machineLanguage: Json | undefined) {
    if (machineLanguage !== undefined && machineLanguage !== 'JSONPath' && machineLanguage !== 'JSONata') {
      this.problems.push(`QueryLanguage must be JSONPath or JSONata, got ${JSON.stringify(machineLanguage)}`);
    }
  }

  states(value: Json, where: string): void {
    if (!isObject(value) || !isObject(value.States)) {
      this.problems.push(`${where}: States must be an object`);
      return;
    }
    const { StartAt: start, States: states } = value;
    if (typeof start !== 'string' || !Object.hasOwn(states, start)) {
      this.problems.push(`${where}: StartAt names no state, got ${JSON.stringify(start)}`);
    }
    for (const [name, state] of Object.entries(states)) this.state(name, state, states);
  }

  private state(name: string, state: Json, siblings: JsonObject): void {
    const say = (problem: string) => this.problems.push(`state "${name}": ${problem}`);
    if (this.names.has(name)) say('another state of the machine has the same name');
    this.names.add(name);
    if (!isObject(state) || !TYPES.has(state.Type)) {
      say(`Type must be one of ${[...TYPES].join(', ')}, got ${JSON.stringify(isObject(state) ? state.Type : state)}`);
      return;
    }
    this.language(state, say);
    this.targets(state, siblings, say);
    if (state.Type === 'Task' && typeof state.Resource !== 'string') say('a Task needs a Resource');
    if (state.Type === 'Parallel') {
      if (!Array.isArray(state.Branches) || state.Branches.length === 0) say('a Parallel needs Branches');
      else state.Branches.forEach((branch, i) => this.states(branch, `state "${name}", branch ${i}`));
    }
    if (state.Type === 'Map') this.states(state.ItemProcessor ?? state.Iterator ?? null, `state "${name}", ItemProcessor`);
  }

  private language(state: JsonObject, say: (problem: string) => void): void {
    const own = state.QueryLanguage;
    if (this.machineLanguage === 'JSONata' && own === 'JSONPath') say('a JSONata machine cannot contain a JSONPath state');
    const jsonata = (own ?? this.machineLanguage) === 'JSONata';
    for (const field of jsonata ? PATH_FIELDS : EXPRESSION_FIELDS) {
      if (field in state) say(`${field} does not exist in ${jsonata ? 'JSONata' : 'JSONPath'} states`);
    }
  }

  private targets(state: JsonObject, siblings: JsonObject, say: (problem: string) => void): void {
    const goTo = (target: Json | undefined, from: string) => {
      if (typeof target !== 'string' || !Object.hasOwn(siblings, target)) say(`${from} names no state beside it, got ${JSON.stringify(target)}`);
    };
    for (const [i, catcher] of asList(state.Catch).entries()) goTo(catcher.Next, `Catch[${i}].Next`);
    if (state.Type === 'Succeed' || state.Type === 'Fail') return;
    if (state.Type === 'Choice') {
      if (asList(state.Choices).length === 0) say('a Choice needs Choices');
      for (const [i, rule] of asList(state.Choices).entries()) goTo(rule.Next, `Choices[${i}].Next`);
      if (state.Default !== undefined) goTo(state.Default, 'Default');
      return;
    }
    if (state.End === true) return;
    if (state.Next === undefined) say('it needs Next or End: true');
    else goTo(state.Next, 'Next');
  }
}

function asList(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}
