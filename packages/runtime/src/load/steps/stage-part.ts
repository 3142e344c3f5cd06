import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import type { Client } from 'pg';
import { PipelineError } from '../../errors/pipeline-error';
import { Progress } from '../../report/progress';
import type { CuratedPart } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { copyPart } from '../copy/copy-part';
import { openPart, type PartFile } from '../copy/part-file';
import { downloadPart } from '../download-part';
import { requireEpoch } from '../ledger/epoch';
import { noteStagedPart, readStagedParts } from '../ledger/staged-parts';
import type { LoadItem, LoadPlan, LoadUnit } from '../load-plan';
import type { LoadSettings } from '../settings';
import { transaction, withSession } from '../target/connect';
import type { ReadCredentials } from '../target/credentials';
import { postgresFailure } from '../target/postgres-failure';

/** What stands in `stage/<index>.json`. */
export interface StagedResult {
  readonly outcome: 'staged' | 'already-staged' | 'drained' | 'empty';
  readonly records: number;
}

type Call = StepCall<LoadSettings, LoadPlan, LoadItem>;
type PartCall = Omit<Call, 'item'> & { readonly item: LoadItem & { readonly part: CuratedPart } };

/**
 * Copies one part into the staging table of its load, in a transaction of its own together with its `load_part` row.
 *
 * A part that is staged is never staged again, whichever attempt asks; a claim that was taken over meanwhile rolls it back.
 */
export async function stagePart(call: Call, deps: { readonly credentials: ReadCredentials; readonly now?: () => Date }): Promise<StagedResult> {
  const { plan, settings, report, signal } = call;
  if (call.item.part === undefined) return { outcome: 'empty', records: 0 };
  const item = { ...call.item, part: call.item.part };
  const partCall: PartCall = { ...call, item };
  const unit = plan.units[item.unit] as LoadUnit;
  const { part } = item;
  if (plan.deadline !== undefined && (deps.now?.() ?? new Date()) >= new Date(plan.deadline)) {
    report.say('LOAD_W1105', { deadline: plan.deadline, key: part.key, dataset: item.dataset });
    return { outcome: 'drained', records: 0 };
  }
  const access = { target: settings.target, credentials: deps.credentials, lockTimeoutSeconds: settings.lockTimeoutSeconds, report, signal };
  const folder = await mkdtemp(path.join(tmpdir(), 'headrace-load-'));
  let file: PartFile | undefined;
  try {
    if (await withSession(access, `look ${item.loadId}`, (client) => isStaged(client, partCall, unit))) return { outcome: 'already-staged', records: part.records };
    const local = path.join(folder, 'part.parquet');
    await downloadPart(call.store, settings.curatedBucket, part, local, signal);
    file = await openPart(local, part, unit.columns);
    const ready = file;
    return await withSession(access, `stage ${item.loadId}`, (client) => stage(client, partCall, unit, ready));
  } finally {
    await file?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function isStaged(client: Client, { item, settings, report }: PartCall, unit: LoadUnit): Promise<boolean> {
  await requireEpoch(client, settings.ledgerSchema, unit.target, BigInt(item.epoch), 'none');
  const [there] = await readStagedParts(client, settings.ledgerSchema, item.loadId, item.part.key);
  if (there === undefined) return false;
  if (there.sha256 !== item.part.sha256 || there.records !== item.part.records) {
    throw new PipelineError('PART_CHANGED', `${item.part.key} was staged with sha256 ${there.sha256} and ${there.records} records, the manifest lists ${item.part.sha256} and ${item.part.records}; drop table ${item.staging.schema}.${item.staging.table} to stage it again`, { facts: { key: item.part.key } });
  }
  report.say('LOAD_I1101', { key: item.part.key, dataset: item.dataset });
  return true;
}

async function stage(client: Client, { item, settings, report, signal }: PartCall, unit: LoadUnit, file: PartFile): Promise<StagedResult> {
  const { part, dataset, staging } = item;
  const about = { key: part.key, dataset, staging: `${staging.schema}.${staging.table}` };
  const progress = new Progress({ report, code: 'LOAD_I1103', data: about });
  report.say('LOAD_I1102', { ...about, records: part.records, bytes: part.bytes });
  try {
    const noted = await transaction(client, async () => {
      const rows = await copyPart(client, staging, file, progress, signal);
      if (rows !== part.records) throw new PipelineError('BALANCE', `${part.key}: the server took ${rows} of ${part.records} records; all of them are rolled back`, { facts: { key: part.key, rows, records: part.records } });
      await requireEpoch(client, settings.ledgerSchema, unit.target, BigInt(item.epoch), 'share');
      if (await noteStagedPart(client, settings.ledgerSchema, item.loadId, BigInt(item.epoch), part)) return;
      throw new AlreadyStaged();
    }).then(() => true, (error: unknown) => {
      if (error instanceof AlreadyStaged) return false;
      throw error;
    });
    if (!noted) {
      report.say('LOAD_I1106', about);
      return { outcome: 'already-staged', records: part.records };
    }
  } catch (error) {
    throw postgresFailure(error, `staging ${part.key}`, { key: part.key });
  }
  report.say('LOAD_I1104', { ...about, ...progress.totals(), records: part.records });
  return { outcome: 'staged', records: part.records };
}

/** Rolls back the copy of a part that another try committed first. */
class AlreadyStaged extends Error {}
