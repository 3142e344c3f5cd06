import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { PipelineError } from '../../errors/pipeline-error';
import { Progress } from '../../report/progress';
import type { CuratedPart } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { pacedRows, type Clock } from '../copy/paced-rows';
import type { PartFile } from '../copy/part-file';
import { downloadPart } from '../download-part';
import type { LoadItem, LoadPlan, LoadUnit } from '../load-plan';
import type { LoadSettings } from '../settings';
import type { TargetAccess, TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';

/** A part on its way, with what it belongs to. */
export interface PartCall extends Omit<StepCall<LoadSettings, LoadPlan>, 'item'> {
  readonly item: LoadItem;
  readonly part: CuratedPart;
  readonly access: TargetAccess;
  readonly clock: Clock;
}

/**
 * Copies one part into the staging table of its load, in a transaction of its own together with its `load_part` row.
 *
 * @returns false when another try had staged it first; a claim that was taken over meanwhile throws and rolls back.
 */
export async function stagePart(call: PartCall): Promise<boolean> {
  const { item, part, plan, access, settings, store, signal, clock } = call;
  const unit = plan.units[item.unit] as LoadUnit;
  const database = targetOf(settings.target);
  const folder = await mkdtemp(path.join(tmpdir(), 'headrace-load-'));
  let file: PartFile | undefined;
  try {
    const local = path.join(folder, 'part.parquet');
    await downloadPart(store, settings.curatedBucket, part, local, signal);
    file = await database.openPart(local, part, unit.columns);
    const ready = plan.bytesPerSecond === undefined ? file : slowed(file, plan.bytesPerSecond, clock, signal);
    return await database.withSession(access, `stage ${item.loadId}`, (session) => stage(session, call, unit, ready));
  } finally {
    await file?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function slowed(file: PartFile, bytesPerSecond: number, clock: Clock, signal: AbortSignal): PartFile {
  return { ...file, encoded: () => pacedRows(file.encoded(), bytesPerSecond, clock, signal) };
}

async function stage(session: TargetSession, { item, part, settings, report, signal }: PartCall, unit: LoadUnit, file: PartFile): Promise<boolean> {
  const { dataset, staging } = item;
  const about = { key: part.key, dataset, staging: `${staging.schema}.${staging.table}` };
  const progress = new Progress({ report, code: 'LOAD_I1103', data: about });
  report.say('LOAD_I1102', { ...about, records: part.records, bytes: part.bytes });
  try {
    const noted = await session.transaction(async () => {
      const rows = await session.copyPart(staging, file, progress, signal);
      if (rows !== part.records) throw new PipelineError('BALANCE', `${part.key}: the server took ${rows} of ${part.records} records; all of them are rolled back`, { facts: { key: part.key, rows, records: part.records } });
      await session.requireEpoch(settings.ledgerSchema, unit.target, BigInt(item.epoch), 'share');
      if (await session.noteStagedPart(settings.ledgerSchema, item.loadId, BigInt(item.epoch), part)) return;
      throw new AlreadyStaged();
    }).then(() => true, (error: unknown) => {
      if (error instanceof AlreadyStaged) return false;
      throw error;
    });
    if (!noted) {
      report.say('LOAD_I1106', about);
      return false;
    }
  } catch (error) {
    throw targetOf(settings.target).failure(error, `staging ${part.key}`, { key: part.key });
  }
  report.say('LOAD_I1104', { ...about, ...progress.totals(), records: part.records });
  return true;
}

/** Rolls back the copy of a part that another try committed first. */
class AlreadyStaged extends Error {}
