import { HttpApi } from '../../_fakes/http-api';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

const DEDUPE = `
      - property: headraceDedupe
        value: { orderBy: [{ column: id, direction: desc }] }`;

describe('files by date', () => {
  let api: HttpApi;
  let stage: IngestStage;
  let versions: Record<string, string>;
  let missing: Set<string>;

  beforeEach(async () => {
    versions = {};
    missing = new Set();
    api = await HttpApi.start(({ url, headers }) => {
      const etag = `"${url.pathname}${versions[url.pathname] ?? ''}"`;
      if (missing.has(url.pathname)) return { status: 404 };
      return headers['if-none-match'] === etag ? { status: 304, headers: { etag } } : { headers: { etag }, body: `id,note\n1,${etag.slice(2, -1)}\n` };
    });
  });
  afterEach(async () => {
    await stage.close();
    await api.close();
  });

  async function open(dates: object, path = '/{yyyy}/t-{MM}{dd}.csv', contract = contractText(['trips'])): Promise<void> {
    stage = await IngestStage.start({ trips: { kind: 'http', url: `${api.origin}${path}`, dates: { step: 'day', from: '2026-03-27', ...dates } } }, contract);
  }

  const asked = (): string[] => api.asked.splice(0).map(({ url }) => url.pathname).sort();
  const withHistory = (history: string, more = ''): string => contractText(['trips'])
    .replace('\n    properties:', `\n      - { property: headraceHistory, value: ${history} }${more}\n    properties:`).replace('{ name: id,', '{ name: id, primaryKey: true,');

  test('reads from the first date to the slot, then each new one, each once', async () => {
    await open({});
    expect((await stage.run('s20260330t030000z')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parts: 3, records: 3 } });
    expect(asked()).toEqual(['/2026/t-0327.csv', '/2026/t-0328.csv', '/2026/t-0329.csv']);
    await stage.run('s20260401t030000z');
    expect(asked()).toEqual(['/2026/t-0330.csv', '/2026/t-0331.csv']);
    expect(stage.log('trips').map(({ cursor }) => cursor)).toEqual([{ to: '2026-03-29' }, { from: '2026-03-29', to: '2026-03-31' }]);
    expect((await stage.run('s20260401t040000z')).datasets.trips?.outcome).toBe('unchanged');
    expect(asked()).toEqual([]);
  });

  test.each([
    ['UTC', {}, '2026-03-29'], ['Pacific/Auckland', {}, '2026-03-30'], ['America/Los_Angeles', {}, '2026-03-28'],
    ['UTC', { availableAfterSeconds: 0 }, '2026-03-30'], ['UTC', { availableAfterSeconds: 38 * 3_600 }, '2026-03-28'],
  ])('the last date at 13:00 UTC of March 30 in %s with %j is %s', async (timeZone, more, to) => {
    // In Auckland it is 02:00 of the 31st, in Los Angeles 06:00 of the 30th.
    const slot = timeZone === 'America/Los_Angeles' ? 's20260330t060000z' : 's20260330t130000z';
    await open({ timeZone, ...more });
    await stage.run(slot);
    expect(stage.log('trips')[0].cursor).toEqual({ to });
  });

  test('hours are those of the zone, and the hour that comes twice is one file', async () => {
    await open({ step: 'hour', from: '2026-10-24T23Z', timeZone: 'Europe/Berlin' }, '/{yyyy-MM-dd}/{HH}.csv');
    await stage.run('s20261025t040000z');
    expect(asked()).toEqual(['/2026-10-25/01.csv', '/2026-10-25/02.csv', '/2026-10-25/03.csv', '/2026-10-25/04.csv']);
    expect(stage.log('trips')[0].cursor).toEqual({ to: '2026-10-25T03Z' });
  });

  test('months go over the end of a year', async () => {
    await open({ step: 'month', from: '2025-11' }, '/{yyyyMM}.csv');
    await stage.run('s20260201t000000z');
    expect(asked()).toEqual(['/202511.csv', '/202512.csv', '/202601.csv']);
  });

  test('a lag asks files again with what is known of them, and lands only those that changed', async () => {
    await open({ lag: 2 }, undefined, withHistory('changes'));
    await stage.run('s20260330t030000z');
    asked();
    versions['/2026/t-0328.csv'] = 'v2';
    expect((await stage.run('s20260331t030000z')).datasets.trips).toMatchObject({ counts: { parts: 2 } });
    expect(asked()).toEqual(['/2026/t-0328.csv', '/2026/t-0329.csv', '/2026/t-0330.csv']);
    expect(stage.log('trips')[1].parts.map(({ key }: { key: string }) => stage.s3.text(BUCKET, key))).toEqual(['id,note\n1,2026/t-0328.csvv2\n', 'id,note\n1,2026/t-0330.csv\n']);
  });

  test.each([['without a dedupe rule', ''], ['with one, which looks into one batch only', DEDUPE]])('a lag is refused where files append, %s', async (_, rule) => {
    await open({ lag: 1 }, undefined, withHistory('append', rule));
    await expect(stage.plan('s20260330t030000z')).rejects.toMatchObject({ code: 'SOURCE_DATES', message: expect.stringContaining('write headraceHistory: changes') });
  });

  test('a missing file fails the run, and nothing is committed', async () => {
    await open({});
    missing.add('/2026/t-0328.csv');
    await expect(stage.run('s20260330t030000z')).rejects.toThrow('SOURCE_STATUS');
    expect(stage.log('trips')).toEqual([]);
  });

  test('a file that may be missing is left out; at the end the cursor stays before it', async () => {
    await open({ missing: 'skip' });
    missing.add('/2026/t-0327.csv').add('/2026/t-0329.csv');
    await stage.run('s20260330t030000z');
    expect(stage.log('trips')[0]).toMatchObject({ cursor: { to: '2026-03-28' }, parts: [{ source: { url: expect.stringContaining('0328') } }] });
    expect(stage.codes().filter((code) => code === 'INGEST_W1204')).toHaveLength(2);
    missing.clear();
    asked();
    await stage.run('s20260331t030000z');
    expect(asked()).toEqual(['/2026/t-0329.csv', '/2026/t-0330.csv']);
  });

  test('a back-fill reads its range and leaves the cursor', async () => {
    await open({});
    await stage.run('s20260330t030000z');
    asked();
    await stage.run('fill', 1, { operation: 'backfill', range: { from: '2026-01-01', to: '2026-01-03' } });
    expect(asked()).toEqual(['/2026/t-0101.csv', '/2026/t-0102.csv']);
    await stage.run('s20260331t030000z');
    expect(asked()).toEqual(['/2026/t-0330.csv']);
  });

  test.each([['2026-01-03', '2026-01-01'], ['2026-02-30', '2026-03-02'], ['2026-01', '2026-02']])('a back-fill from %s to %s is refused', async (from, to) => {
    await open({});
    await expect(stage.plan('fill', 1, { operation: 'backfill', range: { from, to } })).rejects.toMatchObject({ code: 'INPUT', message: expect.stringContaining('2026-01-31') });
  });

  test('a back-fill of an address without a date is refused, since it would read everything', async () => {
    stage = await IngestStage.start({ trips: { kind: 'http', url: `${api.origin}/2026/t-0327.csv` } }, contractText(['trips']));
    await expect(stage.plan('fill', 1, { operation: 'backfill', range: { from: '2026-01-01', to: '2026-02-01' } }))
      .rejects.toMatchObject({ code: 'INPUT', message: expect.stringMatching(/trips reads addresses that name no date.*httpDates.*only/) });
  });

  test('of a snapshot only the newest file counts', async () => {
    await open({}, undefined, contractText(['trips']).replace('{ format: csv, header: exact }', '{ format: csv, header: exact }\n      - { property: headraceHistory, value: snapshot }'));
    await stage.run('s20260330t030000z');
    expect(asked()).toEqual(['/2026/t-0329.csv']);
  });

  test('several files are asked with what is known of each; a budget keeps them in one task', async () => {
    await open({});
    stage.settings.sources.trips = { kind: 'http', urls: [`${api.origin}/a.csv`, `${api.origin}/b.csv`], requestsPerMinute: 60_000 };
    expect((await stage.plan('s1')).items.count).toBe(1);
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ counts: { parts: 2 } });
    versions['/b.csv'] = 'v2';
    expect((await stage.run('s2')).datasets.trips).toMatchObject({ counts: { parts: 1 } });
    expect((await stage.run('s3')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
  });

  test.each([
    [{ step: 'day', from: '2026-1-1' }, '/{yyyy-MM-dd}', 'dates.from must be written 2026-01-31'],
    [{ step: 'day', from: '2026-01-01' }, '/{yyyy}-{mm}-{dd}', 'unknown words in braces: mm'],
    [{ step: 'hour', from: '2026-01-01T00Z' }, '/{yyyy-MM-dd}', 'must hold {HH}, or several hours have one address'],
    [{ step: 'day', from: '2026-01-01', timeZone: 'Mars/Olympus' }, '/{yyyy-MM-dd}', 'timeZone must be an IANA name'],
  ])('settings %j with %s are refused', async (dates, path, problem) => {
    await open(dates, path);
    await expect(stage.plan('s1')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining(problem) });
  });
});
