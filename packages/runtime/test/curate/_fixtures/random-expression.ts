/** A random source: a whole number from 0 to below `count`. */
export type Pick = (count: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function picker(seed: number): Pick {
  let state = seed;
  return (count) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
}

/** Exact: `unscaled` with `scale` digits after the point. */
interface Decimal { readonly unscaled: bigint; readonly scale: number }
type Value = Decimal | string | boolean | null;
export type Row = Readonly<Record<string, Value>>;

type Kind = 'number' | 'string' | 'boolean' | 'date' | 'timestamp';

/** An expression as text, and what it gives, by an interpreter that shares nothing with the product. */
export interface RandomExpression {
  readonly kind: Kind;
  readonly text: string;
  /** Of numbers. */
  readonly digits: number;
  readonly scale: number;
  readonly value: (row: Row) => Value;
}

const MOST = 38;
const STRINGS = ['', ' ', 'a', 'A', 'ab', 'Ab', 'aab', 'ß', 'ẞ', 'é', 'e\u0301', '😀', 'x😀y', '\uffee', 'İ', '\'', '"', 'b,c', 'NULL', '\\n', '%'];
const DATES = ['0001-01-01', '9999-12-31', '1969-12-31', '1970-01-01', '2024-02-29', '2000-03-01', '1582-10-10'];
const CLOCKS = ['00:00:00.000000', '23:59:59.999999', '12:30:00.500000', '00:59:59.000001'];

/** One row of the columns below, as values and as CSV. */
export function randomRow(pick: Pick): { readonly row: Row; readonly line: string } {
  const maybe = <T>(value: () => T): T | null => (pick(4) === 0 ? null : value());
  const number = (digits: number, scale: number): Decimal => ({ unscaled: (pick(2) === 0 ? 1n : -1n) * digitsOf(pick, pick(digits + 1)), scale });
  const row: Record<string, Value> = {
    n: maybe(() => number(9, 0)), k: maybe(() => ({ unscaled: BigInt(pick(5)) - 2n, scale: 0 })), d: maybe(() => number(9, 2)),
    tiny: maybe(() => number(4, 4)), s: maybe(() => one(pick, STRINGS)),
    r: maybe(() => one(pick, STRINGS) + one(pick, STRINGS)), b: maybe(() => pick(2) === 0), day: maybe(() => one(pick, DATES)), t: maybe(() => `${one(pick, DATES)} ${one(pick, CLOCKS)}`),
  };
  return { row, line: Object.values(row).map((value) => (value === null ? '' : `"${textOf(value)!.replaceAll('"', '""')}"`)).join(',') };
}

export interface SourceColumn { readonly name: string; readonly type: string; readonly kind: Kind; readonly digits: number; readonly scale: number }

export const COLUMNS: readonly SourceColumn[] = [
  { name: 'n', type: 'i32', kind: 'number', digits: 10, scale: 0 }, { name: 'k', type: 'i8', kind: 'number', digits: 3, scale: 0 }, { name: 'd', type: 'decimal(9,2)', kind: 'number', digits: 9, scale: 2 },
  { name: 'tiny', type: 'decimal(4,4)', kind: 'number', digits: 4, scale: 4 }, { name: 's', type: 'string', kind: 'string', digits: 0, scale: 0 }, { name: 'r', type: 'string', kind: 'string', digits: 0, scale: 0 },
  { name: 'b', type: 'boolean', kind: 'boolean', digits: 0, scale: 0 }, { name: 'day', type: 'date', kind: 'date', digits: 0, scale: 0 }, { name: 't', type: 'timestamp', kind: 'timestamp', digits: 0, scale: 0 },
];

/** The value as the bench reads it back; fractions of seconds without needless zeros. */
export function textOf(value: Value, scale?: number): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const places = scale ?? value.scale;
  const unscaled = value.unscaled * 10n ** BigInt(places - value.scale);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(places + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`}`;
}

export function randomExpression(pick: Pick, depth = 3): RandomExpression {
  return expressionOf(pick, one(pick, ['number', 'string', 'boolean', 'boolean', 'date', 'timestamp']), depth);
}

function expressionOf(pick: Pick, kind: Kind, depth: number): RandomExpression {
  if (depth === 0 || pick(6) === 0) return leaf(pick, kind);
  if (pick(4) === 0) return choice(pick, kind, depth - 1);
  switch (kind) {
    case 'number': return arithmetic(pick, depth - 1);
    case 'string': return text(pick, depth - 1);
    case 'boolean': return condition(pick, depth - 1);
    default: return moment(pick, kind, depth - 1);
  }
}

function leaf(pick: Pick, kind: Kind): RandomExpression {
  const columns = COLUMNS.filter((column) => column.kind === kind);
  if (pick(3) > 0) {
    const { name, digits, scale } = one(pick, columns);
    return { kind, text: pick(5) === 0 ? `"${name}"` : name, digits, scale, value: (row) => row[name]! };
  }
  const made = (written: string, value: Value, digits = 0, scale = 0): RandomExpression => (
    { kind, text: written, digits, scale, value: () => value }
  );
  switch (kind) {
    case 'number': {
      const scale = pick(3);
      const unscaled = digitsOf(pick, 1 + pick(4) + scale);
      const written = textOf({ unscaled, scale })!;
      return made(written, { unscaled, scale }, written.replace('.', '').replace(/^0+(?=\d)/, '').length > scale ? written.replace(/^0\./, '').replace('.', '').length : Math.max(1, scale), scale);
    }
    case 'string': {
      const value = one(pick, STRINGS);
      return made(`'${value.replaceAll('\'', '\'\'')}'`, value);
    }
    case 'boolean': return pick(2) === 0 ? made('TRUE', true) : made('false', false);
    case 'date': {
      const value = one(pick, DATES);
      return made(`DATE '${value}'`, value);
    }
    case 'timestamp': {
      const value = `${one(pick, DATES)} ${one(pick, CLOCKS)}`;
      return made(`timestamp '${value}'`, value);
    }
  }
}

function arithmetic(pick: Pick, depth: number): RandomExpression {
  const kind = 'number' as const;
  const forms = pick(8);
  if (forms === 0) {
    const of = expressionOf(pick, 'string', depth);
    return { kind, text: `CHAR_LENGTH(${of.text})`, digits: 10, scale: 0, value: (row) => lift([of.value(row)], ([value]) => whole(BigInt([...value as string].length))) };
  }
  if (forms === 1) {
    const [name, digits, from, to] = one(pick, [['YEAR', 4, 0, 4], ['MONTH', 2, 5, 7], ['DAY', 2, 8, 10]] as const);
    const of = expressionOf(pick, pick(2) === 0 ? 'date' : 'timestamp', depth);
    return { kind, text: `${name}(${of.text})`, digits, scale: 0, value: (row) => lift([of.value(row)], ([value]) => whole(BigInt((value as string).slice(from, to)))) };
  }
  const a = expressionOf(pick, 'number', depth);
  if (forms === 2) return { ...a, text: `-(${a.text})`, value: (row) => lift([a.value(row)], ([value]) => ({ ...value as Decimal, unscaled: -(value as Decimal).unscaled })) };
  const b = expressionOf(pick, 'number', depth);
  if (forms < 5) {
    if (a.digits + b.digits > MOST || a.scale + b.scale > MOST) return a;
    return {
      kind, text: `(${a.text}) * (${b.text})`, digits: a.digits + b.digits, scale: a.scale + b.scale,
      value: (row) => lift([a.value(row), b.value(row)], (both) => {
        const [x, y] = both as readonly [Decimal, Decimal];
        return { unscaled: x.unscaled * y.unscaled, scale: x.scale + y.scale };
      }),
    };
  }
  const scale = Math.max(a.scale, b.scale);
  const digits = Math.max(a.digits - a.scale, b.digits - b.scale) + 1 + scale;
  if (digits > MOST) return a;
  const minus = pick(2) === 0;
  return {
    kind, text: `(${a.text}) ${minus ? '-' : '+'} (${b.text})`, digits, scale,
    value: (row) => lift([a.value(row), b.value(row)], (both) => {
      const [x, y] = both as readonly [Decimal, Decimal];
      return { unscaled: at(x, scale) + (minus ? -1n : 1n) * at(y, scale), scale };
    }),
  };
}

function text(pick: Pick, depth: number): RandomExpression {
  const base = { kind: 'string' as const, digits: 0, scale: 0 };
  const a = expressionOf(pick, 'string', depth);
  switch (pick(6)) {
    case 0: {
      const b = expressionOf(pick, 'string', depth);
      return { ...base, text: `(${a.text}) || (${b.text})`, value: (row) => lift([a.value(row), b.value(row)], ([x, y]) => (x as string) + (y as string)) };
    }
    case 1: {
      const [start, length] = [1 + pick(4), pick(4)];
      const rest = pick(3) === 0;
      return { ...base, text: `SUBSTRING(${a.text}, ${start}${rest ? '' : `, ${length}`})`, value: (row) => lift([a.value(row)], ([x]) => [...x as string].slice(start - 1, rest ? undefined : start - 1 + length).join('')) };
    }
    case 2: {
      const [from, to] = [expressionOf(pick, 'string', 0), expressionOf(pick, 'string', 0)];
      return { ...base, text: `REPLACE(${a.text}, ${from.text}, ${to.text})`, value: (row) => lift([a.value(row), from.value(row), to.value(row)], ([x, y, z]) => (y === '' ? x! : (x as string).split(y as string).join(z as string))) };
    }
    case 3: return { ...base, text: `UPPER(${a.text})`, value: (row) => lift([a.value(row)], ([x]) => (x as string).replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 32))) };
    case 4: return { ...base, text: `lower(${a.text})`, value: (row) => lift([a.value(row)], ([x]) => (x as string).replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))) };
    default: {
      const of = expressionOf(pick, one(pick, ['number', 'boolean', 'date']), depth);
      return { ...base, text: `CAST(${of.text} AS string)`, value: (row) => (of.kind === 'number' ? textOf(of.value(row), of.scale) : textOf(of.value(row))) };
    }
  }
}

