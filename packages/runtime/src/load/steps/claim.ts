import type { Contract } from '../../contract/contract';
import { requireContract } from '../../contract/parse-contract';
import { userError } from '../../errors/pipeline-error';
import { attemptId } from '../../run/ids';
import type { StepCall } from '../../run/task';
import { DOCUMENT_HEAD, planRef, writeItems } from '../../run/work';
import { readCandidates, type Candidate, type Claimed } from '../claim/candidates';
import { claimTables, sweepStaging } from '../claim/claim-tables';
import { idOf, itemsOf, unitsOf, withWindow } from '../claim/load-units';
import { keepLease } from '../lease/keep-lease';
import type { LeaseClaimant } from '../lease/lease';
import type { DdlAuthor } from '../ledger/ddl-author';
import { parseLoadInput, type LoadInput } from '../load-input';
import type { HeldCommit, LoadPlan, RefusedCommit } from '../load-plan';
import { outsideWindow, writeClaim, writeOutcome } from '../outcome';
import type { WindowPlan } from '../pace/fit-window';
import { readPace } from '../pace/load-pace';
import { planLoad } from '../pace/plan-load';
import { refusedCommits } from '../refused-commits';
import { keepWindow, type LoadTime } from '../schedule/keep-window';
import { selectCommits } from '../select-commits';
import type { LoadSettings } from '../settings';
import { freeBytesOf } from '../space/free-bytes';
import { planSpace } from '../space/plan-space';
import type { ReadCredentials } from '../target/credentials';
import { accessOf, type TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';

type Call = StepCall<LoadSettings>;

export interface ClaimDeps {
  readonly credentials: ReadCredentials;
  readonly now?: () => Date;
}

/**
 * Decides what this attempt loads and takes the right to do so: one short transaction on the target, then
 * `plan.json`, `items.json` and `claim.json`.
 */
export async function claim(call: Call, deps: ClaimDeps): Promise<object> {
  const { settings, store, signal, report, pointer, folder } = call;
  const input = parseLoadInput(pointer.input, settings.pipeline);
  const contract = await readContract(call);
  const now = deps.now?.() ?? new Date();
  const time = keepWindow({ window: settings.window, operation: input.operation, deadline: input.deadline, now });
  if (!time.mayStart) return refuse(call, input, contract, time);
  const database = targetOf(settings.target);
  const access = accessOf(call, deps.credentials);
  const by: DdlAuthor & LeaseClaimant = {
    slot: input.slot,
    ledgerSchema: settings.ledgerSchema, pipeline: settings.pipeline, attemptId: attemptId(input.slot, input.attempt),
    contractVersion: contract.version, contractSha256: contract.sha256, codeVersion: settings.codeVersion,
  };

  const { claimed, connections, window } = await database.withSession(access, 'claim', async (session) => {
    try {
      // Before the first statement that writes, which would be told in the server's words.
      await session.requireWriter(settings.target);
      await session.exclusively(settings.ledgerSchema, () => session.ensureLedger(settings.ledgerSchema, settings.manageSchema, by));
      const candidates = await readCandidates(session, call, contract);
      const { connections, window } = await prepare(session, call, candidates, { time, now });
      const chosen = await session.exclusively(settings.ledgerSchema, () => claimTables(session, call, by, candidates, window));
      // What a dead load left may take long: statements of the owner, and tables that somebody reads.
      const lease = { settings, plan: { pipeline: settings.pipeline, slot: input.slot, attempt: input.attempt }, access };
      await keepLease(lease, () => sweepStaging(session, call, { by, access }, chosen));
      // Nobody of this slot is at work: what a dead attempt held, or this one took before it saw that all is done.
      if (chosen.every(({ selection }) => selection.load.length === 0)) await session.releaseLease(settings.ledgerSchema, by, true);
      return { claimed: chosen, connections, window };
    } catch (error) {
      const failure = database.failure(error, 'claiming the target');
      // Where tables have no transactions, the lease is there although the claim is not.
      if (failure.kind === 'terminal' && failure.code !== 'LEDGER_MISSING') await session.releaseLease(settings.ledgerSchema, by, false).catch(() => undefined);
      throw failure;
    }
  });

  const claimedUnits = claimed.flatMap((one) => unitsOf(one, settings));
  const items = itemsOf(claimedUnits, claimed, connections);
  const units = claimedUnits.map((unit, index) => ({
    ...withWindow(unit, index, items, window), ...(input.allowDeletes[unit.dataset] === unit.seq ? { allowDeletes: true as const } : {}),
  }));
  for (const [dataset, seq] of Object.entries(input.allowDeletes)) {
    if (!units.some((unit) => unit.dataset === dataset && unit.seq === seq)) report.say('LOAD_W1016', { dataset, seq });
  }
  const held = claimed.flatMap(({ dataset, selection }) => selection.held.map(
    ({ entry, reason }): HeldCommit => ({ dataset: dataset.name, seq: entry.seq, reason }),
  ));
  for (const commit of held) report.say('LOAD_W1003', { ...commit });
  for (const { dataset, selection } of claimed) {
    if (selection.expired.length > 0) report.say('LOAD_I1007', { dataset: dataset.name, commits: selection.expired.length, seq: selection.expired.at(-1)!.seq });
  }
  const refused = (window?.refused ?? []).map(({ unit: { dataset, seq }, reason, code }): RefusedCommit => (
    { dataset, seq, reason, ...(code === undefined ? {} : { code }) }));
  if (units.length === 0 && refused.length > 0) throw refusedCommits(refused);
  const plan: LoadPlan = {
    ...DOCUMENT_HEAD, pipeline: settings.pipeline, slot: input.slot, attempt: input.attempt,
    ...(time.deadline === undefined ? {} : { deadline: time.deadline }),
    ...(window?.stageUntil === undefined ? {} : { stageUntil: window.stageUntil.toISOString() }),
    ...(settings.maxBytesPerSecond === undefined ? {} : { bytesPerSecond: shareOf(settings.maxBytesPerSecond, Math.min(connections, items.length)) }),
    units, held, busy: Object.fromEntries(claimed.flatMap(({ dataset, busy }) => (busy === undefined ? [] : [[dataset.name, busy]]))),
    expired: counted(claimed, ({ expired }) => expired.length), later: counted(claimed, ({ later }) => later.length),
    ...(refused.length === 0 ? {} : { refused }), datasets: contract.datasets.map(({ name }) => name),
  };
  await store.putJson(planRef(folder), plan, { signal });
  const list = await writeItems(store, folder, items, { signal });
  const output = units.length > 0 ? undefined : await writeOutcome(store, folder, plan, new Map(), signal);
  if (output !== undefined) report.say('LOAD_I1002', { attemptId: attemptId(input.slot, input.attempt) });
  const until = plan.stageUntil ?? plan.deadline;
  // Last, because the state machine goes by it.
  await writeClaim(store, folder, {
    ...DOCUMENT_HEAD, items: list, plan: planRef(folder), connections,
    ...(until === undefined ? {} : { until }), ...(output === undefined ? {} : { output }),
  }, signal);
  return { items: list.count, units: units.length, held: held.length };
}

/** Ends a load that was started outside of its window: no connection, no claim, and no failure, since nothing is wrong. */
async function refuse(
  { settings, store, signal, report, folder }: Call, input: LoadInput, contract: Contract, time: LoadTime & { readonly mayStart: false },
): Promise<object> {
  const { reason, opens } = time;
  report.say('LOAD_W1009', { reason });
  const { slot, attempt } = input;
  const datasets = contract.datasets.map(({ name }) => name);
  const output = outsideWindow({ pipeline: settings.pipeline, slot, attempt, datasets }, { reason, opens });
  await writeClaim(store, folder, {
    ...DOCUMENT_HEAD, items: await writeItems(store, folder, [], { signal }), plan: planRef(folder), connections: settings.connections, output,
  }, signal);
  return { items: 0, units: 0, held: 0 };
}

/** What is found out before anything is claimed: whether the target is ready, and what the window and its disk can hold. */
async function prepare(
  session: TargetSession, call: Call, candidates: readonly Candidate[],
  { time, now }: { readonly time: LoadTime & { readonly mayStart: true }; readonly now: Date },
): Promise<{ readonly connections: number; readonly window?: WindowPlan }> {
  const { settings, store, signal, report, pointer } = call;
  const busy = candidates
    .map((one) => ({ ...one, load: selectCommits(one.entries, one.ledger, one.writeMode, settings.gaps, one.since).load }))
    .filter(({ load }) => load.length > 0);
  if (busy.length === 0) return { connections: settings.connections };
  const there: typeof busy = [];
  for (const one of busy) if (await session.exists(one.target)) there.push(one);
  const connections = await session.preflight({ settings, tables: there, report });
  const pending = busy.flatMap((one) => one.load.map(({ entry }) => ({
    dataset: one.dataset.name, writeMode: one.writeMode.mode, entry, loadId: idOf(entry, one.dataset, one.target, settings),
    columns: one.dataset.columns, keyed: one.dataset.primaryKey.length > 0, missing: !there.includes(one),
  })));
  const pace = time.deadline === undefined ? undefined : await readPace(store, settings, signal);
  const window = await planLoad(session, pending, { settings: { ...settings, connections }, time, pace, now, report });
  return { connections, window: await planSpace(session, pending, { settings, freeBytes: freeBytesOf(pointer.previous), window, report }) };
}

function counted(claimed: readonly Claimed[], count: (selection: Claimed['selection']) => number): Record<string, number> {
  return Object.fromEntries(claimed.map(({ dataset, selection }) => [dataset.name, count(selection)] as const).filter(([, commits]) => commits > 0));
}

/** What each of the tasks that copy at the same time may send. */
function shareOf(bytesPerSecond: number, tasks: number): number {
  return Math.floor(bytesPerSecond / Math.max(1, tasks));
}

async function readContract({ settings, store, signal }: Call): Promise<Contract> {
  const { bucket, key } = settings.contract;
  const found = await store.getText(settings.contract, { signal });
  if (found === undefined) throw userError('CONTRACT', `there is no contract at s3://${bucket}/${key}; deploy the stage again`, { bucket, key });
  return requireContract(found.value, key);
}
