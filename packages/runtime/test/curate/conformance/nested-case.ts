import type { DatasetSpec } from '../_fixtures/contract-text';
import { MAX_RECORD } from './source-formats';
import { TYPE_TABLE, type TypeRow } from './type-table';

/** A part with every line of the type table inside of objects and arrays, and what must become of it. */
export interface NestedCase {
  readonly title: string;
  readonly spec: DatasetSpec;
  readonly bytes: Buffer;
  /** By id. */
  readonly rows: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
  /** Where a text is none: the code, and the place that the reason names. */
  readonly rejects: readonly { readonly line: number; readonly code: string; readonly column: string; readonly place: string }[];
}

/** Lines whose rules are of whole columns. */
const OF_COLUMNS = ['partition', 'ruled'];
const TYPES = TYPE_TABLE.filter(({ name }) => !OF_COLUMNS.includes(name));

/** Numbers and words of JSON as they are, so that a reader which holds numbers shows it. */
const LEXEME = /^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false)$/;

/** As an API would send it: `o` holds a member of each type, `a` an array of each, with objects and arrays between them and the column. */
export function nestedCase(): NestedCase {
  const lines: string[] = [];
  const rows = new Map<string, Record<string, string | null>>();
  const rejects: NestedCase['rejects'][number][] = [];
  const others = Object.fromEntries(TYPES.map(({ name, other }) => [name, other ?? [null, null] as const]));
  const members = (more: Readonly<Record<string, string>>): string => (
    `{${Object.entries({ ...told(others), ...more }).filter(([, json]) => json !== 'null').map(([name, json]) => `${JSON.stringify(name)}: ${json}`).join(', ')}}`);
  const write = (object: string, arrays: string): void => { lines.push(`{"id": ${lines.length}, "a": [{"of": ${arrays}}], "o": ${object}}`); };
  for (const { name, good, bad } of TYPES) {
    const [first, kept] = good[0]!;
    for (const [index, [text, value]] of good.entries()) {
      const o = { ...Object.fromEntries(TYPES.map((type) => [type.name, others[type.name]![1]])), [name]: value };
      const of = Object.fromEntries(TYPES.map((type) => [type.name, type.name === name ? [value, kept, value] : null]));
      rows.set(String(lines.length), { id: String(lines.length), o: JSON.stringify(o), a: JSON.stringify([{ of }]) });
      write(members({ [name]: json(text, index) }), `{${JSON.stringify(name)}: [${[text, first, text].map((one) => json(one, index)).join(', ')}]}`);
    }
    for (const [index, [text, code]] of bad.entries()) {
      rejects.push({ line: lines.length + 1, code, column: 'o', place: `/o/${name}` });
      write(members({ [name]: json(text, index) }), '{}');
      rejects.push({ line: lines.length + 1, code, column: 'a', place: `/a/0/of/${name}/1` });
      write(members({}), `{${JSON.stringify(name)}: [${json(first, index)}, ${json(text, index)}]}`);
    }
  }
  const columns = [
    { name: 'id', type: '{ logicalType: integer, primaryKey: true }' },
    { name: 'o', type: `{ logicalType: object, properties: [${TYPES.map((type) => named(type.name, property(type))).join(', ')}] }` },
    { name: 'a', type: `{ logicalType: array, items: { logicalType: object, properties: [{ name: of, logicalType: object, properties: [${
      TYPES.map((type) => named(type.name, `{ logicalType: array, items: ${property(type)} }`)).join(', ')}] }] } }` },
  ];
  return { title: 'every type inside of objects and arrays', spec: { columns, record: `format: ndjson, ${MAX_RECORD}` }, bytes: Buffer.from(`${lines.join('\n')}\n`), rows, rejects };
}

function told(others: Readonly<Record<string, readonly [string | null, string | null]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(others).map(([name, [text]]) => [name, json(text, 1)]));
}

function json(text: string | null, index: number): string {
  return text === null ? 'null' : LEXEME.test(text) && index % 3 > 0 ? text : JSON.stringify(text);
}

function property({ property: type, custom }: TypeRow): string {
  return custom === undefined ? type : type.replace(/ \}$/, `, customProperties: [${custom}] }`);
}

function named(name: string, type: string): string {
  return `{ name: ${name}, ${type.slice(1)}`;
}
