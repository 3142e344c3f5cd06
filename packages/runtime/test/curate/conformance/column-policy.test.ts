import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareColumns, derivedColumns, type Column, type ColumnType, type SchemaPolicy } from '../../../src/contract';
import { PipelineError } from '../../../src/errors/pipeline-error';
import { columnOf, datasetOf } from '../../_fixtures/dataset';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';
import { inline, workbook } from '../_fixtures/workbook';

const DOCUMENT = join(__dirname, '../../../../../docs/columns.md');

const COLUMNS = [{ name: 'id', type: 'i32', more: 'required: true' }, { name: 'name', type: 'string' }, { name: 'note', type: 'string' }];

type Fields = readonly (readonly [name: string, value: string])[];

/** How a source differs from the contract. */
const SOURCES: readonly (readonly [what: string, fields: Fields])[] = [
  ['as the contract has it', [['id', '1'], ['name', 'x'], ['note', 'n']]],
  ['extra: a field that the contract does not know', [['id', '1'], ['name', 'x'], ['note', 'n'], ['more', '9']]],
  ['missing: an optional column', [['id', '1'], ['name', 'x']]],
  ['missing: a required column', [['name', 'x'], ['note', 'n']]],
  ['reordered: name and note change places', [['id', '1'], ['note', 'n'], ['name', 'x']]],
  ['renamed: note is called remark', [['id', '1'], ['name', 'x'], ['remark', 'n']]],
  ['repeated: note stands twice', [['id', '1'], ['name', 'x'], ['note', 'n'], ['note', 'n']]],
];

const csv = (header: boolean) => (fields: Fields): string => `${header ? `${fields.map(([name]) => name).join(',')}\n` : ''}${fields.map(([, value]) => value).join(',')}\n`;
const sheet = (header: boolean) => (fields: Fields): Buffer => workbook({
  sheets: { Data: [...(header ? [fields.map(([name]) => name)] : []), fields.map(([, value]) => value)].map((texts) => `<row>${texts.map(inline).join('')}</row>`).join('') },
});
const object = (fields: Fields): string => `{${fields.map(([name, value]) => `"${name}": "${value}"`).join(', ')}}`;
const element = (fields: Fields): string => `<row>${fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</row>`;

interface Header {
  readonly record: string;
  readonly write: (fields: Fields) => string | Buffer;
  /** Of formats whose records name their fields themselves: the whole source. */
  readonly whole?: (records: readonly (string | Buffer)[]) => string;
}

const lines = (records: readonly (string | Buffer)[]): string => records.join('\n');
const array = (records: readonly (string | Buffer)[]): string => `[${records.join(',')}]`;
const rows = (records: readonly (string | Buffer)[]): string => `<rows>${records.join('')}</rows>`;

/** By the heads of the table in the document; two that are tried and must agree share one. */
const HEADERS: readonly (readonly [head: string, ...headers: Header[]])[] = [
  ['csv, excel, `exact`', { record: 'format: csv', write: csv(true) }, { record: 'format: excel', write: sheet(true) }],
  ['csv, excel, `subset`', { record: 'format: csv, header: subset', write: csv(true) }, { record: 'format: excel, header: subset', write: sheet(true) }],
  ['csv, `none`', { record: 'format: csv, header: none', write: csv(false) }],
  ['excel, `none`', { record: 'format: excel, header: none', write: sheet(false) }],
  ['json, ndjson, `exact`', { record: 'format: ndjson', write: object, whole: lines }, { record: 'format: json', write: object, whole: array }],
  ['json, ndjson, `subset`', { record: 'format: ndjson, header: subset', write: object, whole: lines }, { record: 'format: json, header: subset', write: object, whole: array }],
  ['xml, `exact`', { record: 'format: xml, recordsAt: /rows/row', write: element, whole: rows }],
  ['xml, `subset`', { record: 'format: xml, recordsAt: /rows/row, header: subset', write: element, whole: rows }],
];

/** What becomes of each source: of a file of its own where a header names the fields, otherwise of a record in one file. */
async function outcomes(bench: RowsBench, { record, write, whole }: Header): Promise<string[]> {
  const records = SOURCES.map(([, fields], index) => write(fields.map(([name, value]) => [name, name === 'id' ? String(index) : value])));
  if (whole === undefined) {
    const found: string[] = [];
    for (const [index, text] of records.entries()) found.push(await curated(bench, record, text).then(({ rows: [row], quarantine: [reject] }) => (reject === undefined ? told(row!, index) : `reject, ${reject.code}`), failed));
    return found;
  }
  const { rows: kept, quarantine } = await curated(bench, record, whole(records));
  expect(kept.length + quarantine.length).toBe(records.length);
  return records.map((text, index) => {
    const row = kept.find(([id]) => id === String(index));
    return row === undefined ? `reject, ${quarantine.find(({ raw }) => raw.toString() === text)?.code}` : told(row, index);
  });
}

