import { columnPasses, columnReject } from '../../contract/column-reject';
import type { Column, Dataset, QualityRule } from '../../contract/contract';
import { LINEAGE_INGEST_SEQ, LINEAGE_PART, LINEAGE_RECORD } from '../../contract/curated-columns';
import { duckdbCast, withDefault } from '../../contract/duckdb-cast';
import { computedLevels } from '../../contract/expression/computed-order';
import { declaredValue, expressionSql } from '../../contract/expression/expression-sql';
import { countedBy, isOfOneRecord } from '../../contract/quality-metrics';
import { maskedValue } from '../../contract/mask';
import { nestedCast, nestedTexts } from '../../contract/nested-cast';
import { nestedPasses, nestedReject } from '../../contract/nested-reject';
import { isNested } from '../../contract/nested-type';
import { provenCast, type ProvenCast } from '../../contract/proven-cast';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import { isRead, type FieldMap } from './csv/csv-header';
import type { FieldProof } from './csv/proven-fields';
import { recordNumber, type NumberedRun } from './record-numbers';

/** Names of the columns that Rows adds to the contract's; no contract column begins with an underscore. */
export const PART_COLUMN = '_part';
export const RECORD_COLUMN = '_record';
export const REJECT_COLUMN = '_reject';

/** In `_reject` of good rows that the dataset's filter leaves out: no code of a reject, which has a column number before it. */
export const FILTERED = 'filtered';

/** Whether a quality rule counts the row; the number is that of the rule in its dataset. */
export function ruleColumn(rule: number): string {
  return `_rule${rule}`;
}

/** The rules that Rows counts, with their numbers. */
export function rowRules({ quality }: Dataset): { readonly rule: QualityRule; readonly number: number }[] {
  return quality.map((rule, number) => ({ rule, number })).filter(({ rule }) => isOfOneRecord(rule));
}

/** True for rows with a text that the scanner did not find in its grammar. */
const DOUBTED = '_doubted';

/** Smallest buffer that the engine's CSV reader is given, in bytes. */
const MIN_BUFFER_BYTES = 32 * 1024 * 1024;

/**
 * The table function call that reads records which were re-told by us as CSV: NULL is nothing at all, everything else is quoted. Every option is
 * said, nothing is sniffed, all fields are text.
 *
 * @param bytes of the file; the engine takes the memory for a buffer before it reads, so none may be asked for that no record needs
 */
export function readCanonical(path: string, dataset: Dataset, bytes: number): string {
  const columns = Array.from({ length: dataset.columns.filter(isRead).length }, (_, field) => `${fieldColumn(field)}: 'VARCHAR'`).join(', ');
  const line = Math.min(longestRecord(dataset), bytes) + 16;
  const options = [
    'header = true', 'auto_detect = false', "delim = ','", "quote = '\"'", "escape = '\"'",
    'new_line = \'\\n\'', "nullstr = ['']", 'allow_quoted_nulls = false', 'strict_mode = true', 'null_padding = false',
    'ignore_errors = false', `max_line_size = ${line}`, `buffer_size = ${Math.max(MIN_BUFFER_BYTES, Math.min(2 * line, bytes + 32))}`,
    'parallel = false', `columns = {${columns}}`,
  ];
  return `read_csv(${quoteLiteral(path)}, ${options.join(', ')})`;
}

/** Bytes of a record as it is re-told, at most. */
function longestRecord({ columns, record: { maxRecordBytes, fields: places = [] } }: Dataset): number {
  // Columns of JSON text may hold each all of the record again. A quote is doubled, and each field gets two quotes and a comma.
  // Fields at fixed places may overlap.
  // The texts of an object or array are at most three times as long as it is, in quotes that are doubled again: 1 is 6 bytes. They share the record.
  const [texts, nested] = [columns.filter(({ source }) => source.json), columns.filter(({ type }) => isNested(type))];
  const copies = Math.max(1, places.length) + texts.length + (nested.length > 0 ? 3 : 0);
  return 2 * copies * maxRecordBytes + 3 * columns.filter(isRead).length;
}

/** The table function call that reads a segment whose fields are told as Parquet. */
export function readColumns(path: string): string {
  return `read_parquet(${quoteLiteral(path)})`;
}

export interface RowQueryOptions {
  readonly dataset: Dataset;
  /** The table function call or subquery that gives the fields `f0`, `f1` … as texts. */
  readonly texts: string;
  /**
   * Of fields that it gives as values of their column's type, `p0`, `p1` …: whether some of them have a text in place of the value, as field.
   *
   * @default - all are texts
   */
  readonly values?: ReadonlyMap<number, boolean>;
  readonly fieldMap: FieldMap;
  readonly proof: FieldProof;
  /** Adds `_part` and `_record`, which break ties in a dedupe. */
  readonly order?: { readonly part: number; readonly firstRecord: number };
  /** Adds the columns that tell where rows came from. */
  readonly lineage?: RowLineage;
}

