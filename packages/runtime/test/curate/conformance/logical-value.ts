/** A column of a Parquet file, as its footer says. */
export interface StoredColumn {
  readonly name: string;
  /** The physical type. */
  readonly type: string;
  readonly annotation?: {
    readonly type: string;
    readonly scale?: number;
    readonly precision?: number;
    readonly isAdjustedToUTC?: boolean;
    readonly unit?: string;
  };
  /** Of a group. */
  readonly members?: readonly StoredColumn[];
  /** Of a list. */
  readonly element?: StoredColumn;
}

/** What a cell holds: a text, or the values of an object or array. */
export type StoredValue = string | null | readonly StoredValue[] | { readonly [name: string]: StoredValue };

const MICROS_OF_DAY = 86_400_000_000n;

/** The logical value of a cell as {@link logicalText}; of an object or array, the JSON of those in it. */
export function cellText(column: StoredColumn, stored: StoredValue): string | null {
  const value = nestedValue(column, stored);
  return value === null || typeof value === 'string' ? value : JSON.stringify(value);
}

function nestedValue(column: StoredColumn, stored: StoredValue): StoredValue {
  if (stored === null) return null;
  const { members, element } = column;
  if (members !== undefined) {
    const values = stored as Record<string, StoredValue>;
    return Object.fromEntries(members.map((member) => [member.name, nestedValue(member, values[member.name] ?? null)]));
  }
  if (element !== undefined) return (stored as readonly StoredValue[]).map((one) => nestedValue(element, one));
  return logicalText(column, stored as string);
}

/**
 * The logical value of a cell as text: two cells are equal if and only if these texts are. See README.md of this folder.
 *
 * @param stored digits of a whole number, or hexadecimal digits of bytes or of the bits of a float
 */
export function logicalText({ name, type, annotation }: StoredColumn, stored: string): string {
  switch (annotation?.type) {
    case 'STRING': return Buffer.from(stored, 'hex').toString('utf8');
    case 'INTEGER': return stored;
    case 'DATE': return dayText(BigInt(stored));
    case 'DECIMAL': return decimalText(type === 'FIXED_LEN_BYTE_ARRAY' ? signed(stored) : BigInt(stored), annotation.scale ?? 0);
    case 'TIMESTAMP':
      if (annotation.unit !== 'MICROS') throw new Error(`${name}: timestamps in ${annotation.unit}`);
      return `${instantText(BigInt(stored))}${annotation.isAdjustedToUTC ? 'Z' : ''}`;
    case undefined:
      if (type === 'BOOLEAN' || type === 'FLOAT' || type === 'DOUBLE' || type === 'BYTE_ARRAY' || type === 'INT32' || type === 'INT64') return stored;
  }
  throw new Error(`${name}: no contract makes ${type} ${JSON.stringify(annotation)}`);
}

/** The bits of a float, as {@link logicalText} tells them. */
export function floatBits(value: number, bits: 32 | 64): string {
  if (Number.isNaN(value)) return 'NaN';
  const bytes = Buffer.alloc(bits / 8);
  if (bits === 32) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

/** Microseconds of the proleptic calendar since 1970, as text. */
export function instantText(micros: bigint): string {
  const day = floorDivide(micros, MICROS_OF_DAY);
  return `${dayText(day)}T${clockText(micros - day * MICROS_OF_DAY)}`;
}

export function dayText(day: bigint): string {
  return new Date(Number(day) * 86_400_000).toISOString().slice(0, 'yyyy-mm-dd'.length);
}

/** The unscaled number with its point. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

function clockText(micros: bigint): string {
  const two = (value: bigint): string => value.toString().padStart(2, '0');
  const seconds = micros / 1_000_000n;
  return `${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${(micros % 1_000_000n).toString().padStart(6, '0')}`;
}

function signed(hex: string): bigint {
  return BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
