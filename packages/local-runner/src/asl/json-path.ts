import { JSONPath } from 'jsonpath-plus';
import { ErrorName } from './error-names';
import { isObject, type Json } from './json';
import { TaskFailure } from './task-failure';

/** What the roots of a path stand for. */
export interface PathRoots {
  /** `$` */
  readonly data: Json;
  /** `$$` */
  readonly context: Json;
  /** `$name` */
  variable(name: string): Json | undefined;
}

/** A step of a definite path: a member name or an array index. */
export type PathStep = string | number;

interface ParsedPath {
  readonly root: string;
  readonly rest: string;
  /** Steps when the path can match one place only, otherwise undefined. */
  readonly steps?: readonly PathStep[];
}

const ROOT = /^(\$\$|\$[\p{ID_Start}_][\p{ID_Continue}]*|\$)/u;
// `.name`, `['name']`, `["name"]`, `[3]`, `[-1]`; AWS also accepts `.['name']`.
const DEFINITE_STEP = /^(?:\.?\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\.?\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\[\s*(-?\d+)\s*\]|\.([\p{L}\p{N}_$-][\p{L}\p{N}_$ -]*))/u;

const parsed = new Map<string, ParsedPath>();

/**
 * Selects from state data by a JSONPath.
 *
 * A path that can match one place gives that value and fails when it is absent. A path with a wildcard, slice,
 * filter or descent gives an array, empty when nothing matches; a literal index at its very end unwraps a single match.
 *
 * @throws TaskFailure `States.Runtime` when the path is malformed or its value absent
 */
export function selectPath(path: string, roots: PathRoots): Json {
  const value = tryPath(path, roots);
  if (value !== undefined) return value;
  throw new TaskFailure(ErrorName.runtime, `the JSONPath '${path}' could not be found in the input`);
}

/** Like `selectPath`, but undefined when there is nothing at the place. */
export function tryPath(path: string, roots: PathRoots): Json | undefined {
  const sized = /^(.+)\.length\(\)$/.exec(path)?.[1];
  if (sized !== undefined) return sizeOf(tryPath(sized, roots));

  const { root, rest, steps } = parsePath(path);
  const start = rootValue(root, roots);
  if (start === undefined) return undefined;
  if (steps !== undefined) return walk(start, steps);

  // 'safe' parses filters with its own small interpreter; the default would run them as JavaScript.
  const found = JSONPath({ path: `$${rest}`, json: start as object, wrap: true, eval: 'safe' }) as Json[];
  const single = /\[\d+\]$/.test(rest) && found.length === 1;
  return single ? found[0] : found;
}

/** The steps of a reference path such as `$.a.b[0]`; fails for a path that could match several places. */
export function referenceSteps(path: string): readonly PathStep[] {
  const { root, steps } = parsePath(path);
  if (root !== '$' || steps === undefined) {
    throw new TaskFailure(ErrorName.runtime, `'${path}' is no reference path; use members and indexes only, such as $.a.b[0]`);
  }
  return steps;
}

/** A copy of `target` with `value` at the given steps; missing objects are made on the way. */
export function placeAt(target: Json, steps: readonly PathStep[], value: Json): Json {
  const [step, ...more] = steps;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    if (!Array.isArray(target) || step < 0 || step >= target.length) throw mismatch(step, target);
    return target.map((item, i) => (i === step ? placeAt(item, more, value) : item));
  }
  if (target !== null && !isObject(target)) throw mismatch(step, target);
  return { ...target, [step]: placeAt(target?.[step] ?? null, more, value) };
}

function mismatch(step: PathStep, target: Json): TaskFailure {
  const kind = Array.isArray(target) ? `an array of ${target.length}` : target === null ? 'null' : typeof target;
  return new TaskFailure(
    ErrorName.resultPathMatchFailure,
    `ResultPath step ${JSON.stringify(step)} cannot be applied to ${kind}`,
  );
}

function parsePath(path: string): ParsedPath {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const root = ROOT.exec(path)?.[0];
  if (root === undefined) {
    throw new TaskFailure(ErrorName.runtime, `'${path}' is no JSONPath; it must begin with $, $$ or a variable`);
  }
  const rest = path.slice(root.length);
  const result = { root, rest, steps: definiteSteps(rest) };
  parsed.set(path, result);
  return result;
}

function definiteSteps(rest: string): PathStep[] | undefined {
  const steps: PathStep[] = [];
  for (let left = rest; left !== '';) {
    const match = DEFINITE_STEP.exec(left);
    if (match === null) return undefined;
    const [text, single, double, index, name] = match;
    const quoted = single ?? double;
    steps.push(index !== undefined ? Number(index) : quoted !== undefined ? quoted.replace(/\\(.)/g, '$1') : name as string);
    left = left.slice(text.length);
  }
  return steps;
}

function rootValue(root: string, roots: PathRoots): Json | undefined {
  if (root === '$') return roots.data;
  if (root === '$$') return roots.context;
  return roots.variable(root.slice(1));
}

function walk(start: Json, steps: readonly PathStep[]): Json | undefined {
  let value: Json | undefined = start;
  for (const step of steps) {
    if (typeof step === 'number') value = Array.isArray(value) ? value.at(step) : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

function sizeOf(value: Json | undefined): number | undefined {
  if (Array.isArray(value) || typeof value === 'string') return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}
