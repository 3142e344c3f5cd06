import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { queryCurated } from '@headrace/local-runner';
import { difference } from './invariants';
import { BATCHES, type OperationBench, PIPELINE } from './operation-bench';
import { type Commit, commitLog, objectFile, uploadProblems } from './stored-objects';

interface CuratedCommit extends Commit {
  readonly attemptId: string;
  readonly kind: string;
  readonly ingestSeq: number;
  readonly removed?: readonly string[];
  readonly balance: Readonly<Record<'parsed' | 'kept' | 'rejected' | 'written' | 'deduplicated' | 'filtered', number>>;
  readonly quarantine: { readonly parts: ReadonlyArray<{ readonly key: string }> };
}

/** What must hold after each run: readers see the source's rows once, and nothing is missing that the log names. Throws one error with the rest. */
export async function requireRows(bench: OperationBench): Promise<void> {
  const log = curatedLog(bench);
  const there = present(log);
  const { stack } = bench;
  const problems = [
    ...uploadProblems(bench), ...logProblems(log),
    ...difference('rows of Athena', (await queryCurated(stack.state, 'SELECT id, note FROM orders')).rows, bench.expected),
    ...there.flatMap(({ parts, quarantine }) => [...parts, ...quarantine.parts]).filter(({ key }) => objectFile(bench, key) === undefined).map(({ key }) => `${key} is named and not there`),
  ];
  // The table of runs has every row of every unit whose files are there, so a partition without files would be missed here.
  await queryCurated(stack.state, 'SELECT count(*), count(note) FROM orders_runs').catch((error: Error) => problems.push(`the table of runs cannot be read: ${error.message}`));
  if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
}

/** And after a vacuum: every object of data, quarantine and catalog belongs to a commit that is there. */
export function requireNothingLeft(bench: OperationBench): void {
  const there = present(curatedLog(bench));
  const units = new Set(there.map(({ attemptId }) => attemptId));
  const named = new Set(there.flatMap(({ attemptId, parts, quarantine }) => [...parts, ...quarantine.parts].map(({ key }) => key).concat(`${PIPELINE}/quarantine/orders/${attemptId}/list/symlink.txt`)));
  const problems = [
    ...[...stored(bench, 'data'), ...stored(bench, 'quarantine')].filter((key) => !named.has(key)),
    ...stored(bench, 'catalog').filter((key) => !units.has(key.split('/')[3]!)),
  ].map((key) => `${key} is left, and no commit names it`);
  const standing = there.filter(({ kind }) => kind !== 'compaction' && kind !== 'removal');
  if (standing.length !== BATCHES) problems.push(`${standing.length} units have files, of ${BATCHES} batches`);
  if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
}

function curatedLog(bench: OperationBench): CuratedCommit[] {
  return commitLog(bench, PIPELINE, 'curated', 'orders') as CuratedCommit[];
}

/** Commits whose files no removal has named. */
function present(log: readonly CuratedCommit[]): CuratedCommit[] {
  const removed = new Set(log.flatMap((commit) => commit.removed ?? []));
  return log.filter(({ attemptId, kind }) => kind !== 'removal' && !removed.has(attemptId));
}

/** Numbers without a gap, one commit of a run for each batch, and balances that close. */
function logProblems(log: readonly CuratedCommit[]): string[] {
  const problems: string[] = [];
  if (log.some(({ seq }, i) => seq !== i + 1)) problems.push(`the log has the numbers ${log.map(({ seq }) => seq).join(', ')}`);
  const works = log.map(({ kind, runId, ingestSeq }) => `${kind} of ${runId} for ${ingestSeq}`);
  const twice = works.find((work, i) => works.indexOf(work) !== i);
  if (twice !== undefined) problems.push(`the log has ${twice} twice`);
  for (const { seq, parts, balance: { parsed, kept, rejected, written, deduplicated, filtered } } of log) {
    const inFiles = parts.reduce((sum, { records }) => sum + records, 0);
    if (parsed !== kept + rejected || kept !== written + deduplicated + filtered || written !== inFiles) problems.push(`the balance of commit ${seq} is open`);
  }
  return problems;
}

function stored({ stack }: OperationBench, folder: string): string[] {
  return readdirSync(stack.state.s3).map((bucket) => path.join(stack.state.s3, bucket)).flatMap((bucket) => {
    const root = path.join(bucket, PIPELINE, folder);
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => path.relative(bucket, path.join(entry.parentPath, entry.name)));
  });
}
