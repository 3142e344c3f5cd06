import type { Finding } from '../../finding';
import type { MixedRun, Rows } from './run-mixed';
import { STAGES, type Age, type Stage, type StageReleases } from './stage-release';

/** A finding, and the stage whose change demands the bump. */
export interface StageFinding {
  readonly stage: Stage;
  readonly finding: Finding;
}

/**
 * What runs of stages of two releases say of an upgrade. A stage of now is to blame, be it the one that writes or the one that reads: the other
 * one is out there already.
 *
 * @throws where the stages of now do not even run with each other
 */
export function mixedRunFindings(releases: StageReleases, runs: readonly MixedRun[]): StageFinding[] {
  const label = (stage: Stage, age: Age | undefined) => `${stage} ${releases[stage].find((release) => release.age === age)?.label ?? 'of now'}`;
  const now = runs.find(({ ages }) => ages.every((age) => age === 'now'));
  if (now === undefined || now.failed !== undefined) {
    throw new Error(`the stages of now do not run one batch with each other, so none can be run with a last release: ${now?.failed?.stage ?? 'ingest'}: ${now?.failed?.why ?? 'it was not run'}`);
  }
  const last = lastAlone(releases, runs);
  const found = new Map<string, StageFinding>();
  const tell = (stage: Stage, finding: Finding) => {
    const key = `${stage} ${finding.subject} ${finding.what}`;
    if (!found.has(key)) found.set(key, { stage, finding });
  };
  for (const run of [...runs].sort((one, other) => changes(one) - changes(other))) {
    const at = run.failed?.stage ?? differsAt(run, now);
    if (at === undefined) continue;
    const through = STAGES.slice(0, run.ages.length).map((stage, index) => label(stage, run.ages[index])).join(', ');
    const old = STAGES.filter((_, index) => run.ages[index] === 'last');
    if (run.failed === undefined && last !== undefined && last.failed === undefined && differsAt(run, last) === undefined) {
      // Where more than one is of the last release, those runs with one alone tell which it is.
      if (old.length === 1) tell(old[0]!, changedRows(through, old[0]!, firstDifference(run, now)));
      continue;
    }
    const pair = pairOf(releases, run.ages, at);
    if (pair === undefined) continue;
    const newer = pair.wrote === 'now' ? pair.writer : pair.reader;
    const [writer, reader] = [label(pair.writer, pair.wrote), label(pair.reader, pair.wrote === 'now' ? 'last' : 'now')];
    tell(newer, run.failed === undefined
      ? otherRows(writer, reader, through, firstDifference(now, run)) : broken(writer, reader, newer === pair.reader, `${at} fails: ${run.failed.why}`));
  }
  return [...found.values()];
}

/** The run without a stage of now, where there is another release of it. */
export function lastAlone(releases: StageReleases, runs: readonly MixedRun[]): MixedRun | undefined {
  return runs.find(({ ages }) => ages.every((age, index) => age === 'last' || releases[STAGES[index]!].length === 1));
}

/** Runs with the fewest changes of release on their way tell the most. */
function changes({ ages }: MixedRun): number {
  return ages.filter((age, index) => index > 0 && age !== ages[index - 1]).length;
}

/**
 * Which two stages it is about, where it shows at a stage: the last one up to there, and the nearest before it that is of the other release. One
 * that is the same in both is of either. Undefined where all are of one release, so that nothing is mixed yet.
 */
function pairOf(releases: StageReleases, ages: readonly Age[], at: Stage): { writer: Stage; wrote: Age; reader: Stage } | undefined {
  const differing = STAGES.slice(0, STAGES.indexOf(at) + 1).filter((stage) => releases[stage].length > 1);
  const ageOf = (stage: Stage) => ages[STAGES.indexOf(stage)]!;
  const reader = differing.at(-1);
  const writer = reader === undefined ? undefined : [...differing].reverse().find((stage) => ageOf(stage) !== ageOf(reader));
  return reader === undefined || writer === undefined ? undefined : { writer, wrote: ageOf(writer), reader };
}

function differsAt(run: MixedRun, other: MixedRun): Stage | undefined {
  if (JSON.stringify(run.curated) !== JSON.stringify(other.curated)) return 'curate';
  return JSON.stringify(run.target) === JSON.stringify(other.target) ? undefined : 'load';
}

interface Difference { readonly place: string; readonly was: string; readonly is: string }

function firstDifference(before: MixedRun, after: MixedRun): Difference {
  for (const where of ['curated', 'target'] as const) {
    for (const [dataset, rows] of Object.entries(before[where] ?? {})) {
      const others = (after[where] as Rows)[dataset] ?? [];
      if (JSON.stringify(rows) === JSON.stringify(others)) continue;
      const [was, is] = [rows.filter((row) => !others.includes(row)), others.filter((row) => !rows.includes(row))];
      return { place: `${where === 'curated' ? 'curated' : 'loaded'} rows of ${dataset}`, was: text(was, rows), is: text(is, others) };
    }
  }
  return { place: 'rows', was: 'nothing', is: 'nothing' };
}

function text(own: readonly string[], all: readonly string[]): string {
  return `${all.length} rows${own.length === 0 ? '' : `, of them ${own.slice(0, 3).join(' ')}`}`;
}

function broken(writer: string, reader: string, readerIsNew: boolean, why: string): Finding {
  return {
    gate: 'run contract', subject: `${writer} → ${reader}`, what: 'do not run one batch together', is: why,
    consequence: readerIsNew
      ? `A team that upgrades ${reader.split(' ')[0]} alone gets no further with what ${writer} wrote, and writes on.`
      : `A team that upgrades ${writer.split(' ')[0]} alone gets no further: ${reader} fails at each batch from then on.`,
    advice: readerIsNew
      ? 'Read what the last release writes, beside what is new.'
      : 'Go on writing what the last release reads, beside what is new, for one release at least; or raise schemaVersion, and say in the upgrade notes which stage is upgraded first.',
    bump: 'major',
  };
}

function otherRows(writer: string, reader: string, through: string, { place, was, is }: Difference): Finding {
  return {
    gate: 'run contract', subject: `${writer} → ${reader}`, what: `give other ${place} than either release alone`, was, is,
    consequence: `Nothing fails, and rows are wrong or missing for as long as a team has ${through}.`, advice: 'Make both releases understand the same by the same documents.', bump: 'major',
  };
}

function changedRows(through: string, stage: Stage, { place, was, is }: Difference): Finding {
  return {
    gate: 'run contract', subject: `${stage} of now`, what: `gives other ${place} for the same source and contract`, was, is,
    consequence: `Rows of users change with the upgrade; those of ${through} are as they were with the last release.`,
    advice: 'Say in the commit which rows change and why; where the old ones were right, keep them.', bump: 'minor',
  };
}
