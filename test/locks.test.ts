import * as path from 'node:path';
import { type Lock, readJson, trackedFiles } from './repository';

const IMAGES = ['packages/curate-construct/task-image', 'packages/rds-loader-construct/task-image'];

// Two copies of these would differ in class identity, in engine version, or by hundreds of megabytes.
const SINGLE = ['aws-cdk-lib', 'constructs', 'typescript', 'yaml', 'pg', '@duckdb/node-api', '@duckdb/node-bindings', '@aws-sdk/client-s3'];

test('the root has the one lock file of the workspace', () => {
  const locks = trackedFiles().filter((file) => path.posix.basename(file) === 'package-lock.json');

  expect(locks.sort()).toEqual(['package-lock.json', ...IMAGES.map((image) => `${image}/package-lock.json`)].sort());
});

test.each(SINGLE)('all members share one %s', (name) => {
  const places = Object.keys(readJson<Lock>('package-lock.json').packages);

  const nested = places.filter((place) => /^(packages\/[^/]+|examples)\/node_modules\//.test(place) && place.endsWith(`/node_modules/${name}`));

  expect(nested).toEqual([]);
  expect(places).toContain(`node_modules/${name}`);
});

describe.each(IMAGES)('the lock file of %s', (image) => {
  const here = readJson<Lock>(`${image}/package-lock.json`).packages;
  const there = readJson<Lock>('package-lock.json').packages;

  test('names the versions and bytes that the tests run with', () => {
    for (const [place, entry] of Object.entries(here).filter(([key]) => key !== '')) {
      expect({ place, version: entry.version, integrity: entry.integrity })
        .toEqual({ place, version: there[place]?.version, integrity: there[place]?.integrity });
    }
  });

  test.each(['linux-x64', 'linux-arm64'])('serves Fargate on %s', (platform) => {
    expect(Object.keys(here)).toContain(`node_modules/@duckdb/node-bindings-${platform}`);
  });
});
