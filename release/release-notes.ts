import { describeFinding } from './finding';
import type { PackageToRelease } from './release-plan';

type PlannedCommit = PackageToRelease['commits'][number];

/** Headings in the order in which somebody who upgrades wants to know. A commit stands under the first that takes it. */
const SECTIONS: ReadonlyArray<readonly [heading: string, takes: (commit: PlannedCommit) => boolean]> = [
  ['Breaking', ({ breaking }) => breaking],
  ['New', ({ type }) => type === 'feat'],
  ['Fixed', ({ type }) => type === 'fix'],
  ['Faster', ({ type }) => type === 'perf'],
  ['Taken back', ({ type }) => type === 'revert'],
  // Not conventional, and counted as a fix by the planner.
  ['Other changes', ({ type }) => type === undefined],
];

/** Notes of one package's release, in Markdown: what to do, what an upgrade changes in deployed stacks, and what is new. */
export function releaseNotes(released: PackageToRelease): string {
  const { name, last, next, commits, findings } = released;
  const head = `# ${name} ${next}`;
  if (last === undefined) return `${head}\n\nThe first release: there is nothing to upgrade from.\n`;
  // The planner has the newest first; what to do is done in the order in which it came.
  const upgrade = [...commits].reverse().flatMap((commit) => [...commit.upgrade, ...commit.breaks]);
  const blocks = [head, `Since ${last}.`];
  if (upgrade.length > 0) blocks.push(section('What to do', [...new Set(upgrade)]));
  const left = new Set(commits);
  for (const [heading, takes] of SECTIONS) {
    const taken = [...left].filter(takes);
    for (const commit of taken) left.delete(commit);
    if (taken.length > 0) blocks.push(section(heading, taken.map(({ title, hash }) => `${title} (${hash.slice(0, 9)})`)));
  }
  if (findings.length > 0) {
    blocks.push(`## What differs from ${last}\n\nFound by comparing both releases.\n\n${findings.map((finding) => `\`\`\`text\n${describeFinding(finding)}\n\`\`\``).join('\n\n')}`);
  }
  return `${blocks.join('\n\n')}\n`;
}

function section(heading: string, lines: readonly string[]): string {
  return `## ${heading}\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}
