import type { Dataset } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import type { ExportWindow, RawManifest } from '../../run/manifest';
import type { PlanCall } from '../source/source-kind';
import { columnSql, type SqlColumn } from './source-columns';
import type { Relation, SqlConnection, SqlEngine } from './sql-engine';
import type { CursorSettings, SqlSourceSettings } from './sql-settings';

/** The rows that a run reads. */
export interface Window {
  /** SQL; empty for all rows. */
  readonly where: string;
  readonly cursor: { readonly from?: string; readonly to?: string };
  readonly record?: ExportWindow;
}

/** Refuses a cursor whose repeated rows nothing would remove: the lower bound is included, so every batch repeats some. */
export function checkCursorFits({ name, history, primaryKey }: Pick<Dataset, 'name' | 'history' | 'primaryKey'>): void {
  if (history === 'changes' && primaryKey.length > 0) return;
  throw userError(
    'SOURCE_CURSOR', `${name}: a cursor reads rows at its boundary again, and history ${history} ${history === 'snapshot' ? 'takes each batch for the whole table' : 'would keep them twice'}; `
      + 'write headraceHistory: changes and mark the key with primaryKey: true, or read without a cursor', { dataset: name, history },
  );
}

/**
 * What is new since the last commit: from its cursor less the lag, included, to the largest cursor of now, included.
 *
 * @returns undefined where there is nothing new
 */
export async function cursorWindow<C extends SqlColumn>(
  engine: SqlEngine<C>, connection: SqlConnection<C>, relation: Relation, columns: readonly C[], call: PlanCall<SqlSourceSettings>,
): Promise<Window | undefined> {
  const { cursor } = call.source;
  const { operation, range } = call.input;
  if (cursor === undefined) {
    if (operation === 'backfill') throw userError('SOURCE_CURSOR', `${call.dataset.name}: a backfill is a range of the cursor, and the source has no cursor; set cursorColumn, or start an ordinary run`, { dataset: call.dataset.name });
    return { where: '', cursor: {} };
  }
  checkCursorFits(call.dataset);
  const column = findColumn(columns, cursor, call.dataset);
  const from = call.last?.cursor.to;
  const name = columnSql(column);
  if (range !== undefined) {
    const where = `${name} >= ${engine.literal(range.from, column)} AND ${name} < ${engine.literal(range.to, column)}`;
    // The cursor stays where it is.
    return { where, cursor: from === undefined ? {} : { from, to: from }, record: { column: column.name, from: range.from, before: range.to } };
  }
  await checkNulls(connection, relation, name, cursor, call.dataset);
  const to = await largest(engine, connection, relation, column);
  if (from !== undefined && !(await isNew(engine, connection, relation, column, cursor, from, call.last as RawManifest))) return undefined;
  const nulls = from === undefined && cursor.nulls === 'first-run' ? `${name} IS NULL` : undefined;
  if (to === undefined) return call.last === undefined ? { where: nulls ?? '1 = 0', cursor: {} } : undefined;
  const lower = from === undefined ? [] : [`${name} >= ${engine.minus(engine.literal(from, column), column, cursor)}`];
  const bounded = [...lower, `${name} <= ${engine.literal(to, column)}`].join(' AND ');
  const boundaryRows = await rowsAt(engine, connection, relation, column, cursor, to);
  return {
    where: nulls === undefined ? bounded : `(${bounded} OR ${nulls})`,
    cursor: { ...(from === undefined ? {} : { from }), to },
    record: {
      column: column.name, ...(from === undefined ? {} : { from }), to,
      ...(cursor.lagSeconds === undefined ? {} : { seconds: cursor.lagSeconds }),
      ...(cursor.lagValues === undefined ? {} : { values: cursor.lagValues }),
      boundaryRows,
    },
  };
}

/**
 * Rows that came late have the last cursor or one in the lag: nothing is new only where as many rows stand there as
 * when the last commit was planned.
 */
async function isNew<C extends SqlColumn>(
  engine: SqlEngine<C>, connection: SqlConnection<C>, relation: Relation, column: C, cursor: CursorSettings, from: string, last: RawManifest,
): Promise<boolean> {
  const newer = [`${columnSql(column)} > ${engine.literal(from, column)}`, ...present(engine.notInFuture(column))];
  if ((await connection.rows(`SELECT 1 FROM ${relation.from} WHERE ${newer.join(' AND ')} LIMIT 1`)).length > 0) return true;
  const known = last.parts[0]?.source.export?.window;
  return known === undefined || known.to !== from || known.boundaryRows !== await rowsAt(engine, connection, relation, column, cursor, from);
}

function present(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}

async function rowsAt<C extends SqlColumn>(
  engine: SqlEngine<C>, connection: SqlConnection<C>, relation: Relation, column: C, cursor: CursorSettings, at: string,
): Promise<number> {
  const name = columnSql(column);
  const bound = engine.literal(at, column);
  const [[rows]] = await connection.rows(`SELECT count(*) FROM ${relation.from} WHERE ${name} >= ${engine.minus(bound, column, cursor)} AND ${name} <= ${bound}`) as [[string]];
  return Number(rows);
}

async function largest<C extends SqlColumn>(
  engine: SqlEngine<C>, connection: SqlConnection<C>, relation: Relation, column: C,
): Promise<string | undefined> {
  const where = present(engine.notInFuture(column)).map((each) => ` WHERE ${each}`).join('');
  const [[text]] = await connection.rows(`SELECT ${engine.exactText(`max(${columnSql(column)})`, column)} FROM ${relation.from}${where}`) as [[string | null]];
  return text ?? undefined;
}

async function checkNulls(
  connection: SqlConnection, relation: Relation, name: string, cursor: CursorSettings, dataset: Dataset,
): Promise<void> {
  if (cursor.nulls !== 'fail') return;
  const found = await connection.rows(`SELECT 1 FROM ${relation.from} WHERE ${name} IS NULL LIMIT 1`);
  if (found.length === 0) return;
  throw userError(
    'SOURCE_CURSOR', `${dataset.name}: there are rows whose cursor ${cursor.column} is NULL, and no later run could tell whether they were read; `
      + 'fill them in, or set cursorNulls to first-run (the run without a cursor reads them) or skip (none does)', { dataset: dataset.name, column: cursor.column },
  );
}

export function findColumn<C extends SqlColumn>(columns: readonly C[], { column: name }: { column: string }, dataset: Dataset): C {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  throw userError('SOURCE_COLUMNS', `${dataset.name}: the source has no column ${name} to go by; it has ${columns.map((column) => column.name).join(', ')}`, { dataset: dataset.name, column: name });
}
