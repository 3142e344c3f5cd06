import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { CurateStage } from '@headrace/curate-construct';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack } from '@headrace/local-runner';
import { App, Stack } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { athena, runMachine } from './_fixtures/local-pipeline';
import { ordersContract } from './_fixtures/orders-contract';

jest.setTimeout(240_000);

const CLI = path.join(path.dirname(require.resolve('@headrace/local-runner/package.json')), 'lib/cli.js');

describe('rejected records, through the synthesized machines', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-rejected-'));
  const stateDir = path.join(folder, 'state');
  let body = '';
  let stack: LocalStack | undefined;
  let mended: string;
  const server = createServer((_, response) => response.writeHead(200, { 'content-length': Buffer.byteLength(body) }).end(body));

  function synthesize(version: string, required: boolean): string {
    const file = path.join(folder, `orders-${version}.odcs.yaml`);
    writeFileSync(file, ordersContract(version, { note: `logicalType: string, required: ${required}` }));
    const outdir = path.join(folder, `v${version}`);
    const app = new App({ outdir, analyticsReporting: false });
    const shop = new Stack(app, 'Shop');
    const source = IngestSource.http({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders.csv` });
    const ingest = new IngestStage(shop, 'Ingest', { contract: file, pipelineName: 'shop', sources: { orders: source } });
    const curate = new CurateStage(shop, 'Curate', { contract: file, pipelineName: 'shop', rawBucket: ingest.rawBucket, databaseName: 'shop' });
    new StateMachine(shop, 'Pipeline', { definitionBody: DefinitionBody.fromChainable(ingest.next(curate)) });
    app.synth();
    return outdir;
  }

  beforeAll(async () => {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const first = synthesize('1', true);
    mended = synthesize('2', false);
    stack = await LocalStack.start({ assemblyDir: first, stateDir, timeFactor: 50 });
    body = 'id,note\n1,a\n2,\n"\u001b[31mx",b\n';
    await run('first');
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(slot: string): Promise<void> {
    expect(await runMachine(stack!, 'Shop/Pipeline', { slot })).toMatchObject({ status: 'SUCCEEDED' });
  }

  const headrace = async (...args: string[]): Promise<string> => (await promisify(execFile)(process.execPath, [CLI, ...args, '--state-dir', stateDir])).stdout;
  const orders = async (): Promise<unknown> => athena(stack!, 'SELECT id, note FROM orders ORDER BY id');
  const rejects = async (): Promise<unknown> => athena(stack!, 'SELECT r."_headrace_attempt", r.code, r.line FROM orders_rejects r ORDER BY 1, 3');
  const curate = (slot: string, asked: object) => runMachine(stack!, 'Shop/Curate', { slot, ...asked });

  test('are a table, and are shown with their bytes made safe', async () => {
    expect(await orders()).toEqual([['1', 'a']]);
    expect(await rejects()).toEqual([['first-a1-i1', 'REQUIRED', '3'], ['first-a1-i1', 'TYPE', '4']]);
    const [{ dataset, counts, records }] = JSON.parse(await headrace('quarantine', 'show', 'orders', '--json'));
    expect([dataset, counts]).toEqual(['orders', [{ run: 'first', code: 'REQUIRED', records: 1, superseded: false, state: 'stands' }, { run: 'first', code: 'TYPE', records: 1, superseded: false, state: 'stands' }]]);
    expect(records[1]).toMatchObject({ column: 'id', line: 4, offset: 15, part: expect.stringContaining('orders.csv') as string, text: '"\\u001b[31mx",b' });
    expect(Buffer.from(records[1].base64, 'base64').toString()).toBe('"\u001b[31mx",b');
    expect(await headrace('quarantine', 'show', '--code', 'TYPE')).toMatch(/orders {3}first {2}TYPE +1\n\n(.*\n){2}orders {3}TYPE +id +\S+orders.csv +4 +15 +"\\u001b\[31mx",b +\S/);
  });

  test('are curated again when the contract is mended, once', async () => {
    await stack!.deploy(mended);
    const replay = { operation: 'rerun', rejected: true };
    expect(await curate('replay', replay)).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'committed', counts: { units: 1, kept: 2, rejected: 1 } } } } });
    expect(await orders()).toEqual([['1', 'a'], ['2', null]]);
    expect(await curate('again', replay)).toMatchObject({ status: 'FAILED', cause: expect.stringContaining('so the result would be the same') as string });
    const [{ counts }] = JSON.parse(await headrace('quarantine', 'show', '--json', '--limit', '0'));
    expect(counts).toEqual([{ run: 'replay', code: 'TYPE', records: 1, superseded: false, state: 'stands' }]);
  });

  test('files of small batches are joined, and every row stays', async () => {
    body = 'id,note\n3,c\n';
    await run('second');
    const before = await orders();
    expect(before).toEqual([['1', 'a'], ['2', null], ['3', 'c']]);
    const files = async (): Promise<string> => readFileSync(path.join(stateDir, 's3', bucketOf('catalog/orders'), 'shop/published/orders.json'), 'utf8');
    expect(await curate('compact', { operation: 'compact' })).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'committed', counts: { commits: 2, filesBefore: 2, files: 1, rows: 3 } } } } });
    expect(await orders()).toEqual(before);
    expect((await files()).split('\n').filter((line) => line.includes('"state":"current"'))).toHaveLength(1);
    expect(await curate('compact_again', { operation: 'compact' })).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'nothing' } } } });
  });

  test('the command for the account is the input of the same machine', async () => {
    expect(await headrace('quarantine', 'replay', 'orders', '--run', 'first', '--assembly', mended, '--print-aws')).toMatch(
      /^aws stepfunctions start-execution --state-machine-arn <arn of Shop\/Curate> --name shop-(m\d{8}t\d{6}z_replay)-a1 --input '\{"slot":"\1","operation":"rerun","rejected":true,"only":\["orders"\],"run":"first"\}'\n$/,
    );
  });

  /** The bucket of the catalog table whose location ends so. */
  function bucketOf(folderEnd: string): string {
    const { tables } = JSON.parse(readFileSync(path.join(stateDir, 'catalog/definitions.json'), 'utf8'));
    const [{ table }] = tables.filter((each: any) => String(each.table.StorageDescriptor.Location).endsWith(`/${folderEnd}/`));
    return /^s3:\/\/([^/]+)/.exec(table.StorageDescriptor.Location)![1]!;
  }
});

test('a command whose reader has enough ends as it would without', async () => {
  const child = spawn(process.execPath, [CLI, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => { said += String(chunk); });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(said).toBe('');
});
