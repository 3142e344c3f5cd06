import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** The stages in the order in which a batch passes them. */
export const STAGES = ['ingest', 'curate', 'load'] as const;
export type Stage = typeof STAGES[number];

export const STAGE_FOLDERS: Readonly<Record<Stage, string>> = {
  ingest: 'packages/ingest-construct', curate: 'packages/curate-construct', load: 'packages/rds-loader-construct',
};

export type Age = 'last' | 'now';

/** A stage as one release has it. */
export interface StageRelease {
  readonly age: Age;
  /** `0.3.0`, or `of now`. */
  readonly label: string;
  /** Tree whose {@link STAGE_FOLDERS} holds its sources and its bundles. */
  readonly tree: string;
}

/** What stages are there to run with each other: those of now, and the last releases that are something else. */
export type StageReleases = Readonly<Record<Stage, readonly StageRelease[]>>;

/** The stages of now beside those last releases that differ from them; a stage that was never released is only of now. */
export function stageReleases(root: string, last: Readonly<Partial<Record<Stage, Omit<StageRelease, 'age'>>>>): StageReleases {
  const releasesOf = (stage: Stage): StageRelease[] => {
    const now: StageRelease = { age: 'now', label: 'of now', tree: root };
    const earlier = last[stage];
    const same = earlier === undefined || digest(earlier.tree, stage) === digest(root, stage);
    return same ? [now] : [now, { age: 'last', ...earlier }];
  };
  return { ingest: releasesOf('ingest'), curate: releasesOf('curate'), load: releasesOf('load') };
}

/** Of all that decides how a stage runs. */
function digest(tree: string, stage: Stage): string {
  const hash = createHash('sha256');
  for (const part of ['src', 'assets']) {
    const folder = path.join(tree, STAGE_FOLDERS[stage], part);
    if (!existsSync(folder)) throw new Error(`${folder} is missing; run "npm run build" first`);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
      .map((each) => path.join(each.parentPath, each.name)).sort()) {
      hash.update(`${path.relative(folder, entry)}\n`).update(readFileSync(entry));
    }
  }
  return hash.digest('hex');
}
