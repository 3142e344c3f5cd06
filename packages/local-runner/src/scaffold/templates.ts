export interface ScaffoldInput {
  readonly name: string;
  readonly contract: string;
  /** Where the app reads from when nothing else is said. */
  readonly sourceUrl: string;
  /** Name of the source's file behind the address that `--serve` gives; undefined for a source that is already on the web. */
  readonly servedFile?: string;
  /** Versions of the packages, as npm ranges. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The app: one stack with the whole pipeline, small enough to read at once. */
export function appText({ name, contract, sourceUrl, servedFile }: ScaffoldInput): string {
  const url = servedFile === undefined
    ? `'${sourceUrl}'`
    : `\`\${process.env.HEADRACE_SOURCE_URL ?? '${sourceUrl}'}/${servedFile}\``;
  return `import { App, Stack, aws_ec2 as ec2, aws_rds as rds, aws_stepfunctions as sfn } from 'aws-cdk-lib';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { CurateStage } from '@headrace/curate-construct';
import { LoadTarget, LoadWindow, RdsLoaderStage } from '@headrace/rds-loader-construct';

const contract = '${contract}';
const app = new App();
const stack = new Stack(app, '${pascal(name)}');

// Where the tasks run: no NAT gateway, so nothing here costs while idle but the database.
const vpc = new ec2.Vpc(stack, 'Vpc', {
  natGateways: 0,
  maxAzs: 2,
  subnetConfiguration: [
    { name: 'tasks', subnetType: ec2.SubnetType.PUBLIC },
    { name: 'database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  ],
});
const database = new rds.DatabaseInstance(stack, 'Database', {
  engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  databaseName: '${name}',
  storageEncrypted: true,
});

const ingest = new IngestStage(stack, 'Ingest', {
  contract,
  vpc,
  sources: { ${name}: IngestSource.http({ url: ${url} }) },
});
const curate = new CurateStage(stack, 'Curate', { contract, vpc, rawBucket: ingest.rawBucket });
new sfn.StateMachine(stack, 'Pipeline', { definitionBody: sfn.DefinitionBody.fromChainable(ingest.next(curate)) });

new RdsLoaderStage(stack, 'Load', {
  contract,
  vpc,
  curatedBucket: curate.curatedBucket,
  target: LoadTarget.fromInstance(database),
  window: LoadWindow.daily({ from: '01:00', until: '05:00', timeZone: 'UTC' }),
});

app.synth();
`;
}

export function testText({ name }: ScaffoldInput): string {
  return `import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

// The pipeline as it would be deployed, run once on this machine.
const state = join(mkdtempSync(join(tmpdir(), '${name}-')), 'state');
after(() => rmSync(join(state, '..'), { recursive: true, force: true }));

test('${name} arrives in the database, and every count balances', () => {
  const out = execFileSync('npx', ['headrace', 'run', '--state-dir', state, '--linger', '0', '--json'${'$SERVE'}], { encoding: 'utf8' });
  const { status, datasets } = JSON.parse(out);
  assert.equal(status, 'SUCCEEDED');
  assert.ok(datasets.${name}.stages.load.counts.staged > 0);
  assert.deepEqual(datasets.${name}.hops.filter(({ balance }) => balance === 'broken'), []);
});
`;
}

export function packageText({ name, versions }: ScaffoldInput, serve: string): string {
  return `${JSON.stringify({
    name, version: '0.1.0', private: true,
    scripts: { start: `headrace run${serve}`, test: 'node --test' },
    dependencies: versions,
  }, null, 2)}\n`;
}

function pascal(name: string): string {
  return name.split('_').map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join('');
}
