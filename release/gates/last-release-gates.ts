import * as path from 'node:path';
import { baselineTree } from '../baseline';
import type { Gates } from '../collect-plans';
import type { Finding } from '../finding';
import { fileAt } from '../history';
import { FIXTURES, type UpgradeFixture } from '../fixtures';
import { readJson } from '../packages';
import { loadConstructs, synthFixtures } from '../synth-fixtures';
import { commandApiFindings } from './command-api';
import { constructApiFindings } from './construct-api';
import { dependencyFindings } from './dependencies';
import { resourceFindings } from './resources';
import { runContractFindings } from './run-contract';

/** Construct ids of the stages in the fixtures, by package. */
export const STAGE_IDS: Readonly<Record<string, string>> = {
  'packages/ingest-construct': 'Ingest', 'packages/curate-construct': 'Curate', 'packages/rds-loader-construct': 'Load',
};

/** Every gate, against the tree of the last tag. The packages of now must be built. */
export function lastReleaseGates(root: string, outdir: string, say: (line: string) => void): Gates {
  return async (candidate, last, inputs) => {
    const { name, folder, kind } = candidate;
    say(`${name}: builds ${last.tag}`);
    const tree = baselineTree(root, candidate, last);
    const files = (file: string) => fileAt(root, last.tag, file) ?? '{}';
    const findings: Finding[] = dependencyFindings(
      { manifest: JSON.parse(files(`${folder}/package.json`)), lock: JSON.parse(files('package-lock.json')) },
      { manifest: readJson(root, folder, 'package.json'), lock: readJson(root, 'package-lock.json') }, inputs.thirdParty,
    );
    say(`${name}: compares the API`);
    if (kind === 'command') {
      const entry = (of: string) => path.join(of, folder, 'src/index.ts');
      const runtime = 'packages/runtime/src';
      return [...findings, ...commandApiFindings(entry(tree), entry(root), { '@headrace/runtime': [path.join(root, runtime, 'index.ts')], '@headrace/runtime/*': [path.join(root, runtime, '*')] })];
    }
    findings.push(...await constructApiFindings(path.join(tree, folder), path.join(root, folder)));
    say(`${name}: compares the resources of ${FIXTURES[folder]?.length ?? 0} apps`);
    const fixtures = [...fixturesOf(tree, folder), ...FIXTURES[folder] ?? []]
      .filter(({ name: each }, index, all) => all.findIndex((other) => other.name === each) === index);
    const [before, now] = [tree, root].map((of) => synthFixtures(fixtures, loadConstructs(path.join(of, folder)), outdir));
    findings.push(...resourceFindings(before!, now!, STAGE_IDS[folder] ?? ''));
    say(`${name}: compares the run contract`);
    return [...findings, ...runContractFindings(root, tree)];
  };
}

/** Apps as the last release had them: those of now may have been adapted to what broke. */
function fixturesOf(tree: string, folder: string): readonly UpgradeFixture<never>[] {
  const file = path.join(tree, 'release/fixtures/index.ts');
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return (require(file) as { FIXTURES: typeof FIXTURES }).FIXTURES[folder] ?? [];
  } catch (error) {
    // A release from before there were fixtures.
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return [];
    throw error;
  }
}
