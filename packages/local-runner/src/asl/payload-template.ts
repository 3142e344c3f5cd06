import { ErrorName } from './error-names';
import { evaluateIntrinsic, isIntrinsic } from './intrinsics';
import { isObject, type Json, type JsonObject } from './json';
import { selectPath, type PathRoots } from './json-path';
import { TaskFailure } from './task-failure';

/**
 * Fills a JSONPath payload template: members whose name ends in `.$` are paths or intrinsic calls.
 *
 * @throws TaskFailure `States.Runtime` when a path finds nothing, `States.IntrinsicFailure` from a function
 */
export function fillTemplate(template: Json, roots: PathRoots): Json {
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, roots));
  if (!isObject(template)) return template;
  const filled: JsonObject = {};
  for (const [name, value] of Object.entries(template)) {
    if (!name.endsWith('.$')) filled[name] = fillTemplate(value, roots);
    else filled[name.slice(0, -2)] = evaluateText(value, name, roots);
  }
  return filled;
}

function evaluateText(text: Json, field: string, roots: PathRoots): Json {
  if (typeof text !== 'string') {
    throw new TaskFailure(ErrorName.runtime, `the value for the field '${field}' must be a JSONPath or an intrinsic function, got ${JSON.stringify(text)}`);
  }
  if (isIntrinsic(text)) return evaluateIntrinsic(text, roots);
  try {
    return selectPath(text, roots);
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    throw new TaskFailure(error.error, `${error.cause} (field '${field}')`);
  }
}
