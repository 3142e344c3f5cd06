import type { ExternalColumn } from './external-tables';
import type { CsvField } from './csv-records';

/** What DMS makes of a field: a text for the target, or NULL. */
export interface FieldValue {
  readonly text: string | null;
  /** Whether something was cut off that a policy decides about. */
  readonly truncated?: true;
}

/** A field that is no value of its column. */
export class BadField extends Error {}

const INTEGERS: Readonly<Record<string, readonly [bigint, bigint]>> = Object.fromEntries([1, 2, 4, 8].flatMap((bytes) => {
  const half = 2n ** BigInt(8 * bytes - 1);
  return [[`INT${bytes}`, [-half, half - 1n]], [`UINT${bytes}`, [0n, 2n * half - 1n]]] as const;
}));
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATETIME = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?$/;

/** Reads a field by its column. Throws {@link BadField}; what DMS documents to cut off silently is cut off. */
export function fieldValue(field: CsvField, column: ExternalColumn, nullValue: string, lobBytes: number | undefined): FieldValue {
  // With the default, an empty text, nothing tells it from NULL.
  if (field.text === nullValue) {
    if (column.nullable) return { text: null };
    throw new BadField(`column ${column.name} is not nullable, and the record has NULL`);
  }
  const { text } = field;
  const range = INTEGERS[column.type];
  if (range !== undefined) {
    if (!/^-?\d+$/.test(text) || BigInt(text) < range[0] || BigInt(text) > range[1]) throw bad(column, text);
    return { text };
  }
  switch (column.type) {
    case 'NUMERIC': {
      const [, whole = '', fraction = ''] = /^-?(\d*)(?:\.(\d*))?$/.exec(text) ?? [];
      if (whole + fraction === '' || whole.replace(/^0+/, '').length > column.precision - column.scale) throw bad(column, text);
      return fraction.length > column.scale ? { text: text.slice(0, text.length - fraction.length + column.scale), truncated: true } : { text };
    }
    case 'REAL4': case 'REAL8': {
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw bad(column, text);
      return { text };
    }
    case 'BOOLEAN': {
      if (!/^(true|false|0|1)$/i.test(text)) throw bad(column, text);
      return { text };
    }
    case 'DATE': {
      if (!DATE.test(text)) throw bad(column, text);
      return { text };
    }
    case 'DATETIME': {
      const [, second, fraction = ''] = DATETIME.exec(text) ?? (DATE.test(text) ? [text, `${text} 00:00:00`] : []);
      if (second === undefined) throw bad(column, text);
      // Without a word: "AWS DMS assumes ColumnScale is zero and truncates the fractional seconds".
      const kept = fraction.slice(0, column.scale);
      return { text: kept === '' ? second : `${second}.${kept}` };
    }
    case 'STRING': return cut(text, column.length, true);
    case 'CLOB': {
      if (lobBytes === undefined) throw new BadField(`column ${column.name} is a large object, and the task has SupportLobs false`);
      return cut(text, lobBytes, false);
    }
    default: throw new BadField(`the local runner does not read ${column.type} (column ${column.name})`);
  }
}

function cut(text: string, bytes: number, told: boolean): FieldValue {
  if (Buffer.byteLength(text) <= bytes) return { text };
  const kept = Buffer.from(text).subarray(0, bytes).toString('utf8').replace(/\uFFFD+$/, '');
  return told ? { text: kept, truncated: true } : { text: kept };
}

function bad({ name, type }: ExternalColumn, text: string): BadField {
  return new BadField(`column ${name} is ${type}, and the record has ${JSON.stringify(text.slice(0, 40))}`);
}