/** Where the rows of a segment came from. */
export interface RowLineage {
  /** Key of the raw part. */
  readonly part: string;
  /** Number of the raw commit. */
  readonly ingestSeq: number;
  readonly runs: readonly NumberedRun[];
}

/**
 * The query of one segment: every contract column typed, `_rule<number>` for each quality rule that a row decides on, and `_reject`,
 * which is NULL for a good row, {@link FILTERED} for a good one that the filter leaves out, `<column number>:<code>` for one that a check
 * refused (of an object or array with `:<place>` in it behind), and `<rule number>:QUALITY` for one that a rule sends to quarantine.
 */
export function rowQuery(options: RowQueryOptions): string {
  const { dataset, fieldMap, order, lineage } = options;
  const { columns } = dataset;
  const told = toldAs(options);
  const proof = ofTexts(options.proof, told);
  const numbered = order !== undefined || lineage !== undefined || proof.elsewhere.size > 0;
  const read = columns.flatMap((column, index) => (
    column.computed === undefined ? [{ column, index, cast: cast(column, index, proof, told[index]) }] : []
  ));
  const raw = read.flatMap(({ column, index }) => {
    const field = fieldMap.byColumn[index]!;
    const value = `${valueColumn(field)} AS p${index}`;
    switch (told[index]) {
      case 'values': return [value];
      // NULL where the field is, and a text to look at where there is no value.
      case 'values and texts': return [value, `CASE WHEN ${valueColumn(field)} IS NULL THEN ${fieldColumn(field)} ELSE '' END AS r${index}`];
      default: return [`${withDefault(column, fieldColumn(field))} AS r${index}`];
    }
  });
  const rules = rowRules(dataset).map(({ rule, number }) => ({ number, index: columns.findIndex(({ name }) => name === rule.column), rule }));
  // As parsed is before the default: a rule must see what the source left out.
  for (const index of new Set(rules.map((each) => each.index))) raw.push(`${fieldColumn(fieldMap.byColumn[index]!)} AS s${index}`);
  const values = read.map(({ cast: { value }, index }) => `${value} AS v${index}`);
  values.push(...rules.map(({ rule, number, index }) => `${countedBy(rule, `s${index}`, dataset.record.nullTokens)} AS ${ruleColumn(number)}`));
  const typed = read.map(({ cast: one, index }) => `${one.typed(`v${index}`)} AS t${index}`);
  // Masks come last: every check was made of the clear value.
  const output = columns.flatMap((column, index) => {
    const stored = maskedValue(column, `t${index}`);
    return stored === undefined ? [] : [`${stored} AS ${quoteIdentifier(column.name)}`];
  });
  if (order !== undefined) output.push(`CAST(${order.part} AS INTEGER) AS ${PART_COLUMN}`, `CAST(rn + ${order.firstRecord} AS BIGINT) AS ${RECORD_COLUMN}`);
  if (lineage !== undefined) output.push(...lineageColumns(lineage));
  output.push(...rules.map(({ number }) => ruleColumn(number)));
  const texts = `SELECT ${raw.join(', ')}${numbered ? ', row_number() OVER () AS rn' : ''} FROM ${options.texts}`;
  const known = proof.elsewhere.size > 0 ? `SELECT *, ${among(proof.doubted)} AS ${DOUBTED} FROM (${texts})` : texts;
  // Each level refers to the one below by name, so that the engine computes nothing twice.
  const rows = withComputed(dataset, `SELECT *, ${typed.join(', ')} FROM (SELECT *, ${values.join(', ')} FROM (${known}))`);
  return `SELECT ${output.join(', ')}, ${reject(dataset, proof, told)} AS ${REJECT_COLUMN} FROM (${rows})`;
}

function lineageColumns({ part, ingestSeq, runs }: RowLineage): string[] {
  return [
    `${quoteLiteral(part)} AS ${LINEAGE_PART}`, `CAST(${recordNumber(runs, 'rn')} AS BIGINT) AS ${LINEAGE_RECORD}`,
    `CAST(${ingestSeq} AS BIGINT) AS ${LINEAGE_INGEST_SEQ}`,
  ];
}

/** Adds the computed columns: `c` is the value that an expression gives, `t` that value in the declared type, as of columns that are read. */
function withComputed({ columns }: Dataset, rows: string): string {
  const index = (column: Pick<Column, 'name'>): number => columns.findIndex(({ name }) => name === column.name);
  return computedLevels(columns).levels.reduce((below, level) => {
    const values = level.map((column) => `${expressionSql(column.computed!, (name) => `t${index({ name })}`)} AS c${index(column)}`);
    const typed = level.map((column) => `${declaredValue(column.type, `c${index(column)}`)} AS t${index(column)}`);
    return `SELECT *, ${typed.join(', ')} FROM (SELECT *, ${values.join(', ')} FROM (${below}))`;
  }, rows);
}

/** How a column that is read comes: as texts, as values, or as values and, where a text is none in its plainest form, that text. */
type Told = 'texts' | 'values' | 'values and texts';

