import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { baselineTree, compiledBaseline } from '../baseline';
import { bundleProgram } from '../bundle-program';
import type { Gates } from '../collect-plans';
import type { Finding } from '../finding';
import { fileAt } from '../history';
import { FIXTURES, STAGE_IDS, type UpgradeFixture } from '../fixtures';
import { readJson } from '../packages';
import { loadConstructs, synthFixtures } from '../synth-fixtures';
import { commandApiFindings } from './command-api';
import { programFindings } from './command-line';
import { comparedApps } from './compared-apps';
import { constructApiFindings } from './construct-api';
import { dependencyFindings } from './dependencies';
import { lastReleaseRuns, STAGE_FOLDERS, type StageFinding } from './mixed-runs';
import { publishedNameFindings } from './published-names';
import { resourceFindings } from './resources';
import { runContractFindings } from './run-contract';

/** Every gate, against the tree of the last tag. The packages of now must be built. */
export function lastReleaseGates(root: string, outdir: string, say: (line: string) => void): Gates {
  // All stages run together, so once is enough for all packages.
  let runs: Promise<StageFinding[]> | undefined;
  return async (candidate, last, inputs) => {
    const { name, folder, kind } = candidate;
    say(`${name}: builds ${last.tag}`);
    const tree = baselineTree(root, candidate, last);
    const files = (file: string) => fileAt(root, last.tag, file) ?? '{}';
    const [was, is] = [JSON.parse(files(`${folder}/package.json`)) as object, readJson<object>(root, folder, 'package.json')];
    const findings: Finding[] = dependencyFindings(
      { manifest: was, lock: JSON.parse(files('package-lock.json')) }, { manifest: is, lock: readJson(root, 'package-lock.json') }, inputs.thirdParty,
    );
    findings.push(...publishedNameFindings(was, is));
    say(`${name}: compares the API`);
    if (kind === 'command') {
      const entry = (of: string) => path.join(of, folder, 'src/index.ts');
      const runtime = 'packages/runtime/src';
      say(`${name}: compares the command line`);
      await bundleProgram({ root: tree, folder });
      findings.push(...programFindings(path.join(tree, folder), path.join(root, folder)));
      return [...findings, ...commandApiFindings(entry(tree), entry(root), { '@headrace/runtime': [path.join(root, runtime, 'index.ts')], '@headrace/runtime/*': [path.join(root, runtime, '*')] })];
    }
    findings.push(...await constructApiFindings(compiledBaseline(root, candidate, last), path.join(root, folder)));
    say(`${name}: compares the resources`);
    const ofTag = fixturesOf(tree, folder);
    const fixtures = [...ofTag, ...FIXTURES[folder] ?? []]
      .filter(({ name: each }, index, all) => all.findIndex((other) => other.name === each) === index);
    const [before, now] = [tree, root].map((of) => synthFixtures(fixtures, loadConstructs(path.join(of, folder)), outdir));
    say(`${name}: ${comparedApps(before!, new Set(ofTag.map((each) => each.name)), last.tag)}`);
    findings.push(...resourceFindings(before!, now!, STAGE_IDS[folder] ?? ''));
    say(`${name}: compares the run contract`);
    findings.push(...runContractFindings(root, tree));
    runs ??= lastReleaseRuns(root, outdir, say);
    return [...findings, ...(await runs).filter(({ stage }) => STAGE_FOLDERS[stage] === folder).map(({ finding }) => finding)];
  };
}

/** Apps as the last release had them: those of now may have been adapted to what broke. */
function fixturesOf(tree: string, folder: string): readonly UpgradeFixture<never>[] {
  const file = path.join(tree, 'release/fixtures/index.ts');
  // A release from before there were fixtures.
  if (!existsSync(file)) return [];
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require(file) as { FIXTURES: typeof FIXTURES }).FIXTURES[folder] ?? [];
}
