import {
  DuckDBArrayValue, DuckDBBlobValue, DuckDBDateValue, DuckDBDecimalValue, DuckDBListValue, DuckDBMapValue, DuckDBStructValue,
  DuckDBTimestampTZValue, DuckDBTimestampValue, DuckDBTimeValue, DuckDBTypeId, type DuckDBType, type DuckDBValue,
} from '@duckdb/node-api';

/**
 * A value as Athena writes it into its result file; null for NULL.
 *
 * Numbers are exact: nothing passes through a JavaScript number but floating-point values themselves. Timestamps have
 * milliseconds, rounded half up, because that is the precision that Athena reads.
 */
export function athenaText(value: DuckDBValue, type: DuckDBType): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return type.typeId === DuckDBTypeId.FLOAT ? realText(value) : doubleOrInteger(value, type);
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof DuckDBDecimalValue) return decimalText(value);
  if (value instanceof DuckDBDateValue) return dateText(value.days);
  if (value instanceof DuckDBTimestampValue) return momentText(value.micros);
  if (value instanceof DuckDBTimestampTZValue) return `${momentText(value.micros)} UTC`;
  if (value instanceof DuckDBTimeValue) return clockText(roundedMillis(value.micros));
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex').replace(/(..)(?=.)/g, '$1 ');
  return nestedText(value, type);
}

/** Trino's name of a DuckDB type, as a result's metadata shows it. */
export function trinoTypeOf(type: DuckDBType): string {
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR: return 'varchar';
    case DuckDBTypeId.FLOAT: return 'real';
    case DuckDBTypeId.BLOB: return 'varbinary';
    case DuckDBTypeId.TIMESTAMP: return 'timestamp(3)';
    case DuckDBTypeId.TIMESTAMP_TZ: return 'timestamp(3) with time zone';
    case DuckDBTypeId.TIME: return 'time(3)';
    case DuckDBTypeId.HUGEINT: return 'decimal(38,0)';
    default: return type.toString().toLowerCase();
  }
}

function nestedText(value: DuckDBValue, type: DuckDBType): string {
  const inner = (item: DuckDBValue, itemType: DuckDBType) => athenaText(item, itemType) ?? 'null';
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const { valueType } = type as unknown as { valueType: DuckDBType };
    return `[${value.items.map((item) => inner(item, valueType)).join(', ')}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const { entryTypes } = type as unknown as { entryTypes: DuckDBType[] };
    return `{${Object.entries(value.entries).map(([name, item], i) => `${name}=${inner(item, entryTypes[i] as DuckDBType)}`).join(', ')}}`;
  }
  if (value instanceof DuckDBMapValue) {
    const { keyType, valueType } = type as unknown as { keyType: DuckDBType; valueType: DuckDBType };
    return `{${value.entries.map((entry) => `${inner(entry.key, keyType)}=${inner(entry.value, valueType)}`).join(', ')}}`;
  }
  return String(value);
}

function doubleOrInteger(value: number, type: DuckDBType): string {
  return type.typeId === DuckDBTypeId.DOUBLE ? javaText(value, String(Math.abs(value))) : String(value);
}

/** The shortest digits that give back the same 32-bit number. */
function realText(value: number): string {
  const magnitude = Math.abs(value);
  for (let digits = 1; Number.isFinite(magnitude) && digits <= 9; digits++) {
    const text = magnitude.toPrecision(digits);
    if (Math.fround(Number(text)) === magnitude) return javaText(value, String(Number(text)));
  }
  return javaText(value, String(magnitude));
}

/** Java's way to write floating-point numbers: `1.0`, `1.0E7`, `1.0E-4`. */
function javaText(value: number, shortest: string): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === 0) return `${sign}0.0`;
  if (magnitude >= 1e-3 && magnitude < 1e7) return `${sign}${shortest.includes('.') ? shortest : `${shortest}.0`}`;
  const [mantissa = '', exponent = ''] = Number(shortest).toExponential().split('e');
  return `${sign}${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

function decimalText({ value, scale }: DuckDBDecimalValue): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

const MILLIS_PER_DAY = 86_400_000n;

function momentText(micros: bigint): string {
  const millis = roundedMillis(micros);
  const days = floorDivide(millis, MILLIS_PER_DAY);
  return `${dateText(Number(days))} ${clockText(millis - days * MILLIS_PER_DAY)}`;
}

function roundedMillis(micros: bigint): bigint {
  return floorDivide(micros + 500n, 1000n);
}

function clockText(millis: bigint): string {
  const total = Number(millis);
  const pad = (part: number, width = 2) => String(part).padStart(width, '0');
  return `${pad(Math.floor(total / 3_600_000))}:${pad(Math.floor(total / 60_000) % 60)}:${pad(Math.floor(total / 1000) % 60)}.${pad(total % 1000, 3)}`;
}

function dateText(days: number): string {
  const text = new Date(days * 86_400_000).toISOString().slice(0, -'T00:00:00.000Z'.length);
  // JavaScript writes years beyond four digits with a sign and six digits.
  const [, sign, year, rest] = /^([+-])(\d{6})(-.*)$/.exec(text) ?? [];
  return year === undefined ? text : `${sign === '-' ? '-' : ''}${String(Number(year)).padStart(4, '0')}${rest}`;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
