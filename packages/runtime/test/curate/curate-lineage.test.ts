import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tellFailure } from '../../src/curate/curate-lineage';
import type { RunEvent } from '../../src/lineage/run-event';
import { hasOpenLineage, openLineageProblems } from '../_fixtures/openlineage';
import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';

const TRIPS: DatasetSpec = { columns: [{ name: 'id', type: 'integer' }, { name: 'day', type: 'date', more: 'partitioned: true' }] };

const COMPUTED: DatasetSpec = {
  columns: [
    { name: 'id', type: 'integer', more: 'customProperties: [{ property: headraceSource, value: { field: Id } }]' }, { name: 'fare', type: 'decimal(5,2)' }, { name: 'tip', type: 'decimal(5,2)' },
    { name: 'whole', type: 'boolean' }, { name: 'total', type: 'decimal(6,2)', more: 'transformLogic: fare + tip' }, { name: 'same', type: 'decimal(5,2)', more: 'transformLogic: fare' },
    { name: 'shown', type: 'decimal(6,2)', more: 'transformLogic: CASE WHEN whole AND tip > 0 THEN total ELSE fare END' },
    { name: 'email', type: 'string', more: 'customProperties: [{ property: headraceMask, value: { method: redact, text: gone } }]' },
  ],
  custom: { headraceFilter: '"tip > 0"' },
};

interface Use {
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
  readonly transformations: ReadonlyArray<{ readonly subtype: string; readonly masking?: boolean }>;
}

