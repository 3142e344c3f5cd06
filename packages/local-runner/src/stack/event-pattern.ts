/**
 * Does an event match an EventBridge pattern?
 *
 * Known: exact values, nested fields, arrays in the event, `$or`, and the filters `prefix`, `suffix`, `equals-ignore-case`,
 * `wildcard`,
 * `anything-but` (values and prefix), `exists`, `numeric`. Anything else is refused by name, since a pattern that is
 * silently misread makes a rule that never fires.
 */
export function matchesEvent(pattern: Readonly<Record<string, unknown>>, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or') return (wanted as Array<Record<string, unknown>>).some((each) => matchesEvent(each, event));
    const value = isObject(event) ? event[field] : undefined;
    if (Array.isArray(wanted)) return matchesAny(wanted, value);
    if (!isObject(wanted)) throw new Error(`event pattern: ${field} must be an array of values or an object, got ${JSON.stringify(wanted)}`);
    return matchesEvent(wanted, value);
  });
}

function matchesAny(wanted: readonly unknown[], value: unknown): boolean {
  const values = Array.isArray(value) ? value : [value];
  return wanted.some((each) => (isObject(each) ? matchesFilter(each, values) : value !== undefined && values.includes(each)));
}

function matchesFilter(filter: Readonly<Record<string, unknown>>, values: readonly unknown[]): boolean {
  const present = values.some((value) => value !== undefined);
  return Object.entries(filter).every(([name, operand]) => {
    switch (name) {
      case 'exists': return operand === present;
      case 'prefix': return values.some((value) => typeof value === 'string' && value.startsWith(String(operand)));
      case 'suffix': return values.some((value) => typeof value === 'string' && value.endsWith(String(operand)));
      case 'wildcard': return values.some((value) => typeof value === 'string' && wildcard(String(operand)).test(value));
      case 'equals-ignore-case': return values.some((value) => typeof value === 'string' && value.toLowerCase() === String(operand).toLowerCase());
      case 'anything-but': return present && values.some((value) => !isButted(operand, value));
      case 'numeric': return values.some((value) => typeof value === 'number' && isInRange(operand as unknown[], value));
      default: throw new Error(`event pattern: the filter ${name} is not emulated; known: exists, prefix, suffix, wildcard, equals-ignore-case, anything-but, numeric`);
    }
  });
}

/** `*` stands for any characters, also none; a backslash takes its meaning, and its own. */
function wildcard(pattern: string): RegExp {
  const parts = pattern.match(/\\[\\*]|\*|[^*\\]+|\\/g) ?? [];
  const source = parts.map((part) => (part === '*' ? '.*' : part.replace(/^\\(?=[\\*]$)/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('');
  return new RegExp(`^${source}$`, 's');
}

function isButted(operand: unknown, value: unknown): boolean {
  if (isObject(operand)) return matchesFilter(operand, [value]);
  return Array.isArray(operand) ? operand.includes(value) : operand === value;
}

function isInRange(conditions: readonly unknown[], value: number): boolean {
  for (let i = 0; i < conditions.length; i += 2) {
    const [operator, bound] = [conditions[i], Number(conditions[i + 1])];
    const holds = operator === '=' ? value === bound : operator === '<' ? value < bound : operator === '<=' ? value <= bound
      : operator === '>' ? value > bound : operator === '>=' ? value >= bound : undefined;
    if (holds === undefined) throw new Error(`event pattern: ${JSON.stringify(operator)} is no numeric operator`);
    if (!holds) return false;
  }
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
