import * as semver from 'semver';
import { effective, FIRST_VERSION, isLess, nextVersion, strongest, type Bump } from './bump';
import { bumpOf, type Commit } from './conventional-commit';
import type { Finding } from './finding';
import type { LastRelease } from './history';
import type { ReleasedPackage } from './packages';

/** What is known about a package when its next version is decided. */
export interface Evidence {
  readonly package: ReleasedPackage;
  readonly last: LastRelease | undefined;
  /** Since the last release, and of the package's inputs only. */
  readonly commits: readonly Commit[];
  readonly findings: readonly Finding[];
  /** Versions whose release began from another commit and did not end, with that commit; none where left out. */
  readonly begunElsewhere?: ReadonlyMap<string, string>;
}

/** What becomes of one package. */
export interface PackagePlan extends Evidence {
  /** What the gates allow at least. */
  readonly lowest: Bump;
  /** What the commits say. */
  readonly byCommits: Bump;
  /** Undefined where nothing is released. */
  readonly next: string | undefined;
  /** Why it is this version, in order of weight. */
  readonly why: readonly string[];
  /** What stands against a release; empty where it may go. */
  readonly problems: readonly string[];
}

export function planPackage(evidence: Evidence): PackagePlan {
  const { last, commits, findings } = evidence;
  const lowest = strongest(findings.map(({ bump }) => bump));
  const byCommits = strongest(commits.map(bumpOf));
  const asked = commits.map(({ releaseAs }) => releaseAs).find((version) => version !== undefined);
  const computed = nextVersion(last?.version, strongest([lowest, byCommits]));
  return {
    ...evidence, lowest, byCommits,
    next: asked ?? computed,
    why: whyOf(evidence, asked),
    problems: [
      ...gateProblems(evidence, lowest, byCommits, asked), ...askedProblems(asked, computed, last), ...begunProblems(evidence, asked ?? computed),
    ],
  };
}

function whyOf({ last, commits, findings }: Evidence, asked: string | undefined): string[] {
  const why: string[] = [];
  if (asked !== undefined) why.push(`a footer Release-As asks for ${asked}`);
  if (last === undefined) return [...why, `no tag yet: the first release is ${FIRST_VERSION}, and no gate has a release to hold it against`];
  const weight: Record<Bump, number> = { major: 0, minor: 1, patch: 2, none: 3 };
  why.push(...[...findings].sort((a, b) => weight[a.bump] - weight[b.bump]).map(({ gate, subject, what, bump }) => `${words(bump)} by gate ${gate}: ${subject} ${what}`));
  const counted = commits.map((commit) => ({ commit, bump: bumpOf(commit) })).filter(({ bump }) => bump !== 'none').sort((a, b) => weight[a.bump] - weight[b.bump]);
  why.push(...counted.map(({ commit, bump }) => `${words(bump)} by ${commit.hash.slice(0, 9)} ${commit.subject}`));
  if (why.length === 0) why.push(commits.length === 0 ? `nothing that it is made of changed since ${last.tag}` : `${commits.length} commits since ${last.tag}, none of which changes anything for users`);
  return why;
}

function gateProblems({ last, commits, findings }: Evidence, lowest: Bump, byCommits: Bump, asked: string | undefined): string[] {
  if (last === undefined) return [];
  const problems: string[] = [];
  const needs = effective(lowest, last.version);
  const risen = asked === undefined ? effective(byCommits, last.version) : bumpBetween(last.version, asked);
  // One of a patch raises the version by itself: it is somebody else's change, in a bundle, that no commit of this package could name.
  if (lowest !== 'patch' && isLess(risen, needs)) {
    const first = findings.find(({ bump }) => effective(bump, last.version) === needs);
    problems.push(
      `${asked === undefined ? 'its commits' : `Release-As ${asked}`} say ${words(risen)}, and the gates allow no less than ${words(lowest)} since ${last.tag}: `
      + `${first?.subject} ${first?.what}. Take that change back, or say it in a commit of this package: ${lowest === 'major' ? '"feat!: …" with a footer "Upgrade: …"' : '"feat: …"'}`,
    );
  }
  // In 0.x a feature raises as much as a breaking change, and what it tells users to do may be about something else.
  if (lowest === 'major' && !commits.some(({ breaking, upgrade }) => breaking && upgrade.length > 0)) {
    const broken = findings.filter(({ bump }) => bump === 'major').map(({ subject, what }) => `${subject} ${what}`);
    problems.push(
      `gates found ${broken.length === 1 ? 'a breaking change' : `${broken.length} breaking changes`}, and no breaking commit since tells users what to do: ${broken.join('; ')}. `
      + 'Add a commit of this package "feat!: …" with a footer "Upgrade: …"',
    );
  }
  return problems;
}

function askedProblems(asked: string | undefined, computed: string | undefined, last: LastRelease | undefined): string[] {
  if (asked === undefined) return [];
  // semver takes "v1.0.0" for a version, and manifests and registries do not.
  if (semver.valid(asked) !== asked) return [`Release-As must be a version like 1.0.0, without a letter before it, got ${JSON.stringify(asked)}`];
  const floor = computed ?? last?.version;
  return floor !== undefined && semver.lt(asked, floor) ? [`Release-As ${asked} is less than ${floor}, which its changes need; a message may raise a version, never lower it`] : [];
}

function begunProblems({ package: { name }, begunElsewhere }: Evidence, next: string | undefined): string[] {
  const commit = next === undefined ? undefined : begunElsewhere?.get(next);
  return commit === undefined ? [] : [
    `the release of ${next} began from ${commit.slice(0, 9)} and did not end, so some registries may have it; re-run the failed jobs of that run, or raise the version by a footer Release-As. `
    + `Where nothing was published: git push --delete origin releasing/${name}@${next}`,
  ];
}

function bumpBetween(from: string, to: string): Bump {
  // One that is no version is told elsewhere.
  const change = semver.valid(to) === null ? null : semver.diff(from, to);
  return change === 'major' || change === 'minor' || change === 'patch' ? change : 'none';
}

function words(bump: Bump): string {
  return bump === 'major' ? 'breaking' : bump;
}