function condition(pick: Pick, depth: number): RandomExpression {
  const base = { kind: 'boolean' as const, digits: 0, scale: 0 };
  const negated = pick(2) === 0;
  const not = (value: Value): Value => (value === null ? null : value === !negated);
  const NOT = negated ? 'NOT ' : '';
  const form = pick(6);
  if (form < 2) {
    const [a, b] = [expressionOf(pick, 'boolean', depth), expressionOf(pick, 'boolean', depth)];
    const decisive = form === 1;
    return {
      ...base, text: `(${a.text}) ${decisive ? 'OR' : 'AND'} ${NOT}(${b.text})`,
      value: (row) => {
        const both = [a.value(row), not(b.value(row))];
        return both.includes(decisive) ? decisive : both.includes(null) ? null : !decisive;
      },
    };
  }
  const kind = one(pick, ['number', 'string', 'date', 'timestamp'] as const);
  const a = expressionOf(pick, kind, depth);
  if (form === 2) return { ...base, text: `(${a.text}) IS ${NOT}NULL`, value: (row) => (a.value(row) === null) !== negated };
  const others = Array.from({ length: form === 3 ? 3 : 2 }, () => expressionOf(pick, kind, depth)).filter((other) => fits(a, other));
  if (form === 3 && others.length > 0) {
    const withNull = pick(3) === 0;
    return {
      ...base, text: `(${a.text}) ${NOT}IN (${[...others.map((other) => other.text), ...(withNull ? ['NULL'] : [])].join(', ')})`,
      value: (row) => {
        const equal = [...others.map((other) => compare(a.value(row), other.value(row))), ...(withNull ? [null] : [])];
        return not(equal.includes(0) ? true : equal.includes(null) ? null : false);
      },
    };
  }
  const [low, high] = others;
  if (form === 4 && high !== undefined && fits(low!, high)) {
    return {
      ...base, text: `(${a.text}) ${NOT}BETWEEN (${low!.text}) AND (${high.text})`,
      value: (row) => {
        const [left, right] = [compare(a.value(row), low!.value(row)), compare(a.value(row), high.value(row))];
        if ((left !== null && left < 0) || (right !== null && right > 0)) return not(false);
        return left === null || right === null ? null : not(true);
      },
    };
  }
  const other = others[0] ?? a;
  const [name, holds] = one(pick, [['=', (c) => c === 0], ['<>', (c) => c !== 0], ['<', (c) => c < 0], ['<=', (c) => c <= 0], ['>', (c) => c > 0], ['>=', (c) => c >= 0]] as [string, (order: number) => boolean][]);
  return {
    ...base, text: `${NOT}((${a.text}) ${name} (${other.text}))`,
    value: (row) => {
      const order = compare(a.value(row), other.value(row));
      return not(order === null ? null : holds(order));
    },
  };
}