/** What every facet says of itself. */
const FACET = { _producer: 'https://github.com/headrace/headrace/tree/v1.2.3', _schemaURL: expect.stringMatching(/^https:\/\/openlineage\.io\/spec\/facets\/\d-\d-\d\/(\w+)\.json#\/\$defs\/\1$/) as string };

describe('the lineage of a curate run', () => {
  let bench: CurateBench;
  let server: Server;
  let posted: RunEvent[];
  let answer: number | 'never';

  beforeAll(async () => {
    bench = await CurateBench.start();
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); }).on('end', () => {
        posted.push(JSON.parse(body) as RunEvent);
        if (answer === 'never') request.socket.destroy();
        else response.writeHead(answer).end('{}');
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  });
  afterAll(async () => {
    await bench.close();
    await new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  });
  beforeEach(async () => {
    posted = [];
    answer = 201;
    await bench.reset(TRIPS, { lineageEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage` });
  });

  const stored = async (event: string): Promise<RunEvent> => (await bench.store.getJson<RunEvent>({ bucket: 'curated', key: `lake/lineage/curate/s20260101t030000z-a1/${event}.json` }))!.value;

  test('is a pair of events of one run id, in the bucket and at the endpoint', async () => {
    await bench.ingest('r1', ['id,day\n1,2024-01-01\n2,2024-01-02\nx,\n']);
    await bench.run('s20260101t030000z');
    expect(posted.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
    expect([await stored('start'), await stored('complete')]).toEqual(posted);
    const [start, complete] = posted as [RunEvent, RunEvent];
    expect(start.run.runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(complete.run.runId).toBe(start.run.runId);
    expect(start).toMatchObject({
      producer: FACET._producer, schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
      run: { facets: { nominalTime: { ...FACET, nominalStartTime: '2026-01-01T03:00:00.000Z' }, processing_engine: { ...FACET, name: 'duckdb' } } },
      job: { namespace: 'lake', name: 'curate', facets: { jobType: { ...FACET, processingType: 'BATCH', integration: 'HEADRACE' } } },
      inputs: [{ namespace: 's3://raw', name: 'lake/raw/trips', facets: { dataSource: { ...FACET, name: 's3://raw' } } }],
      outputs: [{
        namespace: 's3://curated', name: 'lake/data/trips',
        facets: {
          schema: { ...FACET, fields: [{ name: 'id', type: 'bigint' }, { name: 'day', type: 'date' }] },
          columnLineage: { ...FACET, fields: { day: { inputFields: [{ namespace: 's3://raw', name: 'lake/raw/trips', field: 'day', transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }] }] } } },
        },
      }],
    });
    expect(complete).toMatchObject({
      inputs: [{ inputFacets: { inputStatistics: { ...FACET, rowCount: 3 } } }],
      outputs: [{ outputFacets: { outputStatistics: { ...FACET, rowCount: 2, fileCount: 2 } } }],
    });
  });

  test('has no dataset that had no work', async () => {
    await bench.run('s1');
    expect(posted.at(-1)).toMatchObject({ eventType: 'COMPLETE', inputs: [], outputs: [] });
  });

  test.each<[number | 'never', RegExp]>([[500, /it answered with status 500/], ['never', /fetch failed/]])('fails no run when the endpoint answers %s', async (given, reason) => {
    answer = given;
    expect((await bench.run('s20260101t030000z')).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(await stored('complete')).toMatchObject({ eventType: 'COMPLETE' });
    const warnings = bench.lines.filter((line) => line.includes('FUNCTION_W0001'));
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(reason);
  });

  test('fails no run when the bucket refuses it', async () => {
    bench.s3.fault = ({ action, key }) => (action === 'PutObject' && key?.includes('/lineage/') === true ? { status: 403, code: 'AccessDenied' } : undefined);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'nothing' });
    expect(posted).toHaveLength(2);
  });

  test('of a failed execution says what failed', async () => {
    const { settings, store, report } = bench;
    await tellFailure({
      settings, store, report, input: { slot: 's20260101t030000z' }, execution: { name: 'x', startTime: '' }, signal: new AbortController().signal,
      previous: { failed: { state: 'Shapes', error: 'States.TaskFailed', cause: 'exit code 1', recorded: 'trips: 2 of 3 records rejected' } },
    });
    expect(posted).toMatchObject([{ eventType: 'FAIL', run: { facets: { errorMessage: { ...FACET, message: 'Shapes: States.TaskFailed: trips: 2 of 3 records rejected', programmingLanguage: 'JavaScript' } } } }]);
    await tellFailure({
      settings, store, report, input: { slot: 's20260101t030000z' }, execution: { name: 'x', startTime: '' }, signal: new AbortController().signal,
      previous: { failed: { state: 'Iceberg', error: 'States.TaskFailed' } },
    });
    // Its rows were published, and COMPLETE was told.
    expect(posted).toHaveLength(1);
    await bench.plan('s20260101t030000z');
    expect(posted[1]!.run.runId).toBe(posted[0]!.run.runId);
  });

  test('says of each column which fields it is made of and how, of computed columns, masks and a filter too', async () => {
    await bench.reset(COMPUTED, { lineageEndpoint: bench.settings.lineageEndpoint });
    await bench.run('s1');
    const [output] = posted[0]!.outputs as [{ facets: { columnLineage: { fields: Record<string, { inputFields: Use[] }>; dataset: Use[] } } }];
    const { fields, dataset } = output.facets.columnLineage;
    const uses = (each: Use[]) => Object.fromEntries(each.map(({ namespace, name, field, transformations }) => {
      expect({ namespace, name }).toEqual({ namespace: 's3://raw', name: 'lake/raw/trips' });
      return [field, transformations.map(({ subtype, masking }) => (masking === true ? `${subtype}, masked` : subtype)).join(' and ')];
    }));
    expect(Object.fromEntries(Object.entries(fields).map(([column, { inputFields }]) => [column, uses(inputFields)]))).toEqual({
      id: { Id: 'IDENTITY' }, fare: { fare: 'IDENTITY' }, tip: { tip: 'IDENTITY' }, whole: { whole: 'IDENTITY' },
      total: { fare: 'TRANSFORMATION', tip: 'TRANSFORMATION' }, same: { fare: 'IDENTITY' },
      shown: { whole: 'CONDITIONAL', tip: 'CONDITIONAL and TRANSFORMATION', fare: 'TRANSFORMATION' },
      email: { email: 'TRANSFORMATION, masked' },
    });
    expect(uses(dataset)).toEqual({ tip: 'FILTER' });
    expect(dataset[0]!.transformations).toEqual([{ type: 'INDIRECT', subtype: 'FILTER' }]);
  });

  (hasOpenLineage ? test : test.skip)('is what the schemas of the specification allow: events of every kind, each with all of its facets', async () => {
    await bench.reset(COMPUTED, { lineageEndpoint: bench.settings.lineageEndpoint });
    for (const run of ['r1', 'r2']) await bench.ingest(run, ['Id,fare,tip,whole,email\n1,1.50,1.00,true,a@example.com\nx,,,,\n']);
    await bench.run('s20260101t030000z');
    await bench.run('m20260101t040000z', 1, { operation: 'compact' });
    const { settings, store, report } = bench;
    await tellFailure({
      settings, store, report, input: { slot: 's20260101t050000z' }, execution: { name: 'x', startTime: '' }, signal: new AbortController().signal,
      previous: { failed: { state: 'Shapes', error: 'States.TaskFailed' } },
    });
    expect(posted.map(({ eventType, job: { name } }) => `${eventType} ${name}`)).toEqual([
      'START curate', 'COMPLETE curate', 'START curate.compact', 'COMPLETE curate.compact', 'FAIL curate']);
    const wrong = [
      { ...posted[0]!, eventType: 'BEGIN' }, { ...posted[0]!, eventTime: 'yesterday' }, { ...posted[0]!, run: { runId: '1', facets: {} } }, { ...posted[0]!, inputs: [{ namespace: 's3://raw' }] },
      JSON.parse(JSON.stringify(posted[1]).replace('"rowCount":2', '"rowCount":"2"')) as RunEvent, JSON.parse(JSON.stringify(posted[0]).replace('"DIRECT"', '5')) as RunEvent,
      JSON.parse(JSON.stringify(posted[4]).replace('"message"', '"text"')) as RunEvent,
    ];
    const problems = openLineageProblems([...posted, ...wrong]);
    expect(problems.slice(0, posted.length)).toEqual(posted.map(() => []));
    // The oracle finds what is wrong.
    expect(problems.slice(posted.length).map(({ length }) => length > 0)).toEqual(wrong.map(() => true));
  });
});
