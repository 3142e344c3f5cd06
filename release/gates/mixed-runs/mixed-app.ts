import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { App, Stack, type aws_s3 as s3 } from 'aws-cdk-lib';
import { BATCH_STAGES, batchDatabase, type BatchParts } from '../../fixtures/one-batch';
import { loadConstructs } from '../../synth-fixtures';
import { STAGE_FOLDERS, type Age, type Stage, type StageRelease, type StageReleases } from './stage-release';

/** One stage of one run, and the runs that go on from what it wrote: every way through all releases is one path from the root. */
export interface Step {
  readonly stage: Stage;
  readonly release: StageRelease;
  /** Of this and all steps before it, such as `last_now`. */
  readonly name: string;
  readonly ages: readonly Age[];
  /** Why there is no such stage in the app: it refused what it was built with. */
  readonly refused?: string;
  readonly next: readonly Step[];
}

/**
 * An app with each release of ingest, behind each of them every release of curate, and behind each of these every release of load.
 *
 * @param stages in this order, as far as the app goes
 */
export function synthesizeMixed(releases: StageReleases, sourceUrl: string, outdir: string, stages: readonly Stage[]): readonly Step[] {
  process.env.CDK_VALIDATION = 'false';
  process.env.CDK_DISABLE_STACK_TRACE = '1';
  const app = new App({ outdir, analyticsReporting: false });
  const database = stages.includes('load') ? batchDatabase(new Stack(app, 'Database')) : undefined;
  const build = (before: readonly Age[], bucket?: s3.IBucket): Step[] => {
    const stage = stages[before.length];
    return stage === undefined ? [] : releases[stage].map((release): Step => {
      const ages = [...before, release.age];
      const name = ages.join('_');
      const id = `${stage}-${ages.join('-')}`;
      const stack = new Stack(app, id);
      try {
        const written = buildOf(release, stage)(stack, constructsOf(release, stage), { sourceUrl, bucket, name }, database);
        return { stage, release, name, ages, next: build(ages, written ?? undefined) };
      } catch (error) {
        app.node.tryRemoveChild(id);
        return { stage, release, name, ages, refused: (error as Error).message, next: [] };
      }
    });
  };
  const steps = build([]);
  app.synth();
  return steps;
}

type Build = (stack: Stack, constructs: unknown, parts: BatchParts, database: unknown) => s3.IBucket | undefined;

/** As the release itself builds it: props of now may be unknown to it. */
function buildOf({ age, tree }: StageRelease, stage: Stage): Build {
  const file = path.join(tree, 'release/fixtures/one-batch.ts');
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const stages = age === 'last' && existsSync(file) ? (require(file) as { BATCH_STAGES: typeof BATCH_STAGES }).BATCH_STAGES : BATCH_STAGES;
  return stages[STAGE_FOLDERS[stage] as keyof typeof BATCH_STAGES] as unknown as Build;
}

function constructsOf({ tree }: StageRelease, stage: Stage): unknown {
  return loadConstructs(path.join(tree, STAGE_FOLDERS[stage]));
}
