import { copyFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ExecutionAlreadyExists, type LocalStack, serveFolder, type SourceServer } from '@headrace/local-runner';
import { DIRTY_ROWS } from '../reference-pipeline/source/dirty-rows';
import { athena, LocalPipeline, runAll, runMachine, target } from './_fixtures/local-pipeline';

jest.setTimeout(240_000);

/** Clean flights of the source, and its airports. */
const FLIGHTS = '3000';

describe('the reference pipeline, through its synthesized machines', () => {
  let pipeline: LocalPipeline;
  let server: SourceServer;
  let assembly: string;
  let stack: LocalStack | undefined;
  beforeAll(async () => {
    pipeline = await LocalPipeline.create();
    server = await serveFolder(pipeline.sourceFolder);
    assembly = pipeline.synthesize(server.url);
    stack = await pipeline.start(assembly);
  });
  afterAll(async () => {
    await stack?.close();
    await server?.close();
    pipeline?.remove();
  });
  const up = () => stack as LocalStack;

  test('brings every row into the database, with every balance closed', async () => {
    const summary = await runAll(up(), 'first');
    expect(pipeline.notices).toEqual([]);
    expect(summary.status).toBe('SUCCEEDED');
    const { parsed, rejected, deduplicated } = pipeline.source.expected;
    expect(summary.datasets.flights?.stages.curate?.counts).toMatchObject({ parsed, rejected, deduplicated, written: Number(FLIGHTS) });
    expect(summary.datasets.flights?.stages.load?.counts).toMatchObject({ staged: Number(FLIGHTS), inserted: Number(FLIGHTS) });
    expect(Object.values(summary.datasets).flatMap(({ hops }) => hops).map(({ balance }) => balance)).toEqual(Array(10).fill('balanced'));
    expect(await target(up(), 'SELECT count(*), count(DISTINCT flight_id) FROM flights')).toEqual([[FLIGHTS, FLIGHTS]]);
    expect(await athena(up(), 'SELECT count(*) FROM flights')).toEqual([[FLIGHTS]]);
    expect(await athena(up(), 'SELECT count(*) FROM airports')).toEqual([[String(pipeline.source.expected.airports)]]);
  });

  test('keeps every planted dirty row, with its bytes and the code that the list gives', async () => {
    const found = await quarantine(up(), 'flights');
    expect(found.map(({ raw }) => raw).sort()).toEqual(DIRTY_ROWS.map(({ bytes }) => bytes).sort());
    for (const { bytes, code, why } of DIRTY_ROWS) expect({ why, code: found.find(({ raw }) => raw === bytes)?.code }).toEqual({ why, code });
  });

  test('gives Athena and the database the same rows', async () => {
    const columns = 'flight_id, flight_date, delay_minutes, distance_miles, origin, destination, origin_city, origin_latitude';
    const query = `SELECT ${columns} FROM flights WHERE origin = 'ORD' ORDER BY flight_id`;
    const rows = await athena(up(), query);
    expect(rows.length).toBeGreaterThan(50);
    expect(await target(up(), query)).toEqual(rows);
  });

  test('finds nothing new in a second run, and loads nothing', async () => {
    const summary = await runAll(up(), 'second');
    expect(Object.values(summary.datasets).flatMap(({ stages }) => Object.values(stages).map(({ outcome }) => outcome)))
      .toEqual(['unchanged', 'nothing', 'nothing', 'unchanged', 'nothing', 'nothing']);
    expect(await target(up(), 'SELECT count(*) FROM flights')).toEqual([[FLIGHTS]]);
  });

  test('does not see a stray file under a data prefix', async () => {
    const bucket = up().deployment.assembly.ofType('AWS::S3::Bucket').map(({ ref }) => path.join(up().state.s3, ref)).find((each) => readdirSync(path.join(each, 'flights')).includes('data')) as string;
    const files = readdirSync(path.join(bucket, 'flights/data/flights'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.parquet'));
    const committed = path.join(bucket, 'flights/data/flights', files[0] as string);
    copyFileSync(committed, path.join(path.dirname(committed), 'stray.parquet'));
    expect(await athena(up(), 'SELECT count(*) FROM flights')).toEqual([[FLIGHTS]]);
    expect(await athena(up(), 'SELECT count(*) FROM flights_runs')).toEqual([[FLIGHTS]]);
    expect((await runAll(up(), 'third')).datasets.flights?.stages.load?.outcome).toBe('nothing');
    expect(await target(up(), 'SELECT count(*) FROM flights')).toEqual([[FLIGHTS]]);
  });

  test('refuses to start a slot twice under one name', async () => {
    await expect(runMachine(up(), 'Ingest/Ingest', { slot: 'first' })).rejects.toThrow(ExecutionAlreadyExists);
  });
});

interface Quarantined { code: string; raw: string }

async function quarantine(stack: LocalStack, dataset: string): Promise<Quarantined[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const result = await connection.runAndReadAll(`SELECT code, hex(raw) FROM read_parquet('${stack.state.s3}/*/*/quarantine/${dataset}/**/*.parquet')`);
    return result.getRows().map(([code, hex]) => ({ code: String(code), raw: Buffer.from(String(hex), 'hex').toString('latin1') }));
  } finally {
    connection.closeSync();
  }
}