function toldAs({ dataset: { columns }, fieldMap, values }: RowQueryOptions): readonly Told[] {
  return columns.map((_, index) => {
    const field = fieldMap.byColumn[index];
    const others = field === undefined ? undefined : values?.get(field);
    return others === undefined ? 'texts' : others ? 'values and texts' : 'values';
  });
}

/** What is known of the columns that have texts. */
function ofTexts({ always, elsewhere, doubted }: FieldProof, told: readonly Told[]): FieldProof {
  const withTexts = (some: ReadonlySet<number>): ReadonlySet<number> => new Set([...some].filter((index) => told[index] !== 'values'));
  return { always: withTexts(always), elsewhere: withTexts(elsewhere), doubted };
}

function cast(column: Column, index: number, proof: FieldProof, told: Told | undefined): ProvenCast {
  const value = `p${index}`;
  if (told === 'values') return { value, typed: (reference) => reference };
  const texts = textCast(column, index, proof);
  // What the second step makes of a value is that value again.
  return told === 'texts' ? texts : { value: `CASE WHEN ${value} IS NULL THEN ${texts.value} ELSE ${value} END`, typed: texts.typed };
}

function textCast(column: Column, index: number, { always, elsewhere }: FieldProof): ProvenCast {
  const text = `r${index}`;
  if (isNested(column.type)) return { value: nestedTexts(column.type, text), typed: (value) => nestedCast(column, value) };
  const checked = duckdbCast(column, text);
  if (!always.has(index) && !elsewhere.has(index)) return { value: checked, typed: (value) => value };
  const proven = provenCast(column, text);
  // What the second step makes of a checked value is that value again.
  return always.has(index) ? proven : { value: `CASE WHEN ${DOUBTED} THEN ${checked} ELSE ${proven.value} END`, typed: proven.typed };
}

/** The code of the first check that refuses the row. The codes are worked out for rows only that do not pass by a few comparisons. */
function reject(dataset: Dataset, { always, elsewhere }: FieldProof, told: readonly Told[]): string {
  const codes: string[] = [];
  const passes: string[] = [];
  // What is computed from a value that was refused says nothing, so the columns that are read come first.
  const ordered = [...dataset.columns.filter(isRead), ...computedLevels(dataset.columns).levels.flat()];
  ordered.forEach((column) => {
    const index = dataset.columns.indexOf(column);
    const typed = `t${index}`;
    const hasText = told[index] !== 'values';
    const raw = hasText ? `${isRead(column) ? 'r' : 'c'}${index}` : typed;
    const fields = { raw, typed, partition: dataset.partitionColumns.includes(column.name) };
    const nested = isNested(column.type) ? { raw: `v${index}`, typed: `t${index}` } : undefined;
    codes.push(`${quoteLiteral(`${index}:`)} || (${nested === undefined ? columnReject(column, { ...fields, raw: hasText ? raw : anyText(typed) }) : nestedReject(column, nested)})`);
    const proven = always.has(index) || elsewhere.has(index);
    const pass = nested === undefined ? columnPasses(column, { ...fields, proven }) : nestedPasses(column, nested);
    if (pass !== undefined) passes.push(pass);
  });
  for (const { rule, number } of rowRules(dataset)) {
    if (!rule.quarantine) continue;
    codes.push(`CASE WHEN ${ruleColumn(number)} THEN '${number}:QUALITY' END`);
    passes.push(`NOT ${ruleColumn(number)}`);
  }
  if (elsewhere.size > 0) passes.push(`NOT ${DOUBTED}`);
  const good = filtered(dataset);
  if (passes.length === 0) return good ?? 'CAST(NULL AS VARCHAR)';
  return `CASE WHEN ${passes.join(' AND ')} THEN ${good ?? 'NULL'} ELSE coalesce(${[...codes, ...(good === undefined ? [] : [good])].join(', ')}) END`;
}

/** A text where there is a value, for checks that look at the text only where there is none. */
function anyText(value: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN '' END`;
}

/** What becomes of a good row under the filter; undefined where all are kept. */
function filtered({ columns, filter }: Dataset): string | undefined {
  if (filter === undefined) return undefined;
  const keeps = expressionSql(filter, (name) => `t${columns.findIndex((column) => column.name === name)}`);
  return `CASE WHEN ${keeps} THEN CAST(NULL AS VARCHAR) ELSE ${quoteLiteral(FILTERED)} END`;
}

/** True for rows whose 0-based number is in the list: a tree of comparisons, since a list would be searched for every row. */
function among(numbers: readonly number[]): string {
  if (numbers.length <= 2) return numbers.map((number) => `rn = ${number + 1}`).join(' OR ');
  const middle = numbers.length >> 1;
  return `CASE WHEN rn < ${numbers[middle]! + 1} THEN ${among(numbers.slice(0, middle))} ELSE ${among(numbers.slice(middle))} END`;
}

/** Name of a column of values, by the 0-based field. */
export function valueColumn(field: number): string {
  return `p${field}`;
}

/** Name of a column of texts, by the 0-based field. */
export function fieldColumn(field: number): string {
  return `f${field}`;
}
