import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import type { CountedStack } from './counted-stack';
import { type Commit, commitLog } from './stored-objects';

export interface CuratedCommit extends Commit {
  readonly attemptId: string;
  readonly kind: string;
  readonly ingestSeq: number;
  readonly removed?: readonly string[];
  readonly balance: Readonly<Record<'parsed' | 'kept' | 'rejected' | 'written' | 'deduplicated' | 'filtered', number>>;
  readonly quarantine: { readonly parts: ReadonlyArray<{ readonly key: string }> };
}

/** Folders of a pipeline with a folder for each unit of a dataset. */
const UNIT_FOLDERS = ['data', 'quarantine', 'catalog', 'taken-out'] as const;

export function curatedLog(bench: CountedStack, pipeline: string, dataset: string): CuratedCommit[] {
  return commitLog(bench, pipeline, 'curated', dataset) as CuratedCommit[];
}

/** Commits whose files no removal has named. */
export function present(log: readonly CuratedCommit[]): CuratedCommit[] {
  const removed = new Set(log.flatMap((commit) => commit.removed ?? []));
  return log.filter(({ attemptId, kind }) => kind !== 'removal' && !removed.has(attemptId));
}

/** Objects of data, quarantine and catalog that belong to no commit that is there; a vacuum that waits for nobody leaves none. */
export function leftBehind(bench: CountedStack, pipeline: string, dataset: string): string[] {
  const there = present(curatedLog(bench, pipeline, dataset));
  const units = new Set(there.map(({ attemptId }) => attemptId));
  const named = new Set(there.flatMap(({ attemptId, parts, quarantine }) => [
    ...[...parts, ...quarantine.parts].map(({ key }) => key), `${pipeline}/quarantine/${dataset}/${attemptId}/list/symlink.txt`,
  ]));
  return UNIT_FOLDERS.flatMap((folder) => stored(bench, `${pipeline}/${folder}/${dataset}`).filter((key) => (
    folder === 'catalog' ? !units.has(key.split('/')[3]!) : !named.has(key))));
}

function stored({ stack }: CountedStack, folder: string): string[] {
  return readdirSync(stack.state.s3).map((bucket) => path.join(stack.state.s3, bucket)).flatMap((bucket) => {
    const root = path.join(bucket, folder);
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => path.relative(bucket, path.join(entry.parentPath, entry.name)));
  });
}
