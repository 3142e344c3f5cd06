import type { Dataset } from '../../contract/contract';
import { requireContract } from '../../contract/parse-contract';
import { PipelineError, transientError } from '../../errors/pipeline-error';
import { checkBalance } from '../../run/balance';
import type { CuratedManifest, CuratedPart } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { confirmStaged } from '../dms/confirm-staged';
import { sweepHandOff } from '../dms/sweep-hand-off';
import { NO_COUNTS, type LedgerRow, type LoadCounts } from '../ledger/ledger-row';
import type { LoadPlan, LoadUnit } from '../load-plan';
import { keepLease, releaseLease } from '../lease/keep-lease';
import { requireManifest } from '../manifest-of-unit';
import { writeOutcome, type UnitResult } from '../outcome';
import { notePace } from '../pace/note-pace';
import { refusedCommits } from '../refused-commits';
import type { LoadSettings } from '../settings';
import type { ReadCredentials } from '../target/credentials';
import { followsCommit, isUnfinished, noteFinished } from '../statements/finish-published';
import { runStatements } from '../statements/run-statements';
import { accessOf, type TargetAccess, type TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';

/** Longest wait for readers of a staging table that nobody needs any more. */
const DROP_WAIT_SECONDS = 5;

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
  const access = accessOf(call, deps.credentials);
  const lease = { settings: call.settings, plan: call.plan, access };
  try {
    const result = await keepLease(lease, () => publishAll(call, deps, access));
    await releaseLease(lease);
    return result;
  } catch (error) {
    if (!call.signal.aborted) await releaseLease(lease, error);
    throw error;
  }
}

async function publishAll(call: Call, deps: PublishDeps, access: TargetAccess): Promise<object> {
  const { plan, settings, store, signal, folder } = call;
  const text = await store.getText(settings.contract, { signal });
  const datasets = new Map(requireContract(text?.value ?? '', settings.contract.key).datasets.map((dataset) => [dataset.name, dataset]));
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
  await notePace(call, results);
  try {
    await finish(call, access, [...results.values()].flat());
  } catch (error) {
    if (signal.aborted) throw error;
    failures.set('afterLoad', PipelineError.from(error));
  }
  for (const commit of plan.refused ?? []) if (!failures.has(commit.dataset)) failures.set(commit.dataset, refusedCommits([commit]));
  if (failures.size > 0) throw combined(failures);
  if (settings.dms !== undefined) await sweepHandOff(call, deps);
  const outcome = await writeOutcome(store, folder, plan, results, signal);
  return { datasets: outcome.datasets };
}

async function publishUnit(call: Call, deps: PublishDeps, access: TargetAccess, unit: LoadUnit, dataset: Dataset): Promise<UnitResult> {
  const { plan, report } = call;
  const about = { dataset: unit.dataset, seq: unit.seq, table: `${unit.target.schema}.${unit.target.table}`, writeMode: unit.writeMode.mode };
  const now = deps.now?.() ?? new Date();
  const late = isLate(plan, unit, now);
  // Parts that are missing then were left for the next window.
  const stagingOver = plan.stageUntil !== undefined && now >= new Date(plan.stageUntil);
  const database = targetOf(access.target);
  const started = performance.now();
  const manifest = await requireManifest(call, unit);
  let result: UnitResult;
  try {
    result = await database.withSession(access, `publish ${unit.loadId}`, (session) => publishTo(session, call, unit, dataset, manifest, { late: late !== undefined, stagingOver }));
  } catch (error) {
    if (!database.isConnectionLoss(error) || call.signal.aborted) throw database.failure(error, `publishing commit ${unit.seq} of ${unit.dataset}`, { dataset: unit.dataset, seq: unit.seq });
    result = await resolveUnknown(call, access, unit, error);
  }
  if (result.outcome === 'drained') {
    const { deadline } = plan;
    if (late === 'closed') report.say('LOAD_W1205', { ...about, deadline });
    else if (late === 'too-little') report.say('LOAD_W1206', { ...about, deadline, seconds: unit.publishSeconds });
    else report.say('LOAD_W1207', about);
    return result;
  }
  if (result.outcome === 'already-committed') report.say('LOAD_I1203', about);
  else report.say('LOAD_I1202', { ...about, ...result.counts, seconds: Math.round(performance.now() - started) / 1_000 });
  const seconds = (performance.now() - started) / 1_000;
  if (!followsCommit(call.settings, unit.dataset)) await drop(call, access, unit);
  else if (database.statements === 'outside') await runAfterPublish(call, access, result);
  return { ...result, seconds };
}

