import * as semver from 'semver';

/** How much of a version rises. `major` stands for a breaking change, in 0.x too. */
export type Bump = 'none' | 'patch' | 'minor' | 'major';

const ORDER: readonly Bump[] = ['none', 'patch', 'minor', 'major'];

/** The version of a package that was never released. */
export const FIRST_VERSION = '0.1.0';

export function strongest(bumps: Iterable<Bump>): Bump {
  let found: Bump = 'none';
  for (const bump of bumps) if (ORDER.indexOf(bump) > ORDER.indexOf(found)) found = bump;
  return found;
}

/**
 * What a change raises in the version that was released last. In 0.x a breaking change raises the minor version, since `^0.3.0` takes no 0.4.0;
 * 1.0.0 is a decision and comes by a footer `Release-As` only.
 */
export function effective(bump: Bump, last: string | undefined): Bump {
  return bump === 'major' && last !== undefined && semver.major(last) === 0 ? 'minor' : bump;
}

export function isLess(one: Bump, other: Bump): boolean {
  return ORDER.indexOf(one) < ORDER.indexOf(other);
}

/** The next version, or undefined where nothing is released. */
export function nextVersion(last: string | undefined, bump: Bump): string | undefined {
  if (last === undefined) return FIRST_VERSION;
  const raised = effective(bump, last);
  return raised === 'none' ? undefined : semver.inc(last, raised) ?? undefined;
}
