import type { MachineDefinition } from './machine-definitions';

/** The one state that may retry whatever happens. */
const NOTICE = 'NotifyFailure';

/** Errors that mean that a machine, and not luck, is wrong; a retry of them hides defects. */
const NEVER_RETRIED = ['States.ALL', 'States.Timeout', 'States.Runtime', 'States.Permissions', 'States.QueryEvaluationError'];

/**
 * Everything that a machine of a stage promises and does not keep, one sentence each.
 *
 * States inside a Map need no Catch of their own: they fail the Map, and the Map's Catch gives one notice.
 */
export function brokenPromises(definition: MachineDefinition): string[] {
  const problems: string[] = [];
  if (!(Number(definition.TimeoutSeconds) > 0)) problems.push('the machine has no TimeoutSeconds');
  if (definition.QueryLanguage !== 'JSONata') problems.push('the machine is not JSONata');
  walk(definition.States, definition.StartAt, '', true, problems);
  return problems;
}

function walk(states: Record<string, any>, startAt: string, path: string, top: boolean, problems: string[]): void {
  const reached = new Set([startAt]);
  for (const [name, state] of Object.entries(states)) {
    const where = `${path}${name}`;
    for (const next of targets(state)) {
      reached.add(next);
      if (!(next in states)) problems.push(`${where} goes on to ${next}, which does not exist`);
    }
    if (state.Type === 'Task') checkTask(where, name, state, problems);
    if (state.Type === 'Map') {
      if (state.Retry === undefined) problems.push(`${where} has no Retry`);
      walk(state.ItemProcessor.States, state.ItemProcessor.StartAt, `${where} > `, false, problems);
    }
    if (top && (state.Type === 'Task' || state.Type === 'Map')) checkCatch(where, state, problems);
  }
  for (const name of Object.keys(states)) {
    if (!reached.has(name)) problems.push(`${path}${name} is never reached`);
  }
}

function checkTask(where: string, name: string, state: any, problems: string[]): void {
  if (!(Number(state.TimeoutSeconds) > 0)) problems.push(`${where} has no TimeoutSeconds`);
  const retried: string[] = (state.Retry ?? []).flatMap((retrier: any) => retrier.ErrorEquals);
  if (retried.length === 0) problems.push(`${where} has no Retry`);
  const wrong = retried.filter((error) => NEVER_RETRIED.includes(error));
  if (name !== NOTICE && wrong.length > 0) problems.push(`${where} retries ${wrong.join(', ')}`);
}

function checkCatch(where: string, state: any, problems: string[]): void {
  const caught: string[][] = (state.Catch ?? []).map((catcher: any) => catcher.ErrorEquals);
  if (caught.length === 0) return void problems.push(`${where} has no Catch`);
  if (caught.at(-1)?.join() !== 'States.ALL') problems.push(`${where} does not catch States.ALL last and alone`);
  const explains = state.Catch.some((catcher: any) => catcher.Next === NOTICE && catcher.Output === '{% $states.input %}');
  if (where !== NOTICE && !explains && !caught.some((errors) => errors.includes('States.DataLimitExceeded'))) {
    problems.push(`${where} does not catch States.DataLimitExceeded, which States.ALL leaves out`);
  }
}

function targets(state: any): string[] {
  const nexts = [state, ...(state.Choices ?? []), ...(state.Catch ?? [])].map((holder) => holder.Next);
  return [...nexts, state.Default].filter((next) => next !== undefined);
}
