import { mkdtempSync } from 'node:fs';
import * as path from 'node:path';
import { baselineTree } from '../../baseline';
import { lastRelease } from '../../history';
import { releasedPackages } from '../../packages';
import { lastAlone, mixedRunFindings, type StageFinding } from './mixed-run-findings';
import { STAGE_FOLDERS, STAGES, stageReleases, type Stage, type StageRelease } from './stage-release';

export { lastAlone, mixedRunFindings, type StageFinding } from './mixed-run-findings';
export type { MixedRun } from './run-mixed';
export { STAGE_FOLDERS, STAGES, stageReleases, type Stage, type StageReleases } from './stage-release';

/**
 * Each stage's last release and the others of now run one batch together in the local runner, and the other way round.
 *
 * @param outdir for source, assembly and state of the runs
 * @param stages as far as the batch goes, from ingest on
 */
export async function lastReleaseRuns(
  root: string, outdir: string, say: (line: string) => void, stages: readonly Stage[] = STAGES,
): Promise<StageFinding[]> {
  const releases = stageReleases(root, lastStages(root));
  const differing = stages.filter((stage) => releases[stage].length > 1);
  if (differing.length === 0) {
    say('runs of two releases: every stage is as in its last release, so there is nothing to run together');
    return [];
  }
  const count = stages.reduce((product, stage) => product * releases[stage].length, 1);
  say(`runs of two releases: one batch through each of ${count} combinations of ${differing.map((stage) => `${stage} ${releases[stage].map(({ label }) => label).join(' and ')}`).join(', ')}`);
  // Loaded now, as it needs the built command: writing versions, which loads this file too, comes before the build.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { runMixed } = require('./run-mixed') as typeof import('./run-mixed');
  const runs = await runMixed(releases, mkdtempSync(path.join(outdir, 'runs-')), stages);
  const alone = lastAlone(releases, runs)?.failed;
  if (alone !== undefined) say(`runs of two releases: those of the last release do not run in the local runner of now, so less can be said: ${alone.stage}: ${alone.why}`);
  return mixedRunFindings(releases, runs);
}

function lastStages(root: string): Partial<Record<Stage, Omit<StageRelease, 'age'>>> {
  const packages = releasedPackages(root);
  return Object.fromEntries(STAGES.flatMap((stage) => {
    const released = packages.find(({ folder }) => folder === STAGE_FOLDERS[stage]);
    const last = released === undefined ? undefined : lastRelease(root, released.name);
    return released === undefined || last === undefined ? [] : [[stage, { label: last.version, tree: baselineTree(root, released, last) }]];
  }));
}
