import type { Dataset } from '../../contract/contract';
import { PipelineError, transientError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import type { CuratedManifest } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import type { ObjectRef } from '../../stores/object-store';
import type { LoadPlan, LoadUnit } from '../load-plan';
import type { LoadSettings } from '../settings';
import type { TargetSession } from '../target/target-database';
import type { DmsSettings } from './dms-settings';
import type { HandedOff } from './hand-off';
import { handedOver } from './prepare';
import { loadTag, roundsOf } from './rounds';
import { isStaged, noteStaged } from './staging-rows';

/** `dms/<round>.json`: what DMS said when a replication task had ended, as the state machine wrote it down. */
export interface EndedTask {
  readonly status: string;
  readonly stopReason?: string;
  readonly failure?: string;
  /** From the beginning of the hand-off to the end of the replication. */
  readonly seconds?: number;
  readonly tables: readonly EndedTable[];
}

export interface EndedTable {
  readonly TableName: string;
  readonly TableState: string;
  readonly FullLoadRows: number;
}

export const COMPLETED = 'Table completed';

type Call = StepCall<LoadSettings, LoadPlan>;

/**
 * Notes a commit as staged when these agree: the state that DMS gives its table, the rows that DMS has counted, and our own count in the
 * staging table of rows that bear this load's tag; in MySQL also what the rows add up to. A commit that was confirmed before is passed over.
 *
 * After the window's end nothing is a failure: what DMS had not loaded by then is loaded in the next one.
 */
export async function confirmStaged(
  session: TargetSession, call: Call, dms: DmsSettings, unit: LoadUnit, dataset: Dataset, manifest: CuratedManifest, late: boolean,
): Promise<void> {
  const { settings, report } = call;
  if (unit.parts === 0 || await isStaged(session, settings.ledgerSchema, unit, manifest.parts)) return;
  const about = { dataset: unit.dataset, seq: unit.seq, staging: `${unit.staging.schema}.${unit.staging.table}` };
  try {
    const rows = await confirm(session, call, dms, unit, dataset, manifest);
    report.say('LOAD_I1404', { ...about, rows });
  } catch (error) {
    if (!late) throw error;
    report.say('LOAD_W1405', { ...about, reason: (error as Error).message });
  }
}

async function confirm(
  session: TargetSession, call: Call, dms: DmsSettings, unit: LoadUnit, dataset: Dataset, manifest: CuratedManifest,
): Promise<number> {
  const { settings } = call;
  const facts = { dataset: unit.dataset, seq: unit.seq, staging: unit.staging.table };
  const exceptions = await session.dms.exceptions(settings.ledgerSchema, unit.staging);
  const written = exceptions.length === 0 ? '' : `; DMS wrote into awsdms_apply_exceptions: ${exceptions.join(' | ')}`;
  const { source, round, task } = await endedTask(call, dms, unit);
  const table = task.tables.find(({ TableName }) => TableName === source || TableName === unit.staging.table);
  if (table?.TableState !== COMPLETED) {
    const how = [task.failure, task.stopReason, `status ${task.status}`].filter((text) => text !== undefined && text !== '').join('; ');
    const transient = /LOW_MEMORY|LOW_DISK|RECOVERABLE|EXPIRED/.test(task.stopReason ?? '');
    throw new PipelineError(
      'DMS_TABLE',
      `DMS has not loaded commit ${unit.seq} of ${unit.dataset} into ${unit.staging.table}: its table is in state ${JSON.stringify(table?.TableState ?? 'unknown')} (${how})${written}; `
        + 'the log of the replication task in CloudWatch names the record; mend the cause and start a new attempt, which hands it over again',
      { kind: transient ? 'transient' : 'terminal', facts: { ...facts, state: table?.TableState, stopReason: task.stopReason } },
    );
  }
  if (exceptions.length > 0) throw new PipelineError('DMS_EXCEPTIONS', `commit ${unit.seq} of ${unit.dataset} was loaded by DMS with exceptions${written}; nothing of it is visible, mend the data or use LoadEngine.fargate()`, { facts });
  const records = manifest.parts.reduce((sum, part) => sum + part.records, 0);
  return session.transaction(async () => {
    await session.requireEpoch(settings.ledgerSchema, unit.target, BigInt(unit.epoch), 'share');
    const { all, own } = await session.dms.count(unit.staging, loadTag(unit));
    const hop = `hand-off of commit ${unit.seq} of ${unit.dataset} to staging by DMS`;
    checkBalance({ hop, in: { handedOver: records }, out: { loadedByDms: table.FullLoadRows } });
    checkBalance({ hop, in: { handedOver: records }, out: { stagedOfThisLoad: own } });
    checkBalance({ hop, in: { stagedOfThisLoad: own }, out: { staged: all } });
    await requireSameRows(session, call, unit, dataset, round);
    await noteStaged(session, settings.ledgerSchema, unit, manifest.parts);
    return own;
  });
}

/** In a server that makes other values of what it cannot read: rows in staging add up to what was handed over, or one of them was changed. */
async function requireSameRows(session: TargetSession, call: Call, unit: LoadUnit, dataset: Dataset, round: number): Promise<void> {
  if (session.dms.rowSum === undefined) return;
  const handed = (await handedOver<HandedOff>(call, round, unit.loadId)).reduce((sum, { rowSum }) => sum + BigInt(rowSum ?? 0), 0n);
  const staged = await session.dms.rowSum(unit.staging, dataset.columns);
  if (staged === handed) return;
  throw new PipelineError(
    'DMS_CHANGED',
    `DMS changed values of commit ${unit.seq} of ${unit.dataset} on their way into ${unit.staging.table}: as many rows are there as were handed over, and they are not the same; nothing of it is visible. `
      + 'The loader of LoadEngine.fargate() refuses what it cannot load as it is, and names the column: use that',
    { facts: { dataset: unit.dataset, seq: unit.seq, staging: unit.staging.table, handedOver: String(handed), staged: String(staged) } },
  );
}

/** Where the state machine writes down what became of a round. */
export function endedTaskRef({ bucket, prefix }: Call['folder'], round: number): ObjectRef {
  return { bucket, key: `${prefix}dms/${round}.json` };
}

async function endedTask(
  { store, folder, plan, signal }: Call, dms: DmsSettings, unit: LoadUnit,
): Promise<{ readonly source: string; readonly round: number; readonly task: EndedTask }> {
  const at = plan.units.indexOf(unit);
  const rounds = roundsOf(plan, dms.lanes);
  const round = rounds.findIndex((tables) => tables.some(({ unit: index }) => index === at));
  const source = rounds[round]?.find(({ unit: index }) => index === at)?.source ?? '';
  const ref = endedTaskRef(folder, round);
  const found = await store.getJson<EndedTask>(ref, { signal });
  if (found === undefined) {
    throw transientError('DMS_NOT_RUN', `no replication task of this attempt carried commit ${unit.seq} of ${unit.dataset}: there is no s3://${ref.bucket}/${ref.key}; start a new attempt`, { ...ref });
  }
  return { source, round, task: found.value };
}
