import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type ExecutionRecord, LocalStack, type StackEvent } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { ShopStack } from '../sources/container/shop-stack';

jest.setTimeout(240_000);

describe('a source that a Python container reads, through the synthesized machine', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-container-'));
  const database = path.join(folder, 'shop.sqlite');
  const events: StackEvent[] = [];
  let stack: LocalStack | undefined;

  beforeAll(async () => {
    sql(`CREATE TABLE orders (id INTEGER, customer INTEGER, note TEXT, changed_at TEXT);
      CREATE TABLE customers (id INTEGER, name TEXT, region TEXT);
      INSERT INTO orders VALUES (1, 7, 'a, "quoted"', '2026-01-01 08:00:00'), (2, 8, NULL, '2026-01-01 09:00:00');
      INSERT INTO customers VALUES (7, 'Ann', 'eu'), (8, 'Bo', 'us'), (9, 'Cé', 'eu');`);
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new ShopStack(app, 'Shop', { database });
    app.synth();
    stack = await LocalStack.start({
      assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50, onEvent: (event) => events.push(event),
    });
  });
  afterAll(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function sql(script: string): void {
    execFileSync('python3', ['-c', 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])', database, script]);
  }
  async function run(slot: string, attempt = 1, more: object = {}): Promise<ExecutionRecord> {
    const [machine] = stack!.machines as [LocalStack['machines'][number]];
    return stack!.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a${attempt}`, input: { slot, attempt, ...more } });
  }
  const raw = () => path.join(folder, 'state/s3', stack!.deployment.assembly.ofType('AWS::S3::Bucket')[0]!.ref);
  const commits = (dataset: string) => readdirSync(path.join(raw(), 'shop/commits/raw', dataset)).filter((name) => /^\d{20}\.json$/.test(name)).sort()
    .map((name) => JSON.parse(readFileSync(path.join(raw(), 'shop/commits/raw', dataset, name), 'utf8')));
  const text = (key: string) => readFileSync(path.join(raw(), key), 'utf8');

  test('lands what the container wrote, byte for byte, and commits how far it came', async () => {
    const { status, output } = await run('first');

    expect(events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []))).toEqual([]);
    expect(status).toBe('SUCCEEDED');
    expect(output).toMatchObject({ datasets: { orders: { outcome: 'committed', counts: { parts: 1, records: 2 } }, customers: { outcome: 'committed', counts: { parts: 2, records: 3 } } } });
    const [orders] = commits('orders');
    expect(orders).toMatchObject({ cursor: { to: '2026-01-01 09:00:00' }, source: { kind: 'container' } });
    expect(text(orders.parts[0].key)).toBe('id,customer,note,changed_at\n1,7,"a, ""quoted""",2026-01-01 08:00:00\n2,8,,2026-01-01 09:00:00\n');
    expect(commits('customers')[0].parts.map(({ key, source }: { key: string; source: { url: string } }) => [source.url, text(key)])).toEqual([
      ['container:customers?region=eu&table=customers#customers.csv', 'id,name,region\n7,Ann,eu\n9,Cé,eu\n'],
      ['container:customers?region=us&table=customers#customers.csv', 'id,name,region\n8,Bo,us\n'],
    ]);
  });

  test('reads only what is new, and commits nothing where nothing is', async () => {
    expect(await run('second')).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'unchanged' }, customers: { outcome: 'unchanged' } } } });

    sql("INSERT INTO orders VALUES (3, 9, 'late', '2026-01-02 07:00:00')");
    expect(await run('third')).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'committed', seq: 2, counts: { records: 1 } } } } });
    expect(commits('orders')[1].cursor).toEqual({ from: '2026-01-01 09:00:00', to: '2026-01-02 07:00:00' });
  });

  test('replays a run: the same range once more, in the place of that run, with the cursor where it was', async () => {
    sql("UPDATE orders SET note = 'mended' WHERE id = 1");
    expect(await run('mend', 1, { operation: 'replay', run: 'first', only: ['orders'] })).toMatchObject({
      status: 'SUCCEEDED', output: { datasets: { orders: { outcome: 'committed', seq: 3, counts: { records: 2 } } } },
    });
    const replay = commits('orders')[2];
    expect(replay).toMatchObject({ kind: 'replay', supersedes: ['first'], cursor: { from: '2026-01-02 07:00:00', to: '2026-01-02 07:00:00' } });
    expect(text(replay.parts[0].key)).toBe('id,customer,note,changed_at\n1,7,mended,2026-01-01 08:00:00\n2,8,,2026-01-01 09:00:00\n');
  });

  test('fails with the exit code and the last lines of the container, and leaves the datasets as they were', async () => {
    sql('ALTER TABLE orders RENAME TO orders_away');
    const { status } = await run('fourth');

    expect(status).toBe('FAILED');
    const notices = events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/the source's container ended with exit code 3; its last lines:\s+cannot read orders: no such table: orders/);
    expect(commits('orders')).toHaveLength(3);

    sql('ALTER TABLE orders_away RENAME TO orders');
    expect(await run('fourth', 2)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('keeps the password out of the template', () => {
    const template = readFileSync(path.join(folder, 'cdk.out/Shop.template.json'), 'utf8');
    expect(template).toContain('SHOP_PASSWORD');
    expect(template).not.toMatch(/\{\{resolve/);
  });
});
