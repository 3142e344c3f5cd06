import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, aws_ec2 as ec2, aws_rds as rds, aws_stepfunctions as sfn, Stack } from 'aws-cdk-lib';
import * as ts from 'typescript';
import { DEFAULT_RECORDS } from '../examples/reference-pipeline/source/write-data';
import { DIRTY_ROWS } from '../examples/reference-pipeline/source/dirty-rows';
import { readJson, ROOT } from './repository';

const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
const [SNIPPET = ''] = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);

test('the snippet compiles against the packages as they are', () => {
  const name = path.join(ROOT, 'examples', 'readme-snippet.ts');
  const source = `
    import { Stack, aws_rds as rds, aws_stepfunctions as sfn } from 'aws-cdk-lib';
    declare const stack: Stack; declare const database: rds.DatabaseInstance;
    ${SNIPPET}`;
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (file) => (file === name ? source : readFile.call(host, file));
  host.fileExists = (file) => file === name || fileExists.call(host, file);
  host.getSourceFile = (file, ...rest) => (
    file === name ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile.call(host, file, ...rest));
  const problems = ts.getPreEmitDiagnostics(ts.createProgram([name], options, host));
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
}, 120_000);

test('the snippet synthesizes', () => {
  const outdir = mkdtempSync(path.join(os.tmpdir(), 'headrace-readme-'));
  const before = process.cwd();
  // The snippet names the contract as an app in its own folder would.
  process.chdir(path.join(ROOT, 'examples', 'reference-pipeline'));
  try {
    const app = new App({ outdir });
    const stack = new Stack(app, 'Readme');
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0, maxAzs: 2 });
    const database = new rds.DatabaseInstance(stack, 'Database', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      vpc, vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED }, storageEncrypted: true,
    });
    const { outputText } = ts.transpileModule(SNIPPET, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
    new Function('require', 'exports', 'stack', 'sfn', 'database', outputText)(require, {}, stack, sfn, database);
    const { Resources } = app.synth().getStackByName('Readme').template as { Resources: Record<string, { Type: string }> };
    expect(Object.values(Resources).filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')).toHaveLength(4);
  } finally {
    process.chdir(before);
    rmSync(outdir, { recursive: true, force: true });
  }
}, 60_000);

test.each<[string, string]>([
  ['records of the demo', `${DEFAULT_RECORDS.toLocaleString('en-US')} real flights with [${DIRTY_ROWS.length} planted dirty rows]`],
  ['time that the database stays up', 'for ten minutes'],
  ['oldest Node', `Node ${/>= (\d+)/.exec(readJson<{ engines: { node: string } }>('package.json').engines.node)?.[1]} or newer`],
])('the prose tells the %s as the code has it', (_, words) => {
  expect(README.replace(/\s+/g, ' ')).toContain(words);
});

test('the command keeps a database up for the minutes that the prose tells', () => {
  const program = readFileSync(path.join(ROOT, 'packages/local-runner/src/commands/program.ts'), 'utf8');
  expect(program).toMatch(/'--linger <minutes>', '[^']*', '10'\)/);
});
