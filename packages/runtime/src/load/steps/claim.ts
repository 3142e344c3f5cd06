import { compareColumns } from '../../contract/diff/compare-columns';
import type { Contract, Dataset, DerivedColumn } from '../../contract/contract';
import { requireContract } from '../../contract/parse-contract';
import { userError } from '../../errors/pipeline-error';
import { listCommits, readEntries } from '../../run/commit-log';
import { attemptId } from '../../run/ids';
import { commitLogPrefix } from '../../run/keys';
import type { CuratedManifest } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import { DOCUMENT_HEAD, planRef, writeItems } from '../../run/work';
import { parseLoadInput, type LoadInput } from '../load-input';
import type { HeldCommit, LoadColumn, LoadItem, LoadPlan, LoadUnit, Overtaken } from '../load-plan';
import { outsideWindow, writeClaim, writeOutcome } from '../outcome';
import { readPace } from '../pace/load-pace';
import { planLoad, windowTooShort } from '../pace/plan-load';
import type { WindowPlan } from '../pace/fit-window';
import { packParts } from '../pack-parts';
import { keepWindow, type LoadTime } from '../schedule/keep-window';
import { selectCommits, type CuratedEntry, type Selection } from '../select-commits';
import type { LoadSettings, WriteMode } from '../settings';
import { loadIdOf, stagingTable } from '../staging';
import type { TableName } from '../table-name';
import type { ReadCredentials } from '../target/credentials';
import type { TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { writeModesOf } from '../write-modes';

type Call = StepCall<LoadSettings>;

/** A table that somebody reads for longer stays for the next claim. */
const SWEEP_WAIT_SECONDS = 2;

/** All about one dataset that the claim needs. */
interface Candidate {
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly writeMode: WriteMode;
  /** Commits that the ledger did not have when the claim began. */
  readonly entries: readonly CuratedEntry[];
}

interface Claimed extends Candidate {
  /** 0 where there was nothing to claim. */
  readonly epoch: bigint;
  /** `load` is what this attempt takes; `later` what the window leaves for the next one. */
  readonly selection: Selection & { readonly later: Selection['load'] };
  /** Ids of the loads that are in the table. */
  readonly published: ReadonlySet<string>;
}

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
  const access = { target: settings.target, credentials: deps.credentials, lockTimeoutSeconds: settings.lockTimeoutSeconds, report, signal };

  const { claimed, connections, window } = await database.withSession(access, 'claim', async (session) => {
    try {
      await session.exclusively(settings.ledgerSchema, () => session.ensureLedger(settings.ledgerSchema, settings.manageSchema));
      const candidates = await readCandidates(session, call, contract);
      const { connections, window } = await prepare(session, call, candidates, { time, now });
      const chosen = await session.exclusively(settings.ledgerSchema, () => claimAll(session, call, input, candidates, window));
      await sweep(session, call, chosen);
      return { claimed: chosen, connections, window };
    } catch (error) {
      throw database.failure(error, 'claiming the target');
    }
  });

  const items = itemsOf(claimed.flatMap((one) => unitsOf(one, settings)), claimed, settings.connections);
  const units = claimed.flatMap((one) => unitsOf(one, settings)).map((unit, index) => withWindow(unit, index, items, window));
  const held = claimed.flatMap(({ dataset, selection }) => selection.held.map(
    ({ entry, reason }): HeldCommit => ({ dataset: dataset.name, seq: entry.seq, reason }),
  ));
  for (const commit of held) report.say('LOAD_W1003', { ...commit });
  for (const { dataset, selection } of claimed) {
    if (selection.expired.length > 0) report.say('LOAD_I1007', { dataset: dataset.name, commits: selection.expired.length, seq: selection.expired.at(-1)!.seq });
  }
  const refused = (window?.refused ?? []).map(({ unit: { dataset, seq }, reason }): HeldCommit => ({ dataset, seq, reason }));
  if (units.length === 0 && refused.length > 0) throw windowTooShort(refused);
  const plan: LoadPlan = {
    ...DOCUMENT_HEAD, pipeline: settings.pipeline, slot: input.slot, attempt: input.attempt,
    ...(time.deadline === undefined ? {} : { deadline: time.deadline }),
    ...(window?.stageUntil === undefined ? {} : { stageUntil: window.stageUntil.toISOString() }),
    units, held, expired: counted(claimed, ({ expired }) => expired.length), later: counted(claimed, ({ later }) => later.length),
    ...(refused.length === 0 ? {} : { refused }), datasets: contract.datasets.map(({ name }) => name),
  };
  await store.putJson(planRef(folder), plan, { signal });
  const list = await writeItems(store, folder, items, { signal });
  const output = units.length > 0 ? undefined : await writeOutcome(store, folder, plan, new Map(), signal);
  if (output !== undefined) report.say('LOAD_I1002', { attemptId: attemptId(input.slot, input.attempt) });
  const until = plan.stageUntil ?? plan.deadline;
  // Last, because the state machine goes by it.
  await writeClaim(store, folder, {
    ...DOCUMENT_HEAD, items: list, plan: planRef(folder), connections, ...(until === undefined ? {} : { until }), ...(output === undefined ? {} : { output }),
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

/** What is found out before anything is claimed: whether the target is ready, and what the window can hold. */
async function prepare(
  session: TargetSession, call: Call, candidates: readonly Candidate[],
  { time, now }: { readonly time: LoadTime & { readonly mayStart: true }; readonly now: Date },
): Promise<{ readonly connections: number; readonly window?: WindowPlan }> {
  const { settings, store, signal, report } = call;
  const selected = [];
  for (const candidate of candidates) selected.push({ ...candidate, load: (await select(session, call, candidate)).selection.load });
  const busy = selected.filter(({ load }) => load.length > 0);
  if (busy.length === 0) return { connections: settings.connections };
  const there = [];
  for (const one of busy) if (await session.exists(one.target)) there.push(one);
  const connections = await session.preflight({ settings, tables: there, report });
  const pending = busy.flatMap(({ dataset, target, writeMode, load }) => load.map(({ entry }) => (
    { dataset: dataset.name, writeMode: writeMode.mode, entry, loadId: idOf(entry, dataset, target, settings) })));
  const pace = time.deadline === undefined ? undefined : await readPace(store, settings, signal);
  return { connections, window: await planLoad(session, pending, { settings: { ...settings, connections }, time, pace, now, report }) };
}

function withWindow(unit: Omit<LoadUnit, 'items'>, index: number, items: readonly LoadItem[], window: WindowPlan | undefined): LoadUnit {
  const planned = window?.take.find(({ unit: { dataset, seq } }) => dataset === unit.dataset && seq === unit.seq);
  const first = items.findIndex((item) => item.unit === index);
  return {
    ...unit, items: { first, count: items.filter((item) => item.unit === index).length },
    ...(planned?.publishSeconds === undefined ? {} : { publishSeconds: Math.round(planned.publishSeconds) }),
  };
}

function counted(claimed: readonly Claimed[], count: (selection: Claimed['selection']) => number): Record<string, number> {
  return Object.fromEntries(claimed.map(({ dataset, selection }) => [dataset.name, count(selection)] as const).filter(([, commits]) => commits > 0));
}

async function readContract({ settings, store, signal }: Call): Promise<Contract> {
  const { bucket, key } = settings.contract;
  const found = await store.getText(settings.contract, { signal });
  if (found === undefined) throw userError('CONTRACT', `there is no contract at s3://${bucket}/${key}; deploy the stage again`, { bucket, key });
  return requireContract(found.value, key);
}

/** Reads of each log only what the ledger does not have: a log of years is listed, never read again. */
async function readCandidates(session: TargetSession, { settings, store, signal }: Call, contract: Contract): Promise<Candidate[]> {
  const modes = writeModesOf(settings, contract.datasets);
  const candidates: Candidate[] = [];
  for (const dataset of contract.datasets) {
    const log = { bucket: settings.curatedBucket, prefix: commitLogPrefix('curated', settings.pipeline, dataset.name) };
    const target = { schema: settings.targetSchema, table: dataset.table };
    const ledger = await session.readLedger(settings.ledgerSchema, target, { pipeline: settings.pipeline, dataset: dataset.name });
    const seen = new Set(ledger.map(({ seq }) => seq));
    const unseen = (await listCommits(store, log, 0, { signal })).filter((seq) => !seen.has(seq));
    const entries = await readEntries<CuratedManifest>(store, log, unseen, { signal });
    candidates.push({ dataset, target, writeMode: modes.get(dataset.name) as WriteMode, entries });
  }
  return candidates;
}

/**
 * What no other load does meanwhile. Epochs first and in one order, so that two claims wait for each other and never
 * deadlock; then the ledger, which stands still once the epoch is ours; then tables.
 */
async function claimAll(
  session: TargetSession, call: Call, input: LoadInput, candidates: readonly Candidate[], window: WindowPlan | undefined,
): Promise<Claimed[]> {
  const { settings, report } = call;
  const by = { pipeline: settings.pipeline, attemptId: attemptId(input.slot, input.attempt) };
  const claimed: Claimed[] = [];
  const epochs = new Map<Candidate, bigint>();
  for (const candidate of [...candidates].sort((a, b) => (a.target.table < b.target.table ? -1 : 1))) {
    // Whoever has nothing to do does not disturb a load that runs.
    if ((await select(session, call, candidate, window)).selection.load.length > 0) epochs.set(
      candidate, await session.claimEpoch(settings.ledgerSchema, candidate.target, by),
    );
  }
  for (const [{ target }, epoch] of epochs) await session.settle(settings.ledgerSchema, target, epoch);
  for (const candidate of candidates) {
    const { selection, published } = await select(session, call, candidate, window);
    const epoch = epochs.get(candidate);
    if (epoch === undefined) {
      claimed.push({ ...candidate, epoch: 0n, selection: { ...selection, load: [] }, published });
      continue;
    }
    const one = { ...candidate, epoch, selection, published };
    const made = await session.ensureTarget(candidate.target, candidate.dataset, candidate.writeMode, settings.manageSchema);
    const table = `${candidate.target.schema}.${candidate.target.table}`;
    if (made === 'made') report.say('LOAD_I1006', { table });
    const units = unitsOf(one, settings);
    for (const unit of units) {
      await session.ensureStaging(unit.staging, candidate.dataset, {
        pipeline: settings.pipeline, dataset: unit.dataset, target: unit.target, loadId: unit.loadId,
      });
    }
    report.say('LOAD_I1001', { epoch, table, dataset: candidate.dataset.name, units: units.length, parts: units.reduce((sum, unit) => sum + unit.parts, 0) });
    claimed.push(one);
  }
  return claimed;
}

async function select(
  session: TargetSession, { settings }: Call, { dataset, target, writeMode, entries }: Candidate, window?: WindowPlan,
): Promise<Pick<Claimed, 'selection' | 'published'>> {
  const ledger = await session.readLedger(settings.ledgerSchema, target, { pipeline: settings.pipeline, dataset: dataset.name });
  const selection = selectCommits(entries, ledger, writeMode, settings.gaps);
  const taken = window && new Set(window.take.filter(({ unit }) => unit.dataset === dataset.name).map(({ unit }) => unit.seq));
  const isTaken = ({ entry }: Selection['load'][number]): boolean => taken?.has(entry.seq) ?? true;
  return {
    selection: { ...selection, load: selection.load.filter(isTaken), later: selection.load.filter((one) => !isTaken(one)) },
    published: new Set(ledger.map(({ loadId }) => loadId)),
  };
}

function unitsOf({ dataset, target, writeMode, epoch, selection }: Claimed, settings: LoadSettings): Omit<LoadUnit, 'items'>[] {
  return selection.load.map(({ entry, overtaken }) => {
    const { manifest } = entry;
    const loadId = idOf(entry, dataset, target, settings);
    return {
      ...commitOf(entry), dataset: dataset.name, loadId, epoch: String(epoch), target, staging: stagingTable(
        settings.ledgerSchema, dataset.name, loadId,
      ),
      writeMode, columns: columnsOf(entry, dataset), parts: manifest.parts.length,
      records: manifest.parts.reduce((sum, part) => sum + part.records, 0), overtaken: overtaken.map(commitOf),
    };
  });
}

function commitOf({ seq, key, manifest }: CuratedEntry): Overtaken {
  return { seq, ingestSeq: manifest.ingestSeq, attemptId: manifest.attemptId, manifestKey: key, contractVersion: manifest.contract.version };
}

function idOf({ seq, manifest }: CuratedEntry, dataset: Dataset, target: TableName, settings: LoadSettings): string {
  const of = { pipeline: settings.pipeline, dataset: dataset.name, target, seq, attemptId: manifest.attemptId };
  return loadIdOf(of, dataset, targetOf(settings.target).typeOf);
}

/** Columns that contract and manifest have in common. Throws `COLUMNS` where the schema policy forbids a difference. */
function columnsOf({ seq, manifest }: CuratedEntry, dataset: Dataset): LoadColumn[] {
  const carried = manifest.columns as readonly DerivedColumn[];
  const errors = compareColumns(carried, dataset).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const text = errors.map(({ message, fix }) => `${message}; ${fix}`).join('; ');
    throw userError('COLUMNS', `commit ${seq} of ${dataset.name} (contract ${manifest.contract.version}) does not fit this stage's contract: ${text}`, { dataset: dataset.name, seq, columns: errors.map(({ column }) => column) });
  }
  return dataset.columns.flatMap(({ name, type }) => {
    const stored = carried.find((column) => column.name === name);
    return stored === undefined ? [] : [{ name, type, stored: stored.type }];
  });
}

function itemsOf(units: readonly Omit<LoadUnit, 'items'>[], claimed: readonly Claimed[], connections: number): LoadItem[] {
  return units.flatMap((unit, index) => {
    const candidate = claimed.find(({ dataset }) => dataset.name === unit.dataset) as Claimed;
    const { manifest } = candidate.entries.find(({ seq }) => seq === unit.seq) as CuratedEntry;
    const item = { unit: index, dataset: unit.dataset, seq: unit.seq, loadId: unit.loadId, epoch: unit.epoch, staging: unit.staging };
    return packParts(manifest.parts, connections).map((parts): LoadItem => ({ ...item, parts }));
  });
}

/** Drops staging tables that no load needs any more. A table that somebody reads stays for the next time. */
async function sweep(session: TargetSession, { settings, report }: Call, claimed: readonly Claimed[]): Promise<void> {
  for (const { dataset, target, epoch, selection, published } of claimed) {
    const waiting = new Set([...selection.load, ...selection.later, ...selection.held].map(({ entry }) => idOf(entry, dataset, target, settings)));
    for (const table of await session.leftoverStaging(settings.ledgerSchema, {
      pipeline: settings.pipeline, dataset: dataset.name, target,
    }, waiting)) {
      const isPublished = published.has(table.loadId);
      if (!isPublished && epoch === 0n) continue;
      const staging = `${table.schema}.${table.table}`;
      try {
        await session.exclusively(settings.ledgerSchema, async () => {
          // Whoever is fenced has an old idea of what is needed; what is published nobody needs, by anybody's idea.
          if (!isPublished) await session.requireEpoch(settings.ledgerSchema, target, epoch, 'share');
          await session.dropStaging(table, table.loadId, SWEEP_WAIT_SECONDS);
        });
        report.say('LOAD_I1004', { staging });
      } catch (error) {
        report.say('LOAD_W1005', { staging, reason: targetOf(settings.target).failure(error, 'dropping').message });
      }
    }
  }
}
