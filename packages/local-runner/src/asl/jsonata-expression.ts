import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { ErrorName } from './error-names';
import { hash, partition, range } from './intrinsic-functions';
import { isObject, type Json, type JsonObject } from './json';
import { seededRandom } from './seeded-random';
import { TaskFailure } from './task-failure';

// AWS stops an expression after one second of its machines; a busy laptop gets some more.
const LONGEST_EVALUATION_MS = 5_000;
const DEADLINE = ' deadline';

const compiled = new Map<string, jsonata.Expression>();

/** The functions that Step Functions adds to JSONata; `$eval` is taken away, as there. */
const FUNCTIONS: Readonly<Record<string, unknown>> = {
  eval: undefined,
  uuid: () => randomUUID(),
  parse: (text: unknown) => {
    if (typeof text !== 'string') throw new Error(`$parse needs a string, got ${describe(text)}`);
    return JSON.parse(text) as Json;
  },
  hash: (data: unknown, algorithm: unknown) => {
    if (typeof data !== 'string' || typeof algorithm !== 'string') throw new Error('$hash needs a string and the name of an algorithm');
    return hash(data, algorithm);
  },
  partition: (items: unknown, size: unknown) => {
    if (items === undefined) return undefined;
    return partition(Array.isArray(items) ? (items as Json[]) : [items as Json], integer(size, '$partition'));
  },
  range: (first: unknown, last: unknown, step: unknown) =>
    range(integer(first, '$range'), integer(last, '$range'), integer(step, '$range')),
  random: (seed?: unknown) => (seed === undefined ? Math.random() : seededRandom(integer(seed, '$random'))),
};

/** Tells whether a text of a JSONata state is an expression. */
export function isExpression(value: Json): value is string {
  return typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}');
}

/**
 * Evaluates every expression in a JSON value of a JSONata state.
 *
 * @param bindings variables without their `$`, `states` among them
 * @param where names the field in messages
 * @throws TaskFailure `States.QueryEvaluationError`, also when an expression gives nothing
 */
export async function fillExpressions(value: Json, bindings: JsonObject, where: string): Promise<Json> {
  if (isExpression(value)) return evaluateExpression(value, bindings, where);
  if (Array.isArray(value)) {
    const filled: Json[] = [];
    for (const [i, item] of value.entries()) filled.push(await fillExpressions(item, bindings, `${where}[${i}]`));
    return filled;
  }
  if (!isObject(value)) return value;
  const filled: JsonObject = {};
  for (const [name, item] of Object.entries(value)) filled[name] = await fillExpressions(item, bindings, `${where}/${name}`);
  return filled;
}

async function evaluateExpression(text: string, bindings: JsonObject, where: string): Promise<Json> {
  const source = text.slice(2, -2).trim();
  let result: unknown;
  try {
    result = await compile(source).evaluate(undefined, {
      ...FUNCTIONS, ...bindings, [DEADLINE]: Date.now() + LONGEST_EVALUATION_MS,
    });
  } catch (error) {
    throw failure(source, where, (error as Error).message);
  }
  if (result === undefined) throw failure(source, where, 'it returned nothing (undefined), which JSON cannot hold');
  if (typeof result === 'function' || (isObject(result) && '_jsonata_lambda' in result)) {
    throw failure(source, where, 'it returned a function, which JSON cannot hold');
  }
  // Results carry marks of the evaluator and may share structure with the state's data.
  return JSON.parse(JSON.stringify(result)) as Json;
}

function compile(source: string): jsonata.Expression {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const expression = jsonata(source);
  expression.assign(Symbol.for('jsonata.__evaluate_entry') as unknown as string, stopWhenLate);
  compiled.set(source, expression);
  return expression;
}

function stopWhenLate(_expression: unknown, _input: unknown, environment: { lookup(name: string): unknown }): void {
  const deadline = environment.lookup(DEADLINE);
  if (typeof deadline === 'number' && Date.now() > deadline) throw new Error('Expression evaluation timeout');
}

function failure(source: string, where: string, why: string): TaskFailure {
  return new TaskFailure(ErrorName.queryEvaluationError, `the JSONata expression '${source}' specified for the field '${where}' failed: ${why}`);
}

function integer(value: unknown, who: string): number {
  if (typeof value !== 'number') throw new Error(`${who} needs a number, got ${describe(value)}`);
  return Math.floor(value);
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value;
}
