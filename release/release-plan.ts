import { readFileSync } from 'node:fs';
import type { Bump } from './bump';
import type { Commit } from './conventional-commit';
import type { Finding } from './finding';
import type { MatrixEntry } from './plan-report';

/** The plan as a file, by which the steps of a release hand it on to each other: written by `check --json`. */
export interface ReleasePlan {
  readonly packages: readonly PlannedPackage[];
  readonly matrices: Readonly<Record<string, { readonly include: readonly MatrixEntry[] }>>;
  /** False where something stands against the release. */
  readonly ok: boolean;
}

export interface PlannedPackage {
  readonly name: string;
  /** Relative to the repository's root, with slashes. */
  readonly folder: string;
  /** Registries in the words of jsii-pacmak. */
  readonly targets: readonly string[];
  /** Version of the last release; undefined where there was none. */
  readonly last?: string;
  /** Undefined where nothing is released. */
  readonly next?: string;
  readonly lowest: Bump;
  readonly byCommits: Bump;
  readonly why: readonly string[];
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
  readonly commits: ReadonlyArray<Pick<Commit, 'hash' | 'subject' | 'type' | 'title' | 'breaking' | 'upgrade' | 'breaks'>>;
}

/** A package that this plan releases. */
export type PackageToRelease = PlannedPackage & { readonly next: string };

/** Reads a plan; throws where something stands against it, since no later step may go on then. */
export function readReleasePlan(file: string): ReleasePlan {
  const plan = JSON.parse(readFileSync(file, 'utf8')) as Partial<ReleasePlan>;
  if (!Array.isArray(plan.packages) || typeof plan.ok !== 'boolean') throw new Error(`${file} is no plan of a release; write one by: npm run release -- check --json ${file}`);
  const problems = (plan as ReleasePlan).packages.flatMap((each) => each.problems.map((problem) => `${each.name}: ${problem}`));
  if (!plan.ok) throw new Error(`${file} must not be released:\n${problems.join('\n')}`);
  return plan as ReleasePlan;
}

export function packagesToRelease(plan: ReleasePlan): PackageToRelease[] {
  return plan.packages.filter((each): each is PackageToRelease => each.next !== undefined);
}
