import { isBatch, isStanding, type Contract, type PublishedLine } from '../../contract';
import { userError } from '../../errors/pipeline-error';
import { readEntries, type LogEntry } from '../../run/commit-log';
import type { CuratedManifest, RawManifest } from '../../run/manifest';
import type { Abortable, ObjectStore } from '../../stores/object-store';
import { curatedLog, publishTarget, rawLog } from '../curated-log';
import type { CurateInput } from '../curate-input';
import { PublishedState } from '../publish/published-object';
import { Removals } from '../publish/removals';
import type { CurateSettings } from '../settings';

/** A raw commit that is curated again. */
export interface RerunCommit extends LogEntry<RawManifest> {
  /** The unit that holds its rows now. */
  readonly replaces: string;
}

/** What was found of one dataset. */
interface Chosen {
  readonly dataset: string;
  /** Whether its log has commits of the run that the input names. */
  readonly known: boolean;
  /** What stands in the place of that run's commits, where none of them stands. */
  readonly replacedBy: string | undefined;
  /** Whether the batches are past their retention, where none of them stands. */
  readonly isExpired: boolean;
  /** Commits of this very run, from an earlier attempt. */
  readonly done: number;
  readonly standing: readonly LogEntry<CuratedManifest>[];
  readonly changing: readonly LogEntry<CuratedManifest>[];
}

/**
 * The raw commits that a rerun reads again, by dataset and in commit order.
 *
 * Only batches whose result can differ are taken: those that another contract or another release curated. Throws
 * `RERUN_RUN`, `RERUN_SUPERSEDED` or `RERUN_NOTHING` where there is no work, unless an earlier attempt has done it.
 */
export async function rerunCommits(
  store: ObjectStore, settings: CurateSettings, contract: Contract, input: CurateInput, options: Abortable = {},
): Promise<Map<string, RerunCommit[]>> {
  const names = chosenDatasets(contract, input);
  const chosen = await Promise.all(names.map((name) => choose(store, settings, contract, input, name, options)));
  if (chosen.every(({ changing, done }) => changing.length === 0 && done === 0)) throw nothingToDo(chosen, contract, input);
  return new Map(await Promise.all(chosen.map(async ({ dataset, changing }) => {
    const raw = await readEntries<RawManifest>(store, rawLog(settings, dataset), changing.map(({ manifest }) => manifest.ingestSeq), options);
    return [dataset, raw.map((entry, index) => ({ ...entry, replaces: changing[index]!.manifest.attemptId }))] as const;
  })));
}

/** The datasets that an operation is asked for. Throws `INPUT` for a name that the contract does not have. */
export function chosenDatasets(contract: Contract, { only }: Pick<CurateInput, 'only'>): string[] {
  const names = contract.datasets.map(({ name }) => name);
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  if (unknown.length === 0) return names.filter((name) => only === undefined || only.includes(name));
  throw userError('INPUT', `state input: only names ${unknown.join(', ')}, which contract ${contract.id} does not have; it has ${names.join(', ')}`, { unknown });
}

async function choose(
  store: ObjectStore, settings: CurateSettings, contract: Contract, input: CurateInput, dataset: string, options: Abortable,
): Promise<Chosen> {
  const { lines } = await PublishedState.open(store, publishTarget(settings, dataset), options.signal);
  const batches = lines.filter(isBatch);
  const named = input.run === undefined ? batches : batches.filter((line) => line.run_id === input.run);
  const standing = (await readEntries<CuratedManifest>(store, curatedLog(settings, dataset), named.filter(isStanding).map(({ seq }) => seq), options))
    // What another raw commit took the place of holds no rows, and shall not.
    .filter(({ manifest }) => manifest.supersededBy === undefined && (input.rejected !== true || manifest.balance.rejected > 0))
    .sort((a, b) => a.manifest.ingestSeq - b.manifest.ingestSeq);
  const isExpired = named.length > 0 && !named.some(isStanding) && await hasExpired(new Removals(store, settings, dataset), named, lines, options);
  return {
    dataset, isExpired, known: named.length > 0, standing, replacedBy: named.some(isStanding) ? undefined : replacement(named, batches),
    done: batches.filter(({ kind, run_id: run }) => kind === 'rerun' && run === input.slot).length,
    changing: standing.filter(({ manifest }) => manifest.contract.sha256 !== contract.sha256 || manifest.codeVersion !== settings.codeVersion),
  };
}

/** Only retention takes batches out without another commit in their place. */
async function hasExpired(
  removals: Removals, named: readonly PublishedLine[], lines: readonly PublishedLine[], options: Abortable,
): Promise<boolean> {
  const past = new Set((await removals.among(lines, options)).flatMap(({ manifest: { supersedes } }) => supersedes));
  return named.some(({ attempt_id: id }) => past.has(id));
}

function replacement(named: readonly PublishedLine[], batches: readonly PublishedLine[]): string | undefined {
  const seqs = new Set(named.map(({ ingest_seq: seq }) => seq));
  return batches.filter((line) => isStanding(line) && seqs.has(line.ingest_seq)).at(-1)?.run_id;
}

function nothingToDo(chosen: readonly Chosen[], contract: Contract, input: CurateInput): Error {
  const { run, rejected } = input;
  const datasets = chosen.map(({ dataset }) => dataset).join(', ');
  const facts = { run, datasets: chosen.map(({ dataset }) => dataset) };
  if (run !== undefined && !chosen.some(({ known }) => known)) {
    return userError('RERUN_RUN', `no commit of ${datasets} is of run ${run}, so there is nothing to curate again; name a run of curate whose commit is in the log, or leave run out for all`, facts);
  }
  if (chosen.every(({ standing }) => standing.length === 0)) {
    const { dataset, replacedBy } = chosen.find(({ known }) => known) ?? chosen[0]!;
    const superseded = run !== undefined && chosen.every((each) => !each.known || each.replacedBy !== undefined);
    if (superseded) return userError('RERUN_SUPERSEDED', `the batches of run ${run} of ${dataset} were superseded, run ${replacedBy} stands in their place now; name that one, or leave run out`, { ...facts, replacedBy });
    const expired = chosen.filter(({ isExpired }) => isExpired).map((each) => each.dataset);
    if (expired.length > 0) {
      return userError(
        'RERUN_NOTHING', `${expired.join(', ')}: ${run === undefined ? 'all batches' : `the batches of run ${run}`} are past their retention, so there is nothing to curate again; `
          + 'a longer retention does not bring them back, land them again with ingest', { ...facts, expired },
      );
    }
    return userError('RERUN_NOTHING', `${datasets}: ${rejected === true ? `no batch${run === undefined ? '' : ` of run ${run}`} has records in quarantine` : 'no batch was curated yet'}, so there is nothing to curate again`, facts);
  }
  return userError(
    'RERUN_NOTHING', `${datasets}: contract ${contract.version} and this release curated ${run === undefined ? 'every batch' : `the batches of run ${run}`} already, so the result would be the same; `
      + 'mend the contract and deploy it, or land mended data with ingest', { ...facts, contract: contract.version },
  );
}
