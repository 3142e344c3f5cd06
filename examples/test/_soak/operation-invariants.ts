import { queryCurated } from '@headrace/local-runner';
import { type CuratedCommit, curatedLog, present } from './curated-log';
import { difference } from './invariants';
import { BATCHES, DATASET, type OperationBench, PIPELINE } from './operation-bench';
import { objectFile, uploadProblems } from './stored-objects';

/** What must hold after each run: readers see the source's rows once, and nothing is missing that the log names. Throws one error with the rest. */
export async function requireRows(bench: OperationBench): Promise<void> {
  const log = curatedLog(bench, PIPELINE, DATASET);
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
  const problems = bench.leftBehind().map((key) => `${key} is left, and no commit names it`);
  const standing = present(curatedLog(bench, PIPELINE, DATASET)).filter(({ kind }) => kind !== 'compaction' && kind !== 'removal');
  if (standing.length !== BATCHES) problems.push(`${standing.length} units have files, of ${BATCHES} batches`);
  if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
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
