/** A type as a database spells it, in parts. */
interface SqlType {
  readonly family: 'text' | 'integer' | 'decimal' | 'float';
  /** Characters, or how many whole numbers fit; infinite for texts without a length. */
  readonly size: number;
  /** Digits behind the point. */
  readonly scale?: number;
  readonly unsigned?: boolean;
}

const INTEGERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];

/** Whether every value of one type of a column is, unchanged, one of another, wider type. Types are given as the database shows them. */
export function isWider(from: string, to: string): boolean {
  const [a, b] = [parse(from), parse(to)];
  if (a === undefined || b === undefined || a.family !== b.family || a.unsigned !== b.unsigned) return false;
  const [scaleA, scaleB] = [a.scale ?? 0, b.scale ?? 0];
  return scaleA <= scaleB && a.size - scaleA <= b.size - scaleB && (a.size < b.size || scaleA < scaleB);
}

/** Whether PostgreSQL takes the wider type without writing the table or its indexes anew, while everybody waits. */
export function isWiderInPlace(from: string, to: string): boolean {
  const [a, b] = [parse(from), parse(to)];
  return isWider(from, to) && (a?.family === 'text' || (a?.family === 'decimal' && a.scale === b?.scale));
}

function parse(type: string): SqlType | undefined {
  const text = type.toLowerCase().trim();
  const characters = /^(?:varchar|character varying)\((\d+)\)$/.exec(text)?.[1];
  if (characters !== undefined) return { family: 'text', size: Number(characters) };
  if (text === 'text' || text === 'longtext') return { family: 'text', size: Infinity };
  const [, precision, scale] = /^(?:decimal|numeric)\((\d+),(\d+)\)$/.exec(text) ?? [];
  if (precision !== undefined) return { family: 'decimal', size: Number(precision), scale: Number(scale) };
  const [, name, unsigned] = /^((?:tiny|small|medium|big)?int|integer)(?:\(\d+\))?( unsigned)?$/.exec(text) ?? [];
  if (name !== undefined) return { family: 'integer', size: INTEGERS.indexOf(name === 'integer' ? 'int' : name), unsigned: unsigned !== undefined };
  const floats: Record<string, number> = { real: 4, float: 4, 'double precision': 8, double: 8 };
  return floats[text] === undefined ? undefined : { family: 'float', size: floats[text] };
}
