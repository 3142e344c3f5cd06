import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import type { UpgradeFixture } from './fixtures';
import { loadSources, type Edits } from './load-sources';

/** A template as far as the gates look at it. */
export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly [section: string]: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** What became of a fixture: its template, or why there is none. */
export type Synthesized = { readonly template: Template } | { readonly error: string };

/** Loads a construct package from its sources, for fixtures to use. */
export function loadConstructs(packageFolder: string, edits?: Edits): unknown {
  return loadSources(path.join(packageFolder, 'src/index.ts'), edits);
}

/** Builds fixtures with one version of a package, each in a stack of its own. Nothing is written but an assembly without assets in `outdir`. */
export function synthFixtures(fixtures: readonly UpgradeFixture<never>[], stages: unknown, outdir: string): Map<string, Synthesized> {
  // The CDK's own check of templates takes longer than all else; other tests have it.
  process.env.CDK_VALIDATION = 'false';
  // Nobody reads where a construct was made.
  process.env.CDK_DISABLE_STACK_TRACE = '1';
  process.env.JSII_DEPRECATED = 'quiet';
  const app = new App({ outdir, analyticsReporting: false, context: { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:enable-path-metadata': true } });
  const built = fixtures.map(({ name, build }) => {
    const id = name.replace(/[^A-Za-z0-9]+/g, '-');
    const stack = new Stack(app, id);
    try {
      build(stack, stages as never);
      return { name, stack };
    } catch (error) {
      app.node.tryRemoveChild(id);
      return { name, error: (error as Error).message };
    }
  });
  const assembly = app.synth();
  return new Map(built.map(({ name, stack, error }) => [
    name, stack === undefined ? { error } : { template: assembly.getStackArtifact(stack.artifactId).template as Template },
  ]));
}
