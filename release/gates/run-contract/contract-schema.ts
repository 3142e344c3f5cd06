import type { Finding } from '../../finding';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords by which a schema takes less the larger, or the smaller, they are. */
const LOWER_BOUNDS = ['minimum', 'minLength', 'minItems', 'minProperties', 'exclusiveMinimum'];
const UPPER_BOUNDS = ['maximum', 'maxLength', 'maxItems', 'maxProperties', 'exclusiveMaximum'];
/** Keywords whose change may take less, and is told as if it did. */
const OPAQUE = ['pattern', 'const', 'type', 'format', 'not', '$ref'];

/** Where a JSON Schema takes less than it took: a contract that was valid is refused. Only the keywords that our schema uses are understood. */
export function narrowedFindings(before: Schema, now: Schema): Finding[] {
  return narrowed(before, now, '').map(([place, what, was, is]) => ({
    gate: 'run contract', subject: `data contract, ${place}`, what, was, is,
    consequence: 'A contract that the last release takes is refused after the upgrade, at synthesis or by a task.', advice: 'Take what was taken; warn of it for one release first.', bump: 'major',
  }));
}

type Narrowing = [place: string, what: string, was?: string, is?: string];

function narrowed(before: Schema, now: Schema, place: string): Narrowing[] {
  const found: Narrowing[] = [];
  const at = place === '' ? 'at its root' : place;
  const list = (schema: Schema, key: string) => (schema[key] ?? []) as unknown[];
  const text = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
  for (const key of LOWER_BOUNDS) if (Number(now[key] ?? -Infinity) > Number(before[key] ?? -Infinity)) found.push([at, `takes less: ${key} is higher`, text(before[key]), text(now[key])]);
  for (const key of UPPER_BOUNDS) if (Number(now[key] ?? Infinity) < Number(before[key] ?? Infinity)) found.push([at, `takes less: ${key} is lower`, text(before[key]), text(now[key])]);
  for (const key of OPAQUE) if (now[key] !== undefined && text(before[key]) !== text(now[key])) found.push([at, `may take less: ${key} changed`, text(before[key]), text(now[key])]);
  if (now.enum !== undefined) {
    const gone = before.enum === undefined ? ['any other value'] : list(before, 'enum').filter((value) => !list(now, 'enum').includes(value));
    for (const value of gone) found.push([at, `no longer takes ${JSON.stringify(value)}`]);
  }
  for (const key of list(now, 'required').filter((name) => !list(before, 'required').includes(name))) found.push([at, `newly asks for ${String(key)}`]);
  if (now.additionalProperties === false && before.additionalProperties !== false) found.push([at, 'no longer takes members that it does not know']);
  for (const key of ['properties', '$defs']) {
    const [old, next] = [(before[key] ?? {}) as Record<string, Schema>, (now[key] ?? {}) as Record<string, Schema>];
    for (const [name, inner] of Object.entries(old)) {
      const other = next[name];
      if (other !== undefined) found.push(...narrowed(inner, other, place === '' ? name : `${place}.${name}`));
      else if (key === '$defs' || now.additionalProperties === false) found.push([at, `no longer takes ${name}`]);
    }
  }
  if (before.items !== undefined && now.items !== undefined) found.push(...narrowed(before.items as Schema, now.items as Schema, `${place}[]`));
  return [...found, ...alternatives(before, now, place)];
}

/** Each way of before must be one of now, or be like the one at the same place. */
function alternatives(before: Schema, now: Schema, place: string): Narrowing[] {
  const [old, next] = [before, now].map((schema) => ((schema.oneOf ?? schema.anyOf ?? []) as Schema[]));
  const same = new Set(next!.map((schema) => JSON.stringify(schema)));
  return old!.flatMap((schema, index): Narrowing[] => {
    if (same.has(JSON.stringify(schema))) return [];
    const other = next![index];
    return other === undefined ? [[place, 'no longer takes one of its forms', JSON.stringify(schema).slice(0, 200)]] : narrowed(schema, other, `${place}(${index + 1})`);
  });
}