function moment(pick: Pick, kind: 'date' | 'timestamp', depth: number): RandomExpression {
  const base = { kind, digits: 0, scale: 0 };
  if (kind === 'timestamp') {
    if (pick(2) === 0) {
      const of = expressionOf(pick, 'date', depth);
      return { ...base, text: `CAST(${of.text} AS timestamp)`, value: (row) => lift([of.value(row)], ([x]) => `${String(x)} 00:00:00.000000`) };
    }
    const of = expressionOf(pick, 'timestamp', depth);
    return { ...base, text: `DATE_TRUNC('hour', ${of.text})`, value: (row) => lift([of.value(row)], ([x]) => `${(x as string).slice(0, 13)}:00:00.000000`) };
  }
  const of = expressionOf(pick, pick(2) === 0 ? 'date' : 'timestamp', depth);
  const [unit, digits, rest] = one(pick, [['day', 10, ''], ['month', 7, '-01'], ['year', 4, '-01-01']] as const);
  if (unit === 'day' && of.kind === 'timestamp' && pick(2) === 0) return { ...base, text: `CAST(${of.text} AS date)`, value: (row) => lift([of.value(row)], ([x]) => (x as string).slice(0, 10)) };
  return { ...base, text: `DATE_TRUNC('${unit}', ${of.text})`, value: (row) => lift([of.value(row)], ([x]) => (x as string).slice(0, digits) + rest) };
}

