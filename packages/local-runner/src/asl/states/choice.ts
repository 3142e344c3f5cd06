import { choiceRuleHolds } from '../choice-rule';
import { ErrorName } from '../error-names';
import type { JsonObject } from '../json';
import type { StateVisit, Transition } from '../state-visit';
import { TaskFailure } from '../task-failure';

/** Choice: goes where the first rule that holds points, else to `Default`. */
export async function choose(visit: StateVisit): Promise<Transition> {
  const { state } = visit;
  for (const [i, rule] of (state.Choices as JsonObject[]).entries()) {
    if (await holds(visit, rule, i)) return leave(visit, rule, rule.Next as string);
  }
  if (state.Default !== undefined) return leave(visit, state, state.Default as string);
  throw new TaskFailure(ErrorName.noChoiceMatched, `no choice of the state "${visit.name}" matched and it has no Default`);
}

async function holds(visit: StateVisit, rule: JsonObject, i: number): Promise<boolean> {
  if (!visit.jsonata) return choiceRuleHolds(rule, visit.roots({ data: visit.effectiveInput() }));
  const value = await visit.evaluate(rule.Condition ?? null, `Choices[${i}]/Condition`);
  if (typeof value === 'boolean') return value;
  throw new TaskFailure(ErrorName.queryEvaluationError, `Condition of choice ${i} in the state "${visit.name}" must be a boolean, got ${JSON.stringify(value)}`);
}

// A rule has its own Assign and Output; those of the state itself belong to the Default.
async function leave(visit: StateVisit, holder: JsonObject, next: string): Promise<Transition> {
  if (visit.jsonata) {
    const output = holder.Output === undefined ? visit.input : await visit.evaluate(holder.Output, 'Output');
    return { output, next, assigned: await visit.assign(holder.Assign, {}) };
  }
  const effective = visit.effectiveInput();
  return {
    output: visit.path(visit.state.OutputPath, effective),
    next,
    assigned: await visit.assign(holder.Assign, { data: effective }),
  };
}
