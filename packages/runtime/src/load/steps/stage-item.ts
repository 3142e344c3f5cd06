import { PipelineError } from '../../errors/pipeline-error';
import type { CuratedPart } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { CLOCK, type Clock } from '../copy/paced-rows';
import type { LoadItem, LoadPlan, LoadUnit } from '../load-plan';
import { keepLease, releaseLease } from '../lease/keep-lease';
import type { LoadSettings } from '../settings';
import type { ReadCredentials } from '../target/credentials';
import { accessOf, type TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { stagePart } from './stage-part';

/** What stands in `stage/<index>.json`. */
export interface StagedResult {
  /** `drained`: the window closed before all parts were begun. `already-staged`: there was nothing left to do. */
  readonly outcome: 'staged' | 'already-staged' | 'drained' | 'empty';
  /** Of the parts that are staged now. */
  readonly records: number;
  /** What this task copied itself, and how long that took: the pace of the next plan. */
  readonly copied?: { readonly bytes: number; readonly seconds: number };
}

type Call = StepCall<LoadSettings, LoadPlan, LoadItem>;

interface StageDeps {
  readonly credentials: ReadCredentials;
  readonly now?: () => Date;
  /** What copies are slowed down by. @default - that of the process */
  readonly clock?: Clock;
}

/** Stages the parts of an item, one after the other. A part that is staged is never staged again, whichever attempt asks. */
export async function stageItem(call: Call, deps: StageDeps): Promise<StagedResult> {
  const lease = { settings: call.settings, plan: call.plan, access: accessOf(call, deps.credentials) };
  try {
    return await keepLease(lease, () => stageParts(call, deps));
  } catch (error) {
    // The machine ends with it, so nobody goes on.
    if (!call.signal.aborted) await releaseLease(lease, error);
    throw error;
  }
}

async function stageParts(call: Call, deps: StageDeps): Promise<StagedResult> {
  const { item, plan, report } = call;
  const until = plan.stageUntil ?? plan.deadline;
  const late = (): boolean => until !== undefined && (deps.now?.() ?? new Date()) >= new Date(until);
  const copied = { bytes: 0, seconds: 0 };
  const drained = (key: string, records: number): StagedResult => {
    report.say('LOAD_W1105', { deadline: until, key, dataset: item.dataset });
    return { outcome: 'drained', records, ...(copied.bytes === 0 ? {} : { copied }) };
  };
  const [first] = item.parts;
  if (first === undefined) return { outcome: 'empty', records: 0 };
  if (late()) return drained(first.key, 0);
  const access = accessOf(call, deps.credentials);
  const there = await targetOf(access.target).withSession(access, `look ${item.loadId}`, (session) => stagedKeys(session, call));
  let outcome: StagedResult['outcome'] = 'already-staged';
  let records = 0;
  for (const part of item.parts) {
    if (there.has(part.key)) report.say('LOAD_I1101', { key: part.key, dataset: item.dataset });
    else if (late()) return drained(part.key, records);
    else {
      const started = performance.now();
      if (await stagePart({ ...call, part, access, clock: deps.clock ?? CLOCK })) {
        outcome = 'staged';
        copied.bytes += part.bytes;
        copied.seconds += (performance.now() - started) / 1_000;
      }
    }
    records += part.records;
  }
  return { outcome, records, ...(copied.bytes === 0 ? {} : { copied }) };
}

/** Keys of this item's parts that are staged as the manifest lists them. */
async function stagedKeys(session: TargetSession, { item, plan, settings }: Call): Promise<ReadonlySet<string>> {
  const { target } = plan.units[item.unit] as LoadUnit;
  await session.requireEpoch(settings.ledgerSchema, target, BigInt(item.epoch), 'none');
  const listed = new Map(item.parts.map((part): [string, CuratedPart] => [part.key, part]));
  const there = (await session.readStagedParts(settings.ledgerSchema, item.loadId)).filter(({ key }) => listed.has(key));
  for (const { key, sha256, records } of there) {
    const part = listed.get(key) as CuratedPart;
    if (sha256 === part.sha256 && records === part.records) continue;
    throw new PipelineError('PART_CHANGED', `${key} was staged with sha256 ${sha256} and ${records} records, the manifest lists ${part.sha256} and ${part.records}; drop table ${item.staging.schema}.${item.staging.table} to stage it again`, { facts: { key } });
  }
  return new Set(there.map(({ key }) => key));
}
