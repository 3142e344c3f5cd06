import { derivedColumns, type Contract, type Dataset } from '../../contract';
import { appendCommit, type AppendOutcome } from '../../run/commit-log';
import { removalId } from '../../run/ids';
import { SCHEMA_VERSION, type CuratedManifest } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { curatedLog } from '../curated-log';
import type { CuratePlan } from '../documents';
import type { PublishedState } from '../publish/published-object';
import type { CurateSettings } from '../settings';
import { dueUnits } from './due-units';

export interface RemovalContext {
  readonly store: ObjectStore;
  readonly settings: CurateSettings;
  readonly contract: Contract;
  readonly plan: CuratePlan;
  readonly now: Date;
}

/**
 * Says in the log what goes, before anything does. Gives `nothing` where nothing is due, and no earlier try of this run has said so.
 *
 * What is due is read from the log before each try of a number, so a commit that came in between is never taken for gone.
 *
 * @param leftBehind units with objects that are old enough to belong to no execution any more, and that no removal has named yet
 */
export async function commitRemoval(
  { store, settings, contract, plan, now }: RemovalContext, dataset: Dataset, state: PublishedState, leftBehind: readonly string[],
  options: Abortable = {},
): Promise<AppendOutcome<CuratedManifest>> {
  return appendCommit<CuratedManifest>(store, curatedLog(settings, dataset.name), async (seq) => {
    const lines = await state.before(seq, options.signal);
    const known = new Set(lines.map(({ attempt_id: id }) => id));
    const { expired, removable } = dueUnits(lines, dataset, settings.supersededForSeconds, now);
    const removed = [...removable, ...leftBehind.filter((id) => !known.has(id))];
    // What an earlier try has committed is not due any more, and is found by the identity of the commit: it is what this run did.
    const isDone = lines.some(({ kind, run_id: run }) => kind === 'removal' && run === plan.runId);
    if (expired.length === 0 && removed.length === 0 && !isDone) return undefined;
    const at = now.toISOString();
    return {
      schemaVersion: SCHEMA_VERSION, stage: 'curate', kind: 'removal', pipeline: settings.pipeline, dataset: dataset.name, seq,
      runId: plan.runId, attempt: plan.attempt, attemptId: removalId(plan.attemptId), committedAt: at,
      contract: { id: contract.id, version: contract.version, sha256: contract.sha256 },
      columns: derivedColumns(dataset), codeVersion: settings.codeVersion,
      // Readers that do not know removals sort it before every batch, and find nothing in it.
      engine: 'duckdb', ingestSeq: 0, ingestManifestKey: '', parts: [], quarantine: { parts: [], byCode: {} },
      balance: { parsed: 0, kept: 0, rejected: 0, written: 0, deduplicated: 0, filtered: 0 },
      supersedes: expired, removed, timing: { startedAt: plan.plannedAt, endedAt: at }, peakMemoryBytes: 0,
    };
  }, options);
}
