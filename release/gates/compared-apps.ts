import type { Synthesized } from '../synth-fixtures';

/**
 * How many apps can be held against the last release, in words. One of now that the last release cannot build is newer than that release; one
 * that the last release brought itself was built by it, so a failure is one of the comparison, which would be silent about everything in that app.
 *
 * @param before fixtures as the last release builds them
 * @param ofLastRelease names of those that its own tree has
 * @throws where one of these is not built
 */
export function comparedApps(before: ReadonlyMap<string, Synthesized>, ofLastRelease: ReadonlySet<string>, tag: string): string {
  const failed = [...before].flatMap(([name, made]) => ('error' in made ? [{ name, error: made.error }] : []));
  const own = failed.filter(({ name }) => ofLastRelease.has(name));
  if (own.length > 0) {
    throw new Error(`${tag} does not build apps of its own tree, so nothing can be said of them: ${own.map(({ name, error }) => `${name}: ${error}`).join('; ')}. `
      + 'Remove .cache/release and check again; where a newer package of the workspace breaks it, build the last release with the older one');
  }
  const newer = failed.length === 0 ? '' : `; ${tag} does not build ${failed.map(({ name }) => name).join('; ')}`;
  return `compared ${before.size - failed.length} of ${before.size} apps${newer}`;
}