function curated(bench: RowsBench, record: string, source: string | Buffer): Promise<RowsOutcome> {
  return bench.curate({ columns: COLUMNS, record }, source);
}

function failed(error: unknown): string {
  if (!PipelineError.is(error)) throw error;
  return `the batch fails, ${error.code}`;
}

function told(row: readonly (string | null)[], id: number): string {
  const wrong = [String(id), 'x', 'n'].flatMap((value, index) => (row[index] === value ? [] : [`${COLUMNS[index]!.name} is ${row[index] === null ? 'NULL' : "another field's"}`]));
  return wrong.length === 0 ? 'exact' : wrong.join(', ');
}

const POLICIES: readonly SchemaPolicy[] = ['strict', 'evolve', 'permissive'];
const dataset = (...columns: Column[]) => datasetOf({ columns });
const ID = columnOf('id', { kind: 'integer', bits: 64 }, { required: true });
const NOTE = columnOf('note', { kind: 'string' });
const typed = (type: ColumnType): Column => columnOf('note', type);

/** How a batch that was curated before differs from the contract as it is now. */
const BATCHES: readonly (readonly [what: string, before: readonly Column[], now: readonly Column[]])[] = [
  ['no column differs, their order does', [NOTE, ID], [ID, NOTE]],
  ['the contract has a new optional column', [ID], [ID, NOTE]],
  ['the contract has a new required column', [ID], [ID, columnOf('note', { kind: 'string' }, { required: true })]],
  ['the contract has lost a column', [ID, NOTE], [ID]],
  ['a column is renamed', [ID, NOTE], [ID, columnOf('remark', { kind: 'string' })]],
  ['a type is wider, as varchar(3) to string', [ID, typed({ kind: 'string', length: 3 })], [ID, NOTE]],
  ['a type is narrower', [ID, NOTE], [ID, typed({ kind: 'string', length: 3 })]],
  ['another type', [ID, NOTE], [ID, typed({ kind: 'date' })]],
  ['an object has another member, or one less', [ID, typed({ kind: 'object', members: [ID] })], [ID, typed({ kind: 'object', members: [ID, NOTE] })]],
  ['a required column is optional now', [ID, NOTE], [columnOf('id', { kind: 'integer', bits: 64 }), NOTE]],
  ['an optional column is required now', [columnOf('id', { kind: 'integer', bits: 64 }), NOTE], [ID, NOTE]],
];

function verdict(before: readonly Column[], now: readonly Column[], policy: SchemaPolicy): string {
  const found = compareColumns(derivedColumns(dataset(...before)), dataset(...now), policy);
  if (found.some(({ severity }) => severity === 'error')) return 'refused';
  const [difference] = found;
  if (difference === undefined) return 'loaded';
  return { 'missing-column': 'loaded, NULL', 'extra-column': 'loaded without it', type: 'loaded, widened', nullable: 'loaded' }[difference.rule];
}

test('what becomes of extra, missing, reordered, renamed and repeated columns is what docs/columns.md says', async () => {
  const bench = await RowsBench.start();
  try {
    const columns: string[][] = [];
    for (const [, ...headers] of HEADERS) {
      const each: string[][] = [];
      for (const header of headers) each.push(await outcomes(bench, header));
      columns.push(SOURCES.map((_, index) => [...new Set(each.map((found) => found[index]!))].join(' or ')));
    }
    compare('A source that differs', ['the source', ...HEADERS.map(([head]) => head)], SOURCES.map(([what], index) => [what, ...columns.map((column) => column[index]!)]));
  } finally {
    await bench.close();
  }
});

test('what becomes of batches curated before is what docs/columns.md says', () => {
  const rows = BATCHES.map(([what, before, now]) => [what, ...POLICIES.map((policy) => verdict(before, now, policy))]);
  compare('A batch that was curated before', ['since then', ...POLICIES.map((policy) => `\`${policy}\``)], rows);
});

/** Compares a table with that below a heading; HEADRACE_WRITE_DOCS=1 writes it, to be read before it is kept. */
function compare(heading: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const text = readFileSync(DOCUMENT, 'utf8');
  const found = new RegExp(`(?<=## ${heading}\\n(?:[^|#][^\\n]*\\n|\\n)*)\\|(?:[^\\n]*\\n)+?(?=\\n|$)`);
  if (process.env.HEADRACE_WRITE_DOCS === '1') writeFileSync(DOCUMENT, text.replace(found, `${table}\n`));
  expect(found.exec(readFileSync(DOCUMENT, 'utf8'))?.[0]).toBe(`${table}\n`);
}
