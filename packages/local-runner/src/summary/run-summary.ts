import type { LoadOutcome } from '@headrace/runtime/load/load-plan';
import type { DatasetResult, StageOutput } from '@headrace/runtime/run/stage-io';
import type { ExecutionRecord } from '../executions/execution-store';
import type { LocalStack } from '../stack/local-stack';
import type { DatasetSummary, StageName } from './dataset-figures';
import { summarizeDataset } from './dataset-summary';

/** What `headrace run --json` prints. */
export interface RunSummary {
  readonly schemaVersion: 1;
  readonly status: ExecutionRecord['status'];
  /** Machines that ran, nested ones included, in the order they were started. */
  readonly machines: ReadonlyArray<Pick<ExecutionRecord, 'name' | 'status' | 'states' | 'error' | 'cause' | 'startedAt' | 'endedAt'> & { readonly machine: string; readonly stage?: string }>;
  readonly datasets: Readonly<Record<string, DatasetSummary>>;
  /** The target database; absent where the assembly has none. */
  readonly target?: { readonly url: string };
  /** Of a load that did nothing because it was started outside of its window. */
  readonly window?: { readonly reason: string; readonly opens: string };
}

const STAGES: readonly string[] = ['ingest', 'curate', 'load'];

/** Reads what the executions of a run, and those below them, left behind. */
export async function summarizeRun(stack: LocalStack, roots: readonly ExecutionRecord[]): Promise<RunSummary> {
  const all = stack.store.list();
  const records = roots.flatMap((root) => [root, ...descendants(root, all)]);
  const byDataset: Record<string, Partial<Record<StageName, DatasetResult>>> = {};
  for (const { machineArn, output } of records) {
    const stage = stack.machines.find(({ arn }) => arn === machineArn)?.stage;
    if (stage === undefined || !STAGES.includes(stage)) continue;
    for (const [dataset, result] of Object.entries((output as StageOutput | undefined)?.datasets ?? {})) {
      byDataset[dataset] = { ...byDataset[dataset], [stage]: result };
    }
  }
  const buckets = stack.deployment.assembly.ofType('AWS::S3::Bucket').map(({ ref }) => ref);
  const locate = (_stage: StageName, key: string) => buckets.map((bucket) => stack.fileOf(bucket, key)).find((file) => file !== undefined);
  const window = records.map(({ output }) => (output as Partial<LoadOutcome> | undefined)?.window).find((each) => each !== undefined);
  return {
    schemaVersion: 1,
    status: roots.find(({ status }) => status !== 'SUCCEEDED')?.status ?? 'SUCCEEDED',
    machines: records.map(({ machinePath, machineArn, name, status, states, error, cause, startedAt, endedAt }) => ({
      machine: machinePath, stage: stack.machines.find(({ arn }) => arn === machineArn)?.stage,
      name, status, states, error, cause, startedAt, endedAt,
    })),
    datasets: Object.fromEntries(Object.entries(byDataset).map(([dataset, results]) => [dataset, summarizeDataset(results, locate)])),
    ...(stack.databases[0] === undefined ? {} : { target: { url: stack.databases[0].url } }),
    ...(window === undefined ? {} : { window }),
  };
}

function descendants(parent: ExecutionRecord, all: readonly ExecutionRecord[]): ExecutionRecord[] {
  return all.filter((each) => each.parent === parent.arn).flatMap((child) => [child, ...descendants(child, all)]);
}
