import type { Column } from '../../../contract/contract';
import { typeName } from '../../../contract/engine-types';
import { falseTokens, trueTokens } from '../../../contract/lexical-grammar';
import type { TypedText } from './typed-columns';

/** A type of a schema, as its JSON has it. */
export type AvroSchema = string | readonly AvroSchema[] | AvroObject;

interface AvroObject { readonly type: AvroSchema; readonly logicalType?: string; readonly scale?: number; readonly size?: number }

/** Makes the text of a value, as the reader of the schema gives it; never called for null. */
export type AvroText = (value: never) => string | Buffer;

/** Since an epoch, or of a day. */
type Units = number | bigint;

/**
 * What makes the text that a text format would have for values of a field; as with Parquet, the table is closed.
 *
 * @param field the type of the field, with strings read as bytes
 */
export function avroText(column: Column, field: AvroSchema): TypedText<AvroText> {
  const branches = (Array.isArray(field) ? field as readonly AvroSchema[] : [field as AvroSchema]).filter((branch) => branch !== 'null');
  const [branch] = branches;
  if (branch === undefined) return { text: () => '' };
  if (branches.length > 1) return { problem: 'it is a union of several types, and a column has one' };
  const { type, logical, scale = 0, size } = parts(branch);
  if (type === 'string' || type === 'enum') return { text: (value: string | Buffer) => value };
  if (column.format !== undefined) return { problem: `its values are typed, and format ${column.format} is of texts; leave format out` };
  const text = textOf(column, { type, logical, scale, size });
  return text === undefined ? { problem: `${logical === undefined ? type : `${type} ${logical}`} does not become ${typeName(column.type)} exactly` } : { text: text as AvroText };
}

/** Far beyond what any column keeps. */
const LARGEST_SCALE = 1_000;

interface Parts { type: string; logical?: string; scale?: number; size?: number }

function parts(branch: AvroSchema): Parts {
  if (typeof branch === 'string') return { type: branch };
  const { type, logicalType: logical, scale, size } = branch as AvroObject;
  return typeof type === 'string' ? { type, logical, scale, size } : { ...parts(type), ...(logical === undefined ? {} : { logical, scale }) };
}

function textOf({ type: wanted, ...column }: Column, { type, logical, scale = 0, size }: Parts): ((value: never) => string) | undefined {
  const bytes = type === 'bytes' || type === 'fixed';
  // With another scale the standard has bytes without a meaning.
  const decimal = bytes && logical === 'decimal' && Number.isInteger(scale) && scale >= 0 && scale <= LARGEST_SCALE;
  const plain = (type === 'int' || type === 'long') && logical === undefined;
  switch (wanted.kind) {
    case 'integer': return plain ? String : decimal && scale === 0 ? (value: Buffer) => decimalText(value, 0) : undefined;
    case 'decimal': return plain ? String : decimal ? (value: Buffer) => decimalText(value, scale) : undefined;
    case 'float': return floatText(wanted.bits, type, logical);
    case 'boolean': return type === 'boolean' ? (value: boolean) => (value ? trueTokens({ ...column, type: wanted }) : falseTokens({ ...column, type: wanted }))[0]! : undefined;
    case 'date': return type === 'int' && logical === 'date' ? (days: number) => instantText(BigInt(days) * DAY, 0).slice(0, -9) : undefined;
    case 'time': {
      const digits = type === 'int' && logical === 'time-millis' ? 3 : type === 'long' && logical === 'time-micros' ? 6 : undefined;
      return digits === undefined ? undefined : (value: Units) => timeText(BigInt(value), digits);
    }
    case 'timestamp': {
      const found = type === 'long' ? new RegExp(`^${wanted.zoned ? '' : 'local-'}timestamp-(milli|micro|nano)s$`).exec(logical ?? '') : null;
      const digits = { milli: 3, micro: 6, nano: 9 }[found?.[1] ?? ''];
      return digits === undefined ? undefined : (value: Units) => `${instantText(BigInt(value), digits)}${wanted.zoned ? 'Z' : ''}`;
    }
    case 'uuid': return type === 'fixed' && logical === 'uuid' && size === 16 ? (value: Buffer) => value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
    case 'binary': return bytes && logical === undefined ? (value: Buffer) => value.toString('base64') : undefined;
    case 'string':
    case 'object':
    case 'array': return undefined;
  }
}

/** The shortest text that is the number again; a float is a double of the same value. */
function floatText(bits: 32 | 64, type: string, logical?: string): ((value: number) => string) | undefined {
  if (type !== 'float' && !(bits === 64 && (type === 'double' || (type === 'int' && logical === undefined)))) return undefined;
  return (value) => (Object.is(value, -0) ? '-0.0' : String(value));
}

function decimalText(value: Buffer, scale: number): string {
  if (value.length === 0) return '';
  const unscaled = BigInt.asIntN(value.length * 8, BigInt(`0x${value.toString('hex')}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

const DAY = 86_400n;

/** A clock time of the proleptic Gregorian calendar, with so many digits of a second; years that ISO dates do not have are in no grammar. */
function instantText(units: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const rest = ((units % unit) + unit) % unit;
  const date = new Date(Number((units - rest) / unit) * 1_000);
  if (Number.isNaN(date.getTime())) return `${units} units`;
  return `${date.toISOString().slice(0, -5)}${digits > 0 ? `.${rest.toString().padStart(digits, '0')}` : ''}`;
}

function timeText(units: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  return units < 0n || units >= DAY * unit ? `${units} units` : instantText(units, digits).slice(11);
}
