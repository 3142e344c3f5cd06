import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { LocalStack, queryCurated, queryUrl, serveFolder } from '@headrace/local-runner';
import { BATCH_COLUMNS, BATCH_FILES } from '../../fixtures/one-batch';
import { synthesizeMixed, type Step } from './mixed-app';
import { STAGES, type Age, type Stage, type StageReleases } from './stage-release';

/** Rows by dataset, as text and in order. */
export type Rows = Readonly<Record<string, readonly string[]>>;

/** What became of one batch on its way through one release of each stage. */
export interface MixedRun {
  /** By the order of the stages; shorter where the batch did not get further. */
  readonly ages: readonly Age[];
  readonly failed?: { readonly stage: Stage; readonly why: string };
  readonly curated?: Rows;
  readonly target?: Rows;
}

/**
 * Runs one small batch through every combination of the releases, in the local runner: all of them in one app, where stages that read the same
 * bucket share what the stage before them wrote.
 *
 * @param folder is filled with source, assembly and state
 * @param stages as far as the batch goes, from ingest on
 */
export async function runMixed(releases: StageReleases, folder: string, stages: readonly Stage[] = STAGES): Promise<MixedRun[]> {
  // The database server may run as another account.
  chmodSync(folder, 0o755);
  const source = path.join(folder, 'source');
  mkdirSync(source);
  for (const [name, text] of Object.entries(BATCH_FILES)) writeFileSync(path.join(source, name), text);
  const server = await serveFolder(source);
  try {
    const assemblyDir = path.join(folder, 'cdk.out');
    const steps = synthesizeMixed(releases, server.url, assemblyDir, stages);
    const stack = await LocalStack.start({ assemblyDir, stateDir: path.join(folder, 'state'), timeFactor: 50 });
    try {
      // Two at a time: the steps below each wait for one another.
      return (await Promise.all(steps.map((step) => runFrom(stack, step)))).flat();
    } finally {
      await stack.close();
    }
  } finally {
    await server.close();
  }
}

interface Begun extends Pick<MixedRun, 'curated'> {
  /** What the stage before ended with. */
  readonly output: Partial<Handed>;
}

/** As a state machine that chains stages hands it on. */
interface Handed { readonly slot: string; readonly attempt: number }

async function runFrom(stack: LocalStack, step: Step, { output: handed, ...before }: Begun = { output: { slot: 'batch', attempt: 1 } }): Promise<MixedRun[]> {
  const { stage, ages, name, next } = step;
  try {
    const output = await runStage(stack, step, handed);
    const rows = stage === 'ingest' ? {} : { [stage === 'curate' ? 'curated' : 'target']: await rowsOf(stack, stage, name) };
    if (next.length === 0) return [{ ...before, ages, ...rows }];
    const runs: MixedRun[] = [];
    for (const each of next) runs.push(...await runFrom(stack, each, { ...before, ...rows, output }));
    return runs;
  } catch (error) {
    return [{ ...before, ages, failed: { stage, why: (error as Error).message.slice(0, 800) } }];
  }
}

/** What the stage ended with; throws where it did not succeed. */
async function runStage(stack: LocalStack, { stage, ages, refused }: Step, { slot, attempt }: Partial<Handed>): Promise<Partial<Handed>> {
  if (refused !== undefined) throw new Error(refused);
  const machine = stack.machines.find((each) => each.stage === stage && each.path.startsWith(`${stage}-${ages.join('-')}/`));
  if (machine === undefined) throw new Error('it has no state machine that is tagged as the stage');
  const { status, error, cause, output } = await stack.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a${attempt}`, input: { schemaVersion: 1, slot, attempt } });
  if (status !== 'SUCCEEDED') throw new Error([status, error, cause].filter((part) => part !== undefined).join(' '));
  return output as Partial<Handed>;
}

async function rowsOf(stack: LocalStack, stage: Stage, schema: string): Promise<Rows> {
  const query = (sql: string) => (stage === 'curate' ? queryCurated(stack.state, sql) : queryUrl(stack.databases[0]!.url, sql));
  const rows: Record<string, string[]> = {};
  for (const [dataset, columns] of Object.entries(BATCH_COLUMNS)) {
    const found = await query(`SELECT ${columns.join(', ')} FROM ${schema}.${dataset} ORDER BY ${columns[0]}`);
    rows[dataset] = found.rows.map((row) => JSON.stringify(row));
  }
  return rows;
}