/** COALESCE, NULLIF and CASE give values of every kind. */
function choice(pick: Pick, kind: Kind, depth: number): RandomExpression {
  const a = expressionOf(pick, kind, depth);
  const b = expressionOf(pick, kind, depth);
  if (!fits(a, b)) return a;
  const scale = Math.max(a.scale, b.scale);
  const both = { kind, digits: Math.max(a.digits - a.scale, b.digits - b.scale) + scale, scale };
  switch (pick(3)) {
    case 0: return { ...both, text: `COALESCE(${a.text}, ${pick(3) === 0 ? 'NULL, ' : ''}${b.text})`, value: (row) => a.value(row) ?? b.value(row) };
    case 1: return { ...a, text: `NULLIF(${a.text}, ${b.text})`, value: (row) => (compare(a.value(row), b.value(row)) === 0 ? null : a.value(row)) };
    default: {
      const when = expressionOf(pick, 'boolean', depth);
      const otherwise = pick(3) > 0;
      return {
        ...(otherwise ? both : { ...both, digits: a.digits, scale: a.scale }), text: `CASE WHEN ${when.text} THEN ${a.text}${otherwise ? ` ELSE ${b.text}` : ''} END`,
        value: (row) => (when.value(row) === true ? a.value(row) : otherwise ? b.value(row) : null),
      };
    }
  }
}

function fits(a: RandomExpression, b: RandomExpression): boolean {
  return Math.max(a.digits - a.scale, b.digits - b.scale) + Math.max(a.scale, b.scale) <= MOST;
}

function lift(values: readonly Value[], compute: (values: readonly Value[]) => Value): Value {
  return values.includes(null) ? null : compute(values);
}

/** Texts by their bytes in UTF-8; null where one is NULL. */
function compare(a: Value, b: Value): number | null {
  if (a === null || b === null) return null;
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (typeof a === 'boolean') return Number(a) - Number(b);
  const scale = Math.max(a.scale, (b as Decimal).scale);
  const difference = at(a, scale) - at(b as Decimal, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function at({ unscaled, scale }: Decimal, wanted: number): bigint {
  return unscaled * 10n ** BigInt(wanted - scale);
}

function whole(unscaled: bigint): Decimal {
  return { unscaled, scale: 0 };
}

function digitsOf(pick: Pick, count: number): bigint {
  return BigInt(`0${Array.from({ length: count }, () => pick(10)).join('')}`);
}

function one<T>(pick: Pick, list: readonly T[]): T {
  return list[pick(list.length)]!;
}
