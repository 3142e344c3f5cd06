import { StatementType } from '@duckdb/node-api';
import { duckdbType } from '../../contract';
import type { Dataset, QualityRule } from '../../contract/contract';
import { formatDecimal, parseDecimal } from '../../contract/exact-decimal';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import { PipelineError, userError } from '../../errors/pipeline-error';
import { DuckdbEngine, engineError, type EngineSession } from '../engine/duckdb-engine';
import { unitRows } from '../shape/shape-sql';

export interface SqlRulesOptions {
  readonly dataset: Dataset;
  readonly unitId: string;
  /** Files of typed rows; SQL may read these and nothing else. */
  readonly paths: readonly string[];
  /** Where the engine spills. */
  readonly directory: string;
  readonly memoryMiB: number;
  readonly signal?: AbortSignal;
}

/** One core is left for what else the task does. */
const THREADS = 2;

const NUMBERS = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL\(.*\)|FLOAT|DOUBLE|BIGNUM)$/;

/**
 * What the SQL rules of a dataset give over the kept rows of one unit, by the rule's number; NULL where that is no number.
 *
 * The text comes from the contract, so it runs in an engine of its own that can read the unit's files and nothing else: no other file, no
 * network, no extension, no setting. One statement that only reads is run; all else is refused by its kind.
 */
export async function runSqlRules(options: SqlRulesOptions): Promise<Record<number, string | null>> {
  const engine = await DuckdbEngine.open({ directory: options.directory, memoryMiB: options.memoryMiB, threads: THREADS, keepOrder: false });
  try {
    const session = await engine.session(options.signal);
    await close(session, options);
    const values: Record<number, string | null> = {};
    for (const [number, rule] of options.dataset.quality.entries()) {
      if (rule.metric === 'sql') values[number] = await run(session, rule, options);
    }
    return values;
  } finally {
    engine.close();
  }
}

/** Makes the rows known by the dataset's name, and shuts everything else off for good. */
async function close(session: EngineSession, { dataset: { name, columns }, paths }: SqlRulesOptions): Promise<void> {
  const rows = paths.length > 0
    ? unitRows(paths, columns.map((column) => quoteIdentifier(column.name)).join(', '))
    : `SELECT ${columns.map((column) => `CAST(NULL AS ${duckdbType(column.type)}) AS ${quoteIdentifier(column.name)}`).join(', ')} WHERE false`;
  await session.run(`SET allowed_paths = [${paths.map(quoteLiteral).join(', ')}]`);
  await session.run('SET enable_external_access = false');
  await session.run(`CREATE VIEW ${quoteIdentifier(name)} AS ${rows}`);
  await session.run('SET lock_configuration = true');
}

async function run(session: EngineSession, rule: QualityRule, { dataset, unitId, signal }: SqlRulesOptions): Promise<string | null> {
  const sql = rule.query!.replace(/\{(object|property)\}/g, (_, name) => quoteIdentifier(name === 'object' ? dataset.name : rule.column!));
  const fail = (what: string, cause?: unknown): PipelineError => userError(
    'QUALITY_SQL', `${dataset.name}: the query of quality rule ${rule.id} ${what}. It may be one SELECT that gives one number over the rows of {object}, in the SQL of DuckDB. `
      + 'Nothing was published. Fix: correct the query in the contract and start the next attempt of this slot', { dataset: dataset.name, unitId, rule: rule.id, query: sql }, cause,
  );
  const interrupt = (): void => session.connection.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const statements = await session.connection.extractStatements(sql);
    if (statements.count !== 1) throw fail(`holds ${statements.count} statements`);
    const prepared = await statements.prepare(0);
    if (prepared.statementType !== StatementType.SELECT) throw fail(`is no SELECT but ${StatementType[prepared.statementType] ?? 'another statement'}`);
    const result = await prepared.runAndReadAll();
    const types = result.columnTypes().map(String);
    if (types.length !== 1 || result.currentRowCount !== 1) throw fail(`gave ${result.currentRowCount} rows of ${types.length} columns`);
    if (!NUMBERS.test(types[0]!)) throw fail(`gave a ${types[0]}, which is no number`);
    const value = result.getRowsJson()[0]![0];
    const number = value === null || value === undefined ? undefined : parseDecimal(String(value));
    return number === undefined ? null : formatDecimal(number);
  } catch (error) {
    signal?.throwIfAborted();
    if (PipelineError.is(error)) throw error;
    // Shape tries again with all the memory of the task, and the query is not to blame.
    const told = engineError(error);
    if (told.code === 'ENGINE_MEMORY' || /no space left/i.test(told.message)) throw told;
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw fail(`cannot run: ${line.replace(/^Error: /, '').slice(0, 300)}`, error);
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}