/** In a database where they run beside the transaction: a staging table that is still there tells that they have not run yet. */
async function runAfterPublish({ settings }: Call, access: TargetAccess, result: UnitResult): Promise<void> {
  const database = targetOf(access.target);
  await database.withSession(access, `after ${result.unit.loadId}`, async (session) => {
    if (await isDue(session, settings, result)) await runStatements(session, database, settings, 'afterPublish', result.unit.dataset);
  });
}

/** Runs what follows all commits, if there were any, and only then drops the tables that tell that it has not run yet. */
async function finish(call: Call, access: TargetAccess, results: readonly UnitResult[]): Promise<void> {
  const { settings } = call;
  const done = results.filter(({ unit, outcome }) => outcome !== 'drained' && followsCommit(settings, unit.dataset));
  if (done.length === 0) return;
  const database = targetOf(access.target);
  await database.withSession(access, 'after all', async (session) => {
    for (const result of done) {
      if (!(await isDue(session, settings, result))) continue;
      await runStatements(session, database, settings, 'afterLoad');
      break;
    }
    await noteFinished(session, settings.ledgerSchema, done.map(({ unit }) => unit.loadId));
  });
  for (const { unit } of done) await drop(call, access, unit);
}

/** Whether what follows a commit has not run yet: this try made it visible, or one that died did. */
async function isDue(session: TargetSession, { ledgerSchema }: LoadSettings, { unit, outcome, counts }: UnitResult): Promise<boolean> {
  return outcome === 'committed' || isUnfinished(session, ledgerSchema, { ...unit.staging, loadId: unit.loadId }, counts.staged);
}

/** Whether a commit waits for the next window: this one is over, or too little of it is left. */
function isLate({ deadline }: LoadPlan, { publishSeconds = 0 }: LoadUnit, now: Date): 'closed' | 'too-little' | undefined {
  if (deadline === undefined) return undefined;
  const left = new Date(deadline).getTime() - now.getTime();
  if (left <= 0) return 'closed';
  // By half, because an estimate that is a little too high must not put it off night after night.
  return left < publishSeconds * 500 ? 'too-little' : undefined;
}

async function publishTo(
  session: TargetSession, call: Call, unit: LoadUnit, dataset: Dataset, manifest: CuratedManifest,
  time: { readonly late: boolean; readonly stagingOver: boolean },
): Promise<UnitResult> {
  const { settings: { ledgerSchema, codeVersion }, plan, report } = call;
  const { target, staging, writeMode, seq, loadId } = unit;
  const epoch = BigInt(unit.epoch);
  const table = `${target.schema}.${target.table}`;
  await session.settle(ledgerSchema, target, epoch);
  const before = await readCommit(session, call, unit);
  if (before !== undefined) return before;
  if (call.settings.dms !== undefined) await confirmStaged(session, call, call.settings.dms, unit, dataset, manifest, time.late);
  const isDrained = time.late || (time.stagingOver && (await missingParts(session, call, unit, manifest)).length > 0);
  if (isDrained) return { unit, outcome: 'drained', counts: NO_COUNTS };
  const published = await session.publish({
    ledgerSchema, source: { pipeline: plan.pipeline, dataset: unit.dataset }, seq, ingestSeq: unit.ingestSeq,
    loadId, epoch, dataset, target, staging, writeMode,
    allowDeletes: unit.allowDeletes === true,
    hasParts: unit.parts > 0,
    before: () => runStatements(session, targetOf(call.settings.target), call.settings, 'beforePublish', unit.dataset),
    after: () => runStatements(session, targetOf(call.settings.target), call.settings, 'afterPublish', unit.dataset),
    checkStaged: async () => {
      const staged = await checkStaged(session, call, unit, manifest);
      report.say('LOAD_I1201', { dataset: unit.dataset, seq, table, writeMode: writeMode.mode, staged });
      return staged;
    },
    ledgerRows: (counts) => {
      const { staged, inserted, updated, unchanged, deleted, stale } = counts;
      checkBalance({ hop: `staging to ${table}`, in: { staged }, out: { inserted, updated, unchanged, deleted, stale } });
      return ledgerRows(unit, counts, codeVersion);
    },
  });
  return published.outcome === 'committed' ? { unit, ...published } : resultOf(unit, published.row);
}

function ledgerRows(unit: LoadUnit, counts: LoadCounts, codeVersion: string): LedgerRow[] {
  const common = { loadId: unit.loadId, epoch: BigInt(unit.epoch), codeVersion, writeMode: unit.writeMode.mode };
  return [
    ...unit.overtaken.map((commit): LedgerRow => ({ ...NO_COUNTS, ...commit, ...common, outcome: 'overtaken' })),
    { ...counts, ...common, seq: unit.seq, ingestSeq: unit.ingestSeq, outcome: 'loaded', attemptId: unit.attemptId, manifestKey: unit.manifestKey, contractVersion: unit.contractVersion },
  ];
}

