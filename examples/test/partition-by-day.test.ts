import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { CurateStage } from '@headrace/curate-construct';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack } from '@headrace/local-runner';
import { App, Stack } from 'aws-cdk-lib';
import { DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { athena, runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(300_000);

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: "1.0.0"
status: active
schema:
  - name: orders
    customProperties:
      - { property: headraceRecord, value: { format: ndjson } }
      - { property: headraceFilter, value: "kind <> 'test'" }
      - { property: headraceThreshold, value: { rows: 1 } }
    properties:
      - { name: day, logicalType: date, partitioned: true, transformLogic: "DATE_TRUNC('day', ordered_at)" }
      - { name: order_id, logicalType: integer, primaryKey: true }
      - { name: ordered_at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true }
      - { name: kind, logicalType: string, required: true }
      - { name: city, logicalType: string, customProperties: [{ property: headraceSource, value: { path: /address/city } }] }
      - { name: address, logicalType: string, customProperties: [{ property: headraceSource, value: { field: address, as: json } }] }
      - { name: price, logicalType: number, physicalType: "decimal(8,2)", customProperties: [{ property: headraceSource, value: { path: /lines/0/price } }] }
      - { name: gross, logicalType: number, physicalType: "decimal(9,4)", transformLogic: "price * 1.19" }
`;

/** Two days in UTC that are one day where they were written, a test, and a price whose gross does not fit. */
const RECORDS = [
  '{"order_id":1,"ordered_at":"2026-03-02T00:30:00+02:00","kind":"web","address":{"city":"Köln", "zip":"50667"},"lines":[{"price":10.10}]}',
  '{"order_id":2,"ordered_at":"2026-03-02T02:30:00+02:00","kind":"web","address":null,"lines":[{"price":0.01}]}',
  '{"order_id":3,"ordered_at":"2026-03-02T03:00:00+02:00","kind":"shop","address":{},"lines":[]}',
  '{"order_id":4,"ordered_at":"2026-03-02T03:00:00+02:00","kind":"test","address":{},"lines":[]}',
  '{"order_id":5,"ordered_at":"2026-03-02T03:00:00+02:00","kind":"web","address":{},"lines":[{"price":90000.00}]}',
];

describe('a dataset partitioned by a computed day, through the synthesized machines', () => {
  let folder: string;
  let server: Server;
  let stack: LocalStack | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-days-'));
    server = createServer((_request, response) => { response.end(`${RECORDS.join('\n')}\n`); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const contract = path.join(folder, 'orders.odcs.yaml');
    writeFileSync(contract, CONTRACT);
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    const orders = new Stack(app, 'Orders');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders.ndjson`;
    const ingest = new IngestStage(orders, 'Ingest', { contract, pipelineName: 'orders', sources: { orders: IngestSource.http({ url }) } });
    const curate = new CurateStage(orders, 'Curate', { contract, pipelineName: 'orders', rawBucket: ingest.rawBucket, databaseName: 'orders' });
    new StateMachine(orders, 'Pipeline', { definitionBody: DefinitionBody.fromChainable(ingest.next(curate)) });
    app.synth();
    stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50 });
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  test('has a partition for each day, values from inside of records, and counts that balance', async () => {
    const record = await runMachine(stack!, 'Orders/Pipeline', { slot: 'first' });
    expect([record.status, record.error]).toEqual(['SUCCEEDED', undefined]);
    expect(await athena(stack!, 'SELECT order_id, city, address, gross FROM orders WHERE day = DATE \'2026-03-01\'')).toEqual([['1', 'Köln', '{"city":"Köln", "zip":"50667"}', '12.0190']]);
    expect(await athena(stack!, 'SELECT day, count(*), sum(gross) FROM orders GROUP BY day ORDER BY day')).toEqual([['2026-03-01', '1', '12.0190'], ['2026-03-02', '2', '0.0119']]);
    const [manifest] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\/commits\/curated\/orders\/\d+\.json$/.test(file))
      .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Record<string, unknown>);
    expect(manifest).toMatchObject({
      balance: { parsed: 5, kept: 4, rejected: 1, filtered: 1, deduplicated: 0, written: 3 }, quarantine: { byCode: { RANGE: 1 } },
      parts: [{ partition: { day: '2026-03-01' } }, { partition: { day: '2026-03-02' } }],
    });
  });
});
