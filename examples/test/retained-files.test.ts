import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { type LocalStack, serveFolder, type SourceServer } from '@headrace/local-runner';
import { athena, LocalPipeline, runMachine, target } from './_fixtures/local-pipeline';
import { mendContracts, withoutHorizon } from './_fixtures/mended-contract';

jest.setTimeout(240_000);

const ROWS = 'SELECT count(*), count(DISTINCT flight_id), sum(distance_miles), min(origin), max(destination_city) FROM flights';

describe('a vacuum through the synthesized machine', () => {
  let pipeline: LocalPipeline;
  let server: SourceServer;
  let stack: LocalStack;

  beforeAll(async () => {
    pipeline = await LocalPipeline.create(600);
    server = await serveFolder(pipeline.sourceFolder);
    const assembly = pipeline.changed(pipeline.synthesize(server.url), (template) => {
      Object.assign(template, JSON.parse(withoutHorizon(JSON.stringify(template))));
    });
    stack = await pipeline.start(assembly);
  });
  afterAll(async () => {
    await stack?.close();
    await server?.close();
    pipeline?.remove();
  });

  const run = async (machine: string, input: { slot: string; operation?: string }): Promise<any> => {
    const { status, output, cause } = await runMachine(stack, machine, input);
    expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    return output;
  };
  /** Units of flights that have an object below a folder. */
  const units = (folder: string): string[] => {
    const place = readdirSync(stack.state.s3).map((bucket) => path.join(stack.state.s3, bucket, 'flights', folder, 'flights')).find((one) => existsSync(one))!;
    const objects = (unit: string) => readdirSync(path.join(place, unit), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return readdirSync(place).filter((unit) => objects(unit).length > 0);
  };

  test('removes what was curated again before it was ever loaded, and the load has every row once', async () => {
    await run('Pipeline/Pipeline', { slot: 'first' });
    const before = await athena(stack, ROWS);
    await mendContracts(stack, 2);
    await run('Curate/Curate', { slot: 'mended', operation: 'rerun' });
    expect(units('data')).toHaveLength(2);

    const output = await run('Curate/Curate', { slot: 'night', operation: 'vacuum' });

    expect(output).toEqual({
      schemaVersion: 1, pipeline: 'flights', slot: 'night', attempt: 1, datasets: {
        flights: expect.objectContaining({ outcome: 'committed', seq: 3, counts: expect.objectContaining({ units: 1, leftBehind: 0, expired: 0, waiting: 1, files: 0 }) }),
        airports: expect.objectContaining({ outcome: 'committed', seq: 3 }),
      },
    });
    expect(await athena(stack, ROWS)).toEqual(before);
    // What has left the catalog waits for queries that saw it there, which is not long here.
    const later = await run('Curate/Curate', { slot: 'night2', operation: 'vacuum' });
    expect(later.datasets.flights).toMatchObject({ outcome: 'nothing', counts: { waiting: 0 } });
    expect(later.datasets.flights.counts.files).toBeGreaterThan(2);
    for (const folder of ['data', 'quarantine', 'catalog']) expect(units(folder)).toEqual(['mended-a1-i1']);
    expect(await athena(stack, ROWS)).toEqual(before);
    expect(await athena(stack, 'SELECT DISTINCT "_headrace_attempt" FROM flights_runs')).toEqual([['mended-a1-i1']]);
    expect(await athena(stack, "SELECT attempt_id, state FROM published WHERE dataset = 'flights' ORDER BY seq")).toEqual([
      ['first-a1-i1', 'removed'], ['mended-a1-i1', 'current'], ['night-a1-removal', 'superseded'],
    ]);
    await run('Load/Load', { slot: 'load' });
    expect(await target(stack, ROWS)).toEqual(before);
  });
});
