import type { Template } from '../../synth-fixtures';
import { isStateful } from './replaced';
import { pathOf } from './template-text';

/**
 * Resources that have another logical id now, each with that one: what is at the same place; what came with the same name to another place; what
 * holds something to lose and came with another name, to the same parent or anywhere; and those that lie below any of them in the tree, such as their
 * policies. Each is of one type and alone on both sides: where two could be a successor, none is, nor is what was there before.
 */
export function successors(before: Template, now: Template): Map<string, string> {
  const found = new Map<string, string>();
  const open = (template: Template, other: Template, taken: Iterable<string>): string[] => {
    const known = new Set(taken);
    return Object.keys(template.Resources ?? {}).filter((id) => other.Resources?.[id] === undefined && !known.has(id));
  };
  const typeOf = (template: Template, id: string): string => template.Resources?.[id]?.Type ?? '';
  /** Pairs those that a key names on both sides, and on each side alone. */
  const pair = (key: (template: Template, id: string) => string | undefined): void => {
    const gone = grouped(open(before, now, found.keys()), (id) => key(before, id));
    const come = grouped(open(now, before, found.values()), (id) => key(now, id));
    for (const [each, ids] of gone) {
      const others = come.get(each);
      if (ids.length === 1 && others?.length === 1) found.set(ids[0]!, others[0]!);
    }
  };
  pair((template, id) => `${typeOf(template, id)} ${pathOf(template, id)}`);
  pair((template, id) => (isStateful(typeOf(template, id)) ? `${typeOf(template, id)} ${pathOf(template, id).split('/').slice(0, -1).join('/')}` : undefined));
  // Roles and their policies are compared by place; two of them with a common name need have nothing else in common.
  pair((template, id) => (typeOf(template, id).startsWith('AWS::IAM::') ? undefined : `${typeOf(template, id)} ${pathOf(template, id).split('/').pop()}`));
  pair((template, id) => (isStateful(typeOf(template, id)) ? typeOf(template, id) : undefined));
  for (const [id, successor] of [...found]) {
    const [from, to] = [pathOf(before, id), pathOf(now, successor)];
    if (from === to) continue;
    const below = (template: Template, other: string, root: string): string | undefined => {
      const place = pathOf(template, other);
      return place.startsWith(`${root}/`) ? `${typeOf(template, other)} ${place.slice(root.length)}` : undefined;
    };
    pair((template, other) => below(template, other, template === before ? from : to));
  }
  return found;
}

function grouped(ids: readonly string[], key: (id: string) => string | undefined): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const id of ids) {
    const name = key(id);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), id]);
  }
  return groups;
}