/** What became of a unit that the ledger has, and under which epoch. */
type LedgerResult = UnitResult & { readonly epoch: bigint };

/** The result of a commit that is in the table, if it is. */
async function readCommit(session: TargetSession, { settings, plan }: Call, unit: LoadUnit): Promise<LedgerResult | undefined> {
  const [row] = await session.readLedger(settings.ledgerSchema, unit.target, { pipeline: plan.pipeline, dataset: unit.dataset }, unit.seq);
  return row === undefined ? undefined : resultOf(unit, row);
}

function resultOf(unit: LoadUnit, row: LedgerRow): LedgerResult {
  const { staged, inserted, updated, unchanged, deleted, stale, removed, epoch } = row;
  return { unit, outcome: 'already-committed', counts: { staged, inserted, updated, unchanged, deleted, stale, removed }, epoch };
}

/** Parts of the manifest that are not staged as it lists them. */
async function missingParts(session: TargetSession, { settings }: Call, unit: LoadUnit, manifest: CuratedManifest): Promise<CuratedPart[]> {
  const there = new Map((await session.readStagedParts(settings.ledgerSchema, unit.loadId)).map((part) => [part.key, part]));
  return manifest.parts.filter((part) => there.get(part.key)?.sha256 !== part.sha256);
}

/** Every part of the manifest is staged as it stands there, and the staging table holds exactly their rows. */
async function checkStaged(session: TargetSession, call: Call, unit: LoadUnit, manifest: CuratedManifest): Promise<number> {
  const { plan } = call;
  const missing = await missingParts(session, call, unit, manifest);
  if (missing.length > 0) {
    throw new PipelineError('PARTS_MISSING', `commit ${unit.seq} of ${unit.dataset}: ${missing.length} of ${manifest.parts.length} parts are not staged, first ${missing[0]!.key}; start a new attempt of slot ${plan.slot}, it copies only these`, { facts: { dataset: unit.dataset, seq: unit.seq, missing: missing.length } });
  }
  const staged = await session.countStaged(unit.staging);
  const records = manifest.parts.reduce((sum, part) => sum + part.records, 0);
  checkBalance({ hop: `manifest of commit ${unit.seq} of ${unit.dataset} to staging`, in: { manifest: records }, out: { staged } });
  return staged;
}

/** The connection broke: only the ledger knows whether the commit happened. */
async function resolveUnknown(call: Call, access: TargetAccess, unit: LoadUnit, cause: unknown): Promise<UnitResult> {
  const found = await targetOf(access.target).withSession(access, `resolve ${unit.loadId}`, async (session) => {
    const { ledgerSchema } = call.settings;
    await session.settle(ledgerSchema, unit.target, BigInt(unit.epoch));
    return session.transaction(async () => {
      // What the server was last asked may still be under way: it holds the epoch until it ends.
      await session.requireEpoch(ledgerSchema, unit.target, BigInt(unit.epoch), 'share').catch((error: unknown) => {
        if (!PipelineError.is(error) || error.code !== 'EPOCH') throw error;
      });
      return readCommit(session, call, unit);
    });
  });
  call.report.say('LOAD_W1204', { dataset: unit.dataset, seq: unit.seq, answer: found === undefined ? 'not published' : 'published' });
  if (found !== undefined) return found.epoch === BigInt(unit.epoch) ? { ...found, outcome: 'committed' } : found;
  throw transientError('TARGET_CONNECTION', `the connection was lost while commit ${unit.seq} of ${unit.dataset} was published; the ledger does not have it, so nothing of it is visible`, { dataset: unit.dataset, seq: unit.seq }, cause);
}

/** The rows are visible by now: a staging table that cannot be dropped is litter and no failure. */
async function drop({ settings, report }: Call, access: TargetAccess, unit: LoadUnit): Promise<void> {
  const staging = `${unit.staging.schema}.${unit.staging.table}`;
  const database = targetOf(access.target);
  try {
    await database.withSession(access, `drop ${unit.loadId}`, (session) => (
      session.transaction(() => session.dropStaging(unit.staging, unit.loadId, Math.min(DROP_WAIT_SECONDS, settings.lockTimeoutSeconds)))
    ));
    report.say('LOAD_I1004', { staging });
  } catch (error) {
    report.say('LOAD_W1005', { staging, reason: database.failure(error, 'dropping').message });
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
