import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { collectPlans } from './collect-plans';
import { compatibility, compatibilityTable } from './compatibility';
import { lastReleaseGates } from './gates/last-release-gates';
import { runMutations } from './mutations/run-mutations';
import { packRelease } from './pack';
import { packageNamed, releasedPackages } from './packages';
import { planJson, planMatrices, planText } from './plan-report';
import { releaseNotes } from './release-notes';
import { rehearse } from './rehearsal/rehearse';
import { packagesToRelease, readReleasePlan, type PackageToRelease } from './release-plan';
import { restoreVersions, writeVersions } from './versions';

const ROOT = path.resolve(__dirname, '..');

const USAGE = `npm run release -- <command>

  check [--package <name>] [--json <file>]   the next version of each package, and why; ends with 1 where a gate stands against it
  versions --plan <file>                     writes the planned versions into manifests; then build
  versions --restore                         takes them back
  notes --plan <file> [--package <name>]     prints what changed for users, and what they must do
  pack --plan <file> [--out <folder>] [--languages js,python]
                                             artifacts, notes and bill of materials of each package, into <folder>/<its folder>; default dist/release
  compatibility                              the table of docs/compatibility.md, from the tags and the sources of now
  mutations                                  changes that the gates must find, and some that they must not
  rehearse [--packed <folder>]               a release of this commit to registries on this machine; --packed takes what "pack" wrote there
`;

async function check(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { package: { type: 'string' }, json: { type: 'string' } } });
  const only = values.package === undefined || values.package === '' ? undefined : packageNamed(ROOT, values.package).name;
  const plans = await inFolder((outdir) => collectPlans(ROOT, lastReleaseGates(ROOT, outdir, (line) => console.error(line)), only));
  console.log(planText(plans));
  if (values.json !== undefined) {
    mkdirSync(path.dirname(path.resolve(values.json)), { recursive: true });
    writeFileSync(values.json, `${JSON.stringify(planJson(plans), undefined, 2)}\n`);
  }
  // What later jobs of the workflow start from.
  const { GITHUB_OUTPUT: output } = process.env;
  if (output !== undefined) for (const [target, matrix] of Object.entries(planMatrices(plans))) appendFileSync(output, `${target}=${JSON.stringify(matrix)}\n`);
  return plans.every(({ problems }) => problems.length === 0);
}

async function versions(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { plan: { type: 'string' }, restore: { type: 'boolean', default: false } } });
  if (values.restore) restoreVersions(ROOT, releasedPackages(ROOT).map(({ folder }) => folder));
  else for (const line of writeVersions(ROOT, planned(values.plan))) console.log(line);
  return true;
}

async function notes(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { plan: { type: 'string' }, package: { type: 'string' } } });
  const only = values.package === undefined ? undefined : packageNamed(ROOT, values.package).name;
  console.log(planned(values.plan).filter(({ name }) => only === undefined || name === only).map(releaseNotes).join('\n'));
  return true;
}

async function pack(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { plan: { type: 'string' }, out: { type: 'string', default: path.join(ROOT, 'dist/release') }, languages: { type: 'string' } } });
  await packRelease(ROOT, planned(values.plan), path.resolve(values.out), values.languages?.split(','));
  return true;
}

function planned(file: string | undefined): PackageToRelease[] {
  if (file === undefined) throw new Error('--plan must name the file that "npm run release -- check --json <file>" wrote');
  return packagesToRelease(readReleasePlan(file));
}

async function mutations(): Promise<boolean> {
  const verdicts = await inFolder((outdir) => runMutations(ROOT, outdir));
  for (const { name, expected, wrong } of verdicts) console.log(`${wrong === undefined ? '✓' : '✗'} ${expected === 'major' ? 'breaking' : expected}: ${name}${wrong === undefined ? '' : `\n    ${wrong}`}`);
  const caught = verdicts.filter(({ wrong }) => wrong === undefined).length;
  console.log(`\n${caught} of ${verdicts.length} judged right, ${verdicts.filter(({ expected }) => expected === 'none').length} of them harmless`);
  return caught === verdicts.length;
}

async function table(): Promise<boolean> {
  console.log(compatibilityTable(compatibility(ROOT)));
  return true;
}

async function rehearsal(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { packed: { type: 'string' } } });
  const stopping = new AbortController();
  const stop = (signal: string): void => stopping.abort(new Error(`stopped by ${signal}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);
  await rehearse(ROOT, { log: (line) => console.log(line), packed: values.packed, signal: stopping.signal });
  return true;
}

/** A folder for assemblies that nobody keeps. */
async function inFolder<T>(work: (outdir: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-release-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  check, versions, notes, pack, compatibility: table, mutations, rehearse: rehearsal,
};

/** Runs one command; ends with 1 where something stands against a release, and 2 where nobody knows the command. */
export async function main([name = '', ...args]: readonly string[]): Promise<void> {
  const command = COMMANDS[name];
  if (command === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await command(args) ? 0 : 1;
}
