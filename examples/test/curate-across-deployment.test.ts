import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { CurateStage } from '@headrace/curate-construct';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack, type StackEvent } from '@headrace/local-runner';
import { LoadSize, LoadTarget, LoadWindow, RdsLoaderStage } from '@headrace/rds-loader-construct';
import { App, aws_ec2 as ec2, aws_rds as rds, Stack } from 'aws-cdk-lib';
import { DELETING_CONTRACT, DeletingLoads } from './_fixtures/deleting-loads';
import { athena, runMachine, target } from './_fixtures/local-pipeline';
import { ordersContract } from './_fixtures/orders-contract';

jest.setTimeout(240_000);

/** What functions and tasks of v2 print before they work. */
const MARK = 'this is v2';

/** The second version takes longer notes, and has one column more. */
const contract = (version: number): string => ordersContract(`${version}.0.0`, {
  note: `logicalType: string, logicalTypeOptions: { maxLength: ${version === 1 ? 5 : 50} }`, more: version === 1 ? [] : ['{ name: tag, logicalType: string }'],
});

describe('a contract, code and settings that are pushed while a batch is curated or loaded', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-across-'));
  // The database server may run as another account than root; where it cannot enter, its data would be elsewhere, and stay.
  chmodSync(folder, 0o755);
  const stateDir = path.join(folder, 'state');
  const events: StackEvent[] = [];
  let body = 'id,note\n1,short\n2,much longer\n';
  let onEvent: (event: StackEvent) => void = () => undefined;
  let stack: LocalStack | undefined;
  let v1: string;
  let v2: string;
  /** By path; any other has the orders. */
  const files: Record<string, string> = {};
  const server = createServer(({ url }, response) => {
    const text = files[url!] ?? body;
    response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text);
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    v1 = synthesize(1);
    v2 = synthesize(2);
    for (const asset of readdirSync(v2).map((name) => path.join(v2, name, 'index.js')).filter(existsSync)) {
      writeFileSync(asset, `console.log(${JSON.stringify(JSON.stringify({ level: 'info', message: MARK }))});\n${readFileSync(asset, 'utf8')}`);
    }
    stack = await LocalStack.start({
      assemblyDir: v1, stateDir, timeFactor: 50, onEvent: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  function synthesize(version: number): string {
    const file = path.join(folder, `orders-${version}.odcs.yaml`);
    writeFileSync(file, contract(version));
    const outdir = path.join(folder, `v${version}`);
    const app = new App({ outdir, analyticsReporting: false });
    const shop = new Stack(app, 'Shop');
    const sourceUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sources = { orders: IngestSource.http({ url: `${sourceUrl}/orders.csv` }) };
    const ingest = new IngestStage(shop, 'Ingest', { contract: file, pipelineName: 'shop', sources });
    const curate = new CurateStage(shop, 'Curate', { contract: file, pipelineName: 'shop', rawBucket: ingest.rawBucket, databaseName: 'shop' });
    const database = new rds.DatabaseInstance(shop, 'Database', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }), vpc: new ec2.Vpc(shop, 'Vpc'), databaseName: 'shop',
    });
    new RdsLoaderStage(shop, 'Load', {
      contract: file, pipelineName: 'shop', curatedBucket: curate.curatedBucket, target: LoadTarget.fromInstance(database),
      // What is deployed beside the code: settings of the tasks, and of the machine.
      size: LoadSize.of({ connections: version }), window: version === 1 ? undefined : LoadWindow.daily({ from: '00:00', until: '23:59' }),
    });
    if (version === 2) {
      const club = path.join(folder, 'club.odcs.yaml');
      writeFileSync(club, DELETING_CONTRACT);
      new DeletingLoads(app, 'Club', { contract: club, sourceUrl, database });
    }
    app.synth();
    const template = path.join(outdir, 'Shop.template.json');
    writeFileSync(template, readFileSync(template, 'utf8').replaceAll(/codeVersion\\+":\\+"[^"\\]+/g, (found) => `${found}-v${version}`));
    return outdir;
  }

  async function run(stage: 'Ingest' | 'Curate' | 'Load', slot: string): Promise<void> {
    const { status, error, cause } = await runMachine(stack!, `Shop/${stage}`, { slot });
    expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED' });
  }
  const manifests = (): { contract: { version: string }; quarantine: { byCode: object } }[] => {
    const buckets = stack!.deployment.assembly.ofType('AWS::S3::Bucket').map(({ ref }) => path.join(stateDir, 's3', ref, 'shop/commits/curated/orders'));
    const log = buckets.find(existsSync)!;
    return readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name)).sort().map((name) => JSON.parse(readFileSync(path.join(log, name), 'utf8')));
  };
  const marked = (): string[] => [...new Set(events.flatMap((event) => (event.kind === 'child-line' && event.line.includes(MARK) ? [event.state] : [])))];

  test('the batch ends under the contract and the code that it began with, in steps that start after the deployment too', async () => {
    await run('Ingest', 'first');
    const started: string[] = [];
    let deployed: Promise<unknown> | undefined;
    onEvent = (event) => {
      if (event.kind !== 'child-started') return;
      started.push(event.state);
      if (event.state === 'Kernel') deployed ??= stack!.deploy(v2);
    };
    await run('Curate', 'first');
    await deployed;
    onEvent = () => undefined;
    expect(started).toEqual(['Plan', 'Kernel', 'Shape', 'Publish']);
    expect(marked()).toEqual([]);
    expect(manifests()).toMatchObject([{ contract: { version: '1.0.0' }, quarantine: { byCode: { LENGTH: 1 } } }]);
  });

  test('a load ends on the code, the contract and the settings that it began with', async () => {
    await stack!.deploy(v1);
    events.length = 0;
    const started: string[] = [];
    let deployed: Promise<unknown> | undefined;
    onEvent = (event) => {
      if (event.kind !== 'child-started') return;
      started.push(event.state);
      if (event.state === 'Claim') deployed ??= stack!.deploy(v2);
    };
    await run('Load', 'first');
    await deployed;
    onEvent = () => undefined;
    expect(started).toEqual(['Claim', 'StagePart', 'Publish']);
    expect(marked()).toEqual([]);
    expect(await target(stack!, 'SELECT code_version ~ \'-v1$\', contract_version, staged FROM headrace.load_ledger')).toEqual([['t', '1.0.0', '1']]);
    expect(await target(stack!, 'TABLE orders')).toEqual([['1', 'short']]);
  });

  test('the next batch is of the new ones, and Athena reads the partitions of both', async () => {
    body = 'id,note,tag\n3,much longer,new\n';
    await run('Ingest', 'second');
    await run('Curate', 'second');
    // A strict contract leaves it to a DBA.
    await target(stack!, 'ALTER TABLE orders ADD COLUMN tag text');
    await run('Load', 'second');
    expect(marked()).toEqual(expect.arrayContaining(['Kernel', 'Shape', 'Claim', 'StagePart', 'Publish']));
    expect(manifests()).toMatchObject([{}, { contract: { version: '2.0.0' }, quarantine: { byCode: {} } }]);
    expect(await athena(stack!, 'SELECT id, note, tag FROM orders ORDER BY id')).toEqual([['1', 'short', null], ['3', 'much longer', 'new']]);
    expect(await athena(stack!, 'SELECT id, tag FROM orders_runs WHERE tag IS NULL')).toEqual([['1', null]]);
    expect(await target(stack!, 'SELECT code_version ~ \'-v2$\', contract_version FROM headrace.load_ledger WHERE seq = 2')).toEqual([['t', '2.0.0']]);
    expect(await target(stack!, 'SELECT id, note, tag FROM orders ORDER BY id')).toEqual([['1', 'short', null], ['3', 'much longer', 'new']]);
  });

  describe('a pipeline that came with the new version, whose merges delete', () => {
    const csv = (head: string, lines: readonly string[]): string => `${[head, ...lines].join('\n')}\n`;
    const batch = async (slot: string, changes: readonly string[], members: readonly number[]): Promise<void> => {
      files['/changes.csv'] = csv('id,version,op', changes);
      files['/members.csv'] = csv('id,version,level', members.map((id) => `${id},1,${id % 3}`));
      for (const stage of ['Ingest', 'Curate']) expect((await runMachine(stack!, `Club/${stage}`, { slot })).status).toBe('SUCCEEDED');
    };
    const load = async (input: { slot: string; attempt?: number; allowDeletes?: object }): Promise<object> => {
      const { status, cause, output } = await runMachine(stack!, 'Club/Load', input);
      expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
      return (output as { datasets: never }).datasets;
    };
    const ids = async (table: string): Promise<number[]> => (await target(stack!, `SELECT id FROM ${table} ORDER BY id`)).map(([id]) => Number(id));
    const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

    test('takes away what is marked or absent, and more than the limit only where an operator allows it', async () => {
      await batch('one', ten.map((id) => `${id},1,I`), ten);
      expect(await load({ slot: 'one' })).toMatchObject({ changes: { counts: { inserted: 10 } }, members: { counts: { inserted: 10 } } });

      // Gone, gone, changed, older than its row, never there, new; of ten rows the limit lets two go.
      await batch('two', ['1,2,D', '2,2,D', '3,2,U', '4,0,D', '99,2,D', '11,1,I'], [3, 4, 5, 11]);
      const refused = await runMachine(stack!, 'Club/Load', { slot: 'two' });
      expect([refused.status, refused.error]).toEqual(['FAILED', 'Headrace.Notified']);
      const notice = events.flatMap((event) => (event.kind === 'notice' ? [event.message] : [])).at(-1)!;
      for (const part of ['TARGET_DELETES: commit 2 of members would take 7 rows out of club.members', '"allowDeletes": {"members":2}']) expect(notice).toContain(part);
      expect([await ids('club.changes'), await ids('club.members')]).toEqual([[3, 4, 5, 6, 7, 8, 9, 10, 11], ten]);
      expect(await target(stack!, "SELECT staged, inserted, updated, unchanged, deleted, stale FROM headrace_club.load_ledger WHERE dataset = 'changes' AND seq = 2")).toEqual([['6', '1', '1', '1', '2', '1']]);

      expect(await load({ slot: 'two', attempt: 2, allowDeletes: { members: 2 } })).toMatchObject({
        changes: { outcome: 'nothing' }, members: { outcome: 'committed', counts: { staged: 4, inserted: 1, unchanged: 3, deleted: 0, removed: 7 } },
      });
      expect(await ids('club.members')).toEqual([3, 4, 5, 11]);
    });

    test('and DMS comes to the same rows and counts from all batches at once', async () => {
      const { status, cause, output } = await runMachine(stack!, 'Club/ByDms', { slot: 'all' });
      expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
      expect(output).toMatchObject({ datasets: {
        changes: { counts: { commits: 2, inserted: 11, updated: 1, deleted: 2, stale: 1 } }, members: { counts: { commits: 1, inserted: 4 } },
      } });
      for (const table of ['changes', 'members']) {
        const [[ours, dms, different]] = await target(stack!, `SELECT (SELECT count(*) FROM club.${table}), (SELECT count(*) FROM club_dms.${table}), (SELECT count(*) FROM (TABLE club.${table} EXCEPT TABLE club_dms.${table}) AS x)`) as [[string, string, string]];
        expect({ table, rows: dms, different }).toEqual({ table, rows: ours, different: '0' });
        expect(Number(ours)).toBeGreaterThan(0);
      }
    });
  });
});
