import { isUtf8 } from 'node:buffer';
import type { Column, ColumnType } from '../../../contract/contract';
import { isNested, memberName } from '../../../contract/nested-type';
import { fieldName } from '../csv/csv-header';

type Pairs<T> = readonly (readonly [of: T, value: unknown])[];

/**
 * What quarantine holds of a record of a source with types: a JSON object of its texts by the names of the source. Objects and arrays are such
 * ones of texts, and bytes that are no text are `{"base64": …}`.
 *
 * @param values as they are told to the engine
 * @param more members that no column reads
 */
export function toldRecord(values: Pairs<Column>, more: Pairs<string> = []): Buffer {
  const members = values.map(([column, value]) => [fieldName(column), toldValue(column.type, value)]);
  return Buffer.from(JSON.stringify(Object.fromEntries([...members, ...more])));
}

/** Bytes as a text, or told to be none. */
export function toldText(bytes: Buffer): unknown {
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') };
}

function toldValue(type: ColumnType, value: unknown): unknown {
  if (!isNested(type)) return Buffer.isBuffer(value) ? toldText(value) : value;
  // One character for each byte, so that a text that is none does not spoil the others.
  if (Buffer.isBuffer(value)) return named(type, JSON.parse(value.toString('latin1')), (text) => toldText(Buffer.from(text, 'latin1')));
  return named(type, typeof value === 'string' ? JSON.parse(value) : value, (text) => text);
}

/** The value of a JSON in which members have their numbers for names. */
function named(type: ColumnType, value: unknown, text: (value: string) => unknown): unknown {
  if (typeof value === 'string') return text(value);
  if (value === null || !isNested(type)) return value;
  if (type.kind === 'array') return (value as readonly unknown[]).map((element) => named(type.item.type, element, text));
  const members = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(type.members.map((member, index) => [memberName(member), named(member.type, members[index] ?? null, text)]));
}
