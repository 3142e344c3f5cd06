import type { Client } from 'pg';
import type { Dataset } from '../../contract/contract';
import { requireContract } from '../../contract/parse-contract';
import { quoteName } from '../../contract/quote-identifier';
import { PipelineError, transientError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import type { CuratedManifest } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { confirmStaged } from '../dms/confirm-staged';
import { sweepHandOff } from '../dms/sweep-hand-off';
import { requireEpoch } from '../ledger/epoch';
import { NO_COUNTS, readLedger, writeLedger, type LedgerRow } from '../ledger/ledger-rows';
import { readStagedParts } from '../ledger/staged-parts';
import type { LoadPlan, LoadUnit } from '../load-plan';
import { writeOutcome, type UnitResult } from '../outcome';
import { requireManifest } from '../manifest-of-unit';
import type { LoadSettings, WriteModeName } from '../settings';
import { dropStaging } from '../staging-table';
import { transaction, withSession, type TargetAccess } from '../target/connect';
import type { ReadCredentials } from '../target/credentials';
import { isConnectionLoss, postgresFailure } from '../target/postgres-failure';
import { append } from '../write/append';
import { merge } from '../write/merge';
import { replace } from '../write/replace';
import { readCollations, type Write } from '../write/write-context';

const WRITES: Readonly<Record<WriteModeName, Write>> = { append, merge, replace };

type Call = StepCall<LoadSettings, LoadPlan>;

export interface PublishDeps {
  readonly credentials: ReadCredentials;
  readonly now?: () => Date;
}

/**
 * Makes staged commits visible, each in one short transaction with its ledger row, in commit order.
 *
 * A commit that fails holds back the later ones of its dataset, and no other dataset.
 */
export async function publish(call: Call, deps: PublishDeps): Promise<object> {
  const { plan, settings, store, report, signal, folder } = call;
  const text = await store.getText(settings.contract, { signal });
  const datasets = new Map(requireContract(text?.value ?? '', settings.contract.key).datasets.map((dataset) => [dataset.name, dataset]));
  const access: TargetAccess = {
    target: settings.target, credentials: deps.credentials, lockTimeoutSeconds: settings.lockTimeoutSeconds, report, signal,
  };
  const results = new Map<string, UnitResult[]>();
  const failures = new Map<string, PipelineError>();
  for (const unit of plan.units) {
    if (failures.has(unit.dataset)) continue;
    const done = results.get(unit.dataset) ?? [];
    results.set(unit.dataset, done);
    // Order holds: what comes after a commit that waits, waits too.
    if (done.some(({ outcome }) => outcome === 'drained')) {
      done.push({ unit, outcome: 'drained', counts: NO_COUNTS });
      continue;
    }
    try {
      done.push(await publishUnit(call, deps, access, unit, datasets.get(unit.dataset) as Dataset));
    } catch (error) {
      if (signal.aborted) throw error;
      failures.set(unit.dataset, PipelineError.from(error));
    }
  }
  if (failures.size > 0) throw combined(failures);
  if (settings.dms !== undefined) await sweepHandOff(call, deps);
  const outcome = await writeOutcome(store, folder, plan, results, signal);
  return { datasets: outcome.datasets };
}

async function publishUnit(call: Call, deps: PublishDeps, access: TargetAccess, unit: LoadUnit, dataset: Dataset): Promise<UnitResult> {
  const { plan, report } = call;
  const about = { dataset: unit.dataset, seq: unit.seq, table: `${unit.target.schema}.${unit.target.table}`, writeMode: unit.writeMode.mode };
  const late = plan.deadline !== undefined && (deps.now?.() ?? new Date()) >= new Date(plan.deadline);
  const started = performance.now();
  const manifest = await requireManifest(call, unit);
  let result: UnitResult;
  try {
    result = await withSession(access, `publish ${unit.loadId}`, (client) => inTransaction(client, call, unit, dataset, manifest, late));
  } catch (error) {
    if (!isConnectionLoss(error) || call.signal.aborted) throw postgresFailure(error, `publishing commit ${unit.seq} of ${unit.dataset}`, { dataset: unit.dataset, seq: unit.seq });
    result = await resolveUnknown(call, access, unit, error);
  }
  if (result.outcome === 'drained') {
    report.say('LOAD_W1205', { ...about, deadline: plan.deadline });
    return result;
  }
  if (result.outcome === 'already-committed') report.say('LOAD_I1203', about);
  else report.say('LOAD_I1202', { ...about, ...result.counts, seconds: Math.round(performance.now() - started) / 1_000 });
  await drop(call, access, unit);
  return result;
}

async function inTransaction(
  client: Client, call: Call, unit: LoadUnit, dataset: Dataset, manifest: CuratedManifest, late: boolean,
): Promise<UnitResult> {
  const { settings, plan, report } = call;
  const before = await readCommit(client, call, unit);
  if (before !== undefined) return before;
  if (settings.dms !== undefined) await confirmStaged(client, call, settings.dms, unit, manifest, late);
  if (late) return { unit, outcome: 'drained', counts: NO_COUNTS };
  // The planner knows nothing about rows that just came by COPY.
  if (unit.parts > 0) await client.query(`ANALYZE ${quoteName(unit.staging.schema, unit.staging.table)}`);
  return transaction(client, async () => {
    await requireEpoch(client, settings.ledgerSchema, unit.target, BigInt(unit.epoch), 'update');
    const meanwhile = await readCommit(client, call, unit);
    if (meanwhile !== undefined) return meanwhile;
    const staged = await checkStaged(client, call, unit, manifest);
    report.say('LOAD_I1201', { dataset: unit.dataset, seq: unit.seq, table: `${unit.target.schema}.${unit.target.table}`, writeMode: unit.writeMode.mode, staged });
    const counts = await WRITES[unit.writeMode.mode]({
      client, dataset, target: unit.target, staging: unit.staging, staged, collations: await readCollations(client, unit.target),
      newerBy: unit.writeMode.newerBy, allowEmpty: unit.writeMode.allowEmpty,
    });
    const { inserted, updated, unchanged, deleted, stale } = counts;
    checkBalance({ hop: `staging to ${unit.target.schema}.${unit.target.table}`, in: { staged }, out: { inserted, updated, unchanged, deleted, stale } });
    const common = { loadId: unit.loadId, epoch: BigInt(unit.epoch), codeVersion: settings.codeVersion, writeMode: unit.writeMode.mode };
    const rows: LedgerRow[] = [
      ...unit.overtaken.map((commit): LedgerRow => ({ ...NO_COUNTS, ...commit, ...common, outcome: 'overtaken' })),
      { ...counts, ...common, seq: unit.seq, ingestSeq: unit.ingestSeq, outcome: 'loaded', attemptId: unit.attemptId, manifestKey: unit.manifestKey, contractVersion: unit.contractVersion },
    ];
    for (const row of rows) await writeLedger(client, settings.ledgerSchema, unit.target, { pipeline: plan.pipeline, dataset: unit.dataset }, row);
    return { unit, outcome: 'committed', counts };
  });
}

/** The result of a commit that is in the table, if it is. */
async function readCommit(client: Client, { settings, plan }: Call, unit: LoadUnit): Promise<UnitResult & { readonly epoch: bigint } | undefined> {
  const [row] = await readLedger(client, settings.ledgerSchema, unit.target, { pipeline: plan.pipeline, dataset: unit.dataset }, unit.seq);
  if (row === undefined) return undefined;
  const { staged, inserted, updated, unchanged, deleted, stale, removed, epoch } = row;
  return { unit, outcome: 'already-committed', counts: { staged, inserted, updated, unchanged, deleted, stale, removed }, epoch };
}

/** Every part of the manifest is staged as it stands there, and the staging table holds exactly their rows. */
async function checkStaged(client: Client, { settings, plan }: Call, unit: LoadUnit, manifest: CuratedManifest): Promise<number> {
  const there = new Map((await readStagedParts(client, settings.ledgerSchema, unit.loadId)).map((part) => [part.key, part]));
  const missing = manifest.parts.filter((part) => there.get(part.key)?.sha256 !== part.sha256);
  if (missing.length > 0) {
    throw new PipelineError('PARTS_MISSING', `commit ${unit.seq} of ${unit.dataset}: ${missing.length} of ${manifest.parts.length} parts are not staged, first ${missing[0]!.key}; start a new attempt of slot ${plan.slot}, it copies only these`, { facts: { dataset: unit.dataset, seq: unit.seq, missing: missing.length } });
  }
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${quoteName(unit.staging.schema, unit.staging.table)}`);
  const staged = Number(rows[0]!.count);
  const records = manifest.parts.reduce((sum, part) => sum + part.records, 0);
  checkBalance({ hop: `manifest of commit ${unit.seq} of ${unit.dataset} to staging`, in: { manifest: records }, out: { staged } });
  return staged;
}

/** The connection broke: only the ledger knows whether the commit happened. */
async function resolveUnknown(call: Call, access: TargetAccess, unit: LoadUnit, cause: unknown): Promise<UnitResult> {
  const found = await withSession(access, `resolve ${unit.loadId}`, (client) => readCommit(client, call, unit));
  call.report.say('LOAD_W1204', { dataset: unit.dataset, seq: unit.seq, answer: found === undefined ? 'not published' : 'published' });
  if (found !== undefined) return found.epoch === BigInt(unit.epoch) ? { ...found, outcome: 'committed' } : found;
  throw transientError('TARGET_CONNECTION', `the connection was lost while commit ${unit.seq} of ${unit.dataset} was published; the ledger does not have it, so nothing of it is visible`, { dataset: unit.dataset, seq: unit.seq }, cause);
}

/** The rows are visible by now: a staging table that cannot be dropped is litter and no failure. */
async function drop({ settings, report }: Call, access: TargetAccess, unit: LoadUnit): Promise<void> {
  const staging = `${unit.staging.schema}.${unit.staging.table}`;
  try {
    await withSession({ ...access, lockTimeoutSeconds: Math.min(5, settings.lockTimeoutSeconds) }, `drop ${unit.loadId}`, (client) => (
      transaction(client, () => dropStaging(client, unit.staging, unit.loadId))
    ));
    report.say('LOAD_I1004', { staging });
  } catch (error) {
    report.say('LOAD_W1005', { staging, reason: postgresFailure(error, 'dropping').message });
  }
}

function combined(failures: ReadonlyMap<string, PipelineError>): PipelineError {
  const all = [...failures.values()];
  const first = all[0] as PipelineError;
  if (all.length === 1) return first;
  const text = [...failures].map(([dataset, error]) => `${dataset}: ${error.code} ${error.message}`).join('; ');
  // A retry helps as long as it helps one of them; the others fail again, harmlessly.
  return new PipelineError(first.code, text, { kind: all.some(({ kind }) => kind === 'transient') ? 'transient' : 'terminal', fault: first.fault, facts: { datasets: [...failures.keys()] }, cause: first });
}
