import type { Contract, Dataset } from '../../contract/contract';
import { listCommits, readEntries } from '../../run/commit-log';
import { commitLogPrefix } from '../../run/keys';
import type { CuratedManifest } from '../../run/manifest';
import type { StepCall } from '../../run/task';
import type { LeaseHolder } from '../lease/lease';
import type { LedgerRow } from '../ledger/ledger-row';
import type { WindowPlan } from '../pace/fit-window';
import { newestLoaded, selectCommits, type CuratedEntry, type Selection } from '../select-commits';
import type { LoadSettings, WriteMode } from '../settings';
import type { TableName } from '../table-name';
import type { TargetSession } from '../target/target-database';
import { guardOf } from '../write/guard-table';
import { writeModesOf } from '../write-modes';

type Call = StepCall<LoadSettings>;

/** All about one dataset that the claim needs. */
export interface Candidate {
  readonly dataset: Dataset;
  readonly target: TableName;
  readonly writeMode: WriteMode;
  /** Commits that the ledger did not have when the claim began. */
  readonly entries: readonly CuratedEntry[];
  /** The ledger as it was then. */
  readonly ledger: readonly LedgerRow[];
  /** What the write mode remembers knows nothing of batches before this ingest commit; 0 where that is none. */
  readonly since: number;
}

export interface Claimed extends Candidate {
  /** 0 where there was nothing to claim. */
  readonly epoch: bigint;
  /** `load` is what this attempt takes; `later` what the window leaves for the next one. */
  readonly selection: Selection & { readonly later: Selection['load'] };
  /** Who loads into the table now; this attempt then takes nothing. */
  readonly busy?: LeaseHolder;
  /** Ids of the loads that are in the table, with the number of rows that each had staged. */
  readonly published: ReadonlyMap<string, number>;
}

/** Reads of each log only what the ledger does not have: a log of years is listed, never read again. */
export async function readCandidates(session: TargetSession, { settings, store, signal }: Call, contract: Contract): Promise<Candidate[]> {
  const modes = writeModesOf(settings, contract.datasets);
  const candidates: Candidate[] = [];
  for (const dataset of contract.datasets) {
    const log = { bucket: settings.curatedBucket, prefix: commitLogPrefix('curated', settings.pipeline, dataset.name) };
    const target = { schema: settings.targetSchema, table: dataset.table };
    const ledger = await session.readLedger(settings.ledgerSchema, target, { pipeline: settings.pipeline, dataset: dataset.name });
    const seen = new Set(ledger.map(({ seq }) => seq));
    const unseen = (await listCommits(store, log, 0, { signal })).filter((seq) => !seen.has(seq));
    const entries = await readEntries<CuratedManifest>(store, log, unseen, { signal });
    const writeMode = modes.get(dataset.name) as WriteMode;
    const since = await knownSince(session, settings, { dataset, target, writeMode }, ledger);
    candidates.push({ dataset, target, writeMode, entries, ledger, since });
  }
  return candidates;
}

/** What of a dataset is loaded now, by the ledger and by what the window can hold. */
export async function select(
  session: TargetSession, { settings }: Call, { dataset, target, writeMode, entries }: Candidate, window?: WindowPlan,
): Promise<Pick<Claimed, 'selection' | 'published' | 'since'>> {
  const ledger = await session.readLedger(settings.ledgerSchema, target, { pipeline: settings.pipeline, dataset: dataset.name });
  const since = await knownSince(session, settings, { dataset, target, writeMode }, ledger);
  const selection = selectCommits(entries, ledger, writeMode, settings.gaps, since);
  const taken = window && new Set(window.take.filter(({ unit }) => unit.dataset === dataset.name).map(({ unit }) => unit.seq));
  const isTaken = ({ entry }: Selection['load'][number]): boolean => taken?.has(entry.seq) ?? true;
  return {
    selection: { ...selection, load: selection.load.filter(isTaken), later: selection.load.filter((one) => !isTaken(one)) },
    published: new Map(ledger.filter(({ outcome }) => outcome === 'loaded').map(({ loadId, staged }) => [loadId, staged])), since,
  };
}

/** A write mode that begins to remember knows nothing of what was loaded before, be it by another mode or before somebody dropped the table. */
async function knownSince(
  session: TargetSession, { ledgerSchema }: LoadSettings, { dataset, target, writeMode }: Pick<Candidate, 'dataset' | 'target' | 'writeMode'>, ledger: readonly LedgerRow[],
): Promise<number> {
  const guard = guardOf(ledgerSchema, target, dataset, writeMode);
  if (guard === undefined) return 0;
  return (await session.readGuard(guard))?.since ?? newestLoaded(ledger);
}
