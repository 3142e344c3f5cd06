import type { Contract, PublishedLine } from '../../contract';
import { appendCommit, type AppendOutcome } from '../../run/commit-log';
import type { FunctionCall } from '../../run/function-handler';
import type { CuratedManifest, CuratedPart, QuarantinePart } from '../../run/manifest';
import { curatedLog } from '../curated-log';
import type { CuratePlan } from '../documents';
import type { CurateSettings } from '../settings';
import type { PublishedState } from './published-object';
import type { Removals } from './removals';
import { requireUnusedIds } from './require-unused-ids';
import type { UnitCatalog } from './unit-catalog';

/** What all commits of an execution share. */
export interface CommitContext {
  readonly call: FunctionCall;
  readonly settings: CurateSettings;
  readonly contract: Contract;
  readonly plan: CuratePlan;
}

/** Where the commits of one dataset go. One state for all of them, which reads each commit of the log once. */
export interface DatasetTarget {
  readonly catalog: UnitCatalog;
  readonly state: PublishedState;
  readonly removals: Removals;
}

/** What a unit or a compaction adds: to the catalog its files, to the log a commit. */
export interface Registered {
  readonly dataset: string;
  readonly unitId: string;
  readonly ingestSeq: number;
  readonly parts: readonly CuratedPart[];
  readonly quarantine?: readonly QuarantinePart[];
  /** Rows of the parts, and records in quarantine. */
  readonly counts: { readonly written: number; readonly rejected: number };
  /**
   * The commit under a number, or undefined where there is none to make any more. Called before each try of a number, so of two that would take
   * the same place only one does.
   *
   * @param lines of all commits before that number
   */
  readonly manifest: (seq: number, lines: readonly PublishedLine[]) => CuratedManifest | undefined;
}

/** Registers and commits. What is not committed is taken out of the catalog again. */
export async function commitRegistered(
  { call: { store, signal, report }, settings, plan }: CommitContext, registered: Registered, { catalog, state, removals }: DatasetTarget,
): Promise<AppendOutcome<CuratedManifest>> {
  const { dataset, unitId, ingestSeq, parts, quarantine, counts } = registered;
  const requireUnused = (lines: readonly PublishedLine[]): Promise<void> => (
    requireUnusedIds(removals, { ...plan, dataset }, [unitId], lines, { signal })
  );
  const forget = (): Promise<void> => catalog.forget(unitId, parts, quarantine);
  // Before the catalog points to its files, and again where nobody can come in between.
  await requireUnused(state.lines);
  await catalog.register(unitId, parts, quarantine);
  const result = await appendCommit<CuratedManifest>(store, curatedLog(settings, dataset), async (seq, previous) => {
    const lines = await state.before(seq, signal, previous);
    await requireUnused(lines).catch(async (error: unknown) => {
      await forget();
      throw error;
    });
    return registered.manifest(seq, lines);
  }, { signal });
  if (result.outcome !== 'nothing' && result.manifest.attemptId === unitId) {
    report.say('CURATE_I1301', { dataset, unitId, seq: result.seq, files: parts.length, ...counts });
    return result;
  }
  if (result.outcome === 'nothing') report.say('CURATE_I1306', { dataset, unitId });
  else report.say('CURATE_I1302', { dataset, unitId, ingestSeq, seq: result.seq });
  await forget();
  return result;
}
