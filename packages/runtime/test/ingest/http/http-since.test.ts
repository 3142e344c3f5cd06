import { planIngest } from '../../../src/ingest/plan';
import { HttpApi, type Answer, type Handler } from '../../_fakes/http-api';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

const CHANGES = contractText(['orders'], '{ format: ndjson }')
  .replace('\n    properties:', '\n      - property: headraceHistory\n        value: changes\n    properties:').replace('{ name: id,', '{ name: id, primaryKey: true,');

const lines = (all: object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join('');

describe('an API that is asked for what is new', () => {
  let api: HttpApi;
  let stage: IngestStage;

  async function open(handler: Handler, source: object, contract = CHANGES): Promise<void> {
    api = await HttpApi.start(handler);
    stage = await IngestStage.start({ orders: { kind: 'httpPages', url: `${api.origin}/v1/orders`, paging: { by: 'linkHeader' }, ...source } }, contract);
  }

  afterEach(async () => {
    await stage.close();
    await api.close();
  });

  const asked = (): string[] => api.asked.splice(0).map(({ url }) => decodeURIComponent(url.search));
  const cursors = (): object[] => stage.log('orders').map(({ cursor }) => cursor);
  const outcome = async (...args: Parameters<IngestStage['run']>): Promise<string | undefined> => (await stage.run(...args)).datasets.orders?.outcome;
  const failure = async (of: Promise<unknown>): Promise<object> => of.then(() => ({ nothing: 'was thrown' }), (error: unknown) => error as object);

  async function pullFailure(slot: string): Promise<any> {
    expect(await stage.pull(await stage.plan(slot), 0)).not.toBe(0);
    return stage.errors.at(-1).data;
  }

  describe('by a window of time', () => {
    const one: Handler = () => ({ body: lines([{ id: 1 }]) });
    const time = (more: object = {}): object => ({ since: { by: 'time', parameter: 'since', ...more } });

    test('reads up to the time of the slot, and each further run from there less the lag', async () => {
      await open(one, time({ untilParameter: 'until' }));
      await stage.run('s20260330t030000z');
      await stage.run('s20260330t040000z');
      expect(asked()).toEqual(['?until=2026-03-30T03:00:00Z', '?since=2026-03-30T02:50:00Z&until=2026-03-30T04:00:00Z']);
      expect(cursors()).toEqual([{ to: '2026-03-30T03:00:00Z' }, { from: '2026-03-30T03:00:00Z', to: '2026-03-30T04:00:00Z' }]);
      expect(stage.log('orders')[1].parts[0].source.url).toBe(`${api.origin}/v1/orders#since=2026-03-30T02%3A50%3A00Z&until=2026-03-30T04%3A00%3A00Z&page=0`);
    });

    test.each([
      ['iso', '?since=2026-03-29T23:00:00Z&until=2026-03-30T03:00:00Z'], ['seconds', '?since=1774825200&until=1774839600'],
      ['millis', '?since=1774825200000&until=1774839600000'], ['date', '?since=2026-03-29&until=2026-03-30'],
    ])('writes times as %s', async (format, expected) => {
      await open(one, time({ untilParameter: 'until', format, lagSeconds: 3_600, first: '2026-03-29T23:00:00Z' }));
      await stage.run('s20260330t030000z');
      expect(asked()).toEqual([expected]);
    });

    test('asks the first run from first, without a lag, and needs no end', async () => {
      await open(one, time({ first: '2026-01-01' }));
      await stage.run('s20260330t030000z');
      expect(asked()).toEqual(['?since=2026-01-01T00:00:00Z']);
    });

    test('a slot that the log has passed has nothing new, and asks nobody', async () => {
      await open(one, time());
      await stage.run('s20260330t040000z');
      expect(await outcome('s20260330t030000z')).toBe('unchanged');
      expect(asked()).toEqual(['']);
    });

    test('all attempts of a run ask for one window, also where the slot has no time, so that what was pulled is taken over', async () => {
      await open(one, time(), CHANGES + CHANGES.slice(CHANGES.indexOf('\n  - name: orders')).replace('name: orders', 'name: riders').slice(1));
      stage.settings.sources.riders = stage.settings.sources.orders;
      const plan = async (attempt: number, now: string): Promise<any> => planIngest({
        settings: stage.settings, input: { slot: 'by_hand', attempt }, store: stage.store, report: stage.report, now: () => new Date(now),
      });
      expect(await stage.pull(await plan(1, '2026-03-30T03:00:00.700Z'), 0)).toBe(0);
      // The task of the riders was killed, and somebody looks after it in the morning.
      const second = await plan(2, '2026-03-30T09:00:00Z');
      expect(second).toMatchObject({ items: { count: 1 } });
      expect(await stage.pull(second, 0)).toBe(0);
      expect((await stage.commit('by_hand', 2)).datasets.orders).toMatchObject({ outcome: 'committed', counts: { takenOver: 1 } });
      expect([stage.log('orders')[0].cursor, stage.log('riders')[0].cursor]).toEqual([{ to: '2026-03-30T03:00:00Z' }, { to: '2026-03-30T03:00:00Z' }]);
      expect(asked()).toHaveLength(2);
    });

    test('a slot in the future ends at the clock', async () => {
      await open(one, time());
      await planIngest({ settings: stage.settings, input: { slot: 's20990101t000000z' }, store: stage.store, report: stage.report, now: () => new Date('2026-03-30T03:00:00Z') });
      expect(stage.s3.json(BUCKET, stage.s3.keys(BUCKET, 'demo/work/').find((key) => key.endsWith('/plan.json'))!).datasets.orders.cursor).toEqual({ to: '2026-03-30T03:00:00Z' });
    });

    test('an answer without records is nothing new after a commit, and an empty batch before the first', async () => {
      await open(() => ({ body: '' }), time());
      expect(await outcome('s20260330t030000z')).toBe('empty');
      expect(await outcome('s20260330t040000z')).toBe('unchanged');
      await stage.run('s20260330t050000z');
      // The window is the longer.
      expect(asked()).toEqual(['', '?since=2026-03-30T02:50:00Z', '?since=2026-03-30T02:50:00Z']);
      expect(cursors()).toEqual([{ to: '2026-03-30T03:00:00Z' }]);
    });

    test('a back-fill reads its range and leaves the cursor; a replay reads the window of its run, also of a run that was a replay', async () => {
      await open(one, time({ untilParameter: 'until' }));
      await stage.run('s20260330t030000z');
      await stage.run('s20260330t040000z');
      await stage.run('s20260330t050000z');
      asked();
      await stage.run('fill', 1, { operation: 'backfill', range: { from: '2026-01-01', to: '2026-02-01T12:00:00+01:00' } });
      await stage.run('again', 1, { operation: 'replay', run: 's20260330t040000z' });
      await stage.run('once_more', 1, { operation: 'replay', run: 'again' });
      await stage.run('refill', 1, { operation: 'replay', run: 'fill' });
      expect(asked()).toEqual([
        '?since=2026-01-01T00:00:00Z&until=2026-02-01T11:00:00Z', '?since=2026-03-30T02:50:00Z&until=2026-03-30T04:00:00Z', '?since=2026-03-30T02:50:00Z&until=2026-03-30T04:00:00Z',
        '?since=2026-01-01T00:00:00Z&until=2026-02-01T11:00:00Z',
      ]);
      expect(cursors().slice(3)).toEqual(new Array(4).fill({ from: '2026-03-30T05:00:00Z', to: '2026-03-30T05:00:00Z' }));
      expect(stage.log('orders').slice(3).map(({ kind, supersedes }) => [kind, supersedes])).toEqual([
        ['backfill', []], ['replay', ['s20260330t040000z']], ['replay', ['again']], ['replay', ['fill']],
      ]);
      await stage.run('s20260330t060000z');
      expect(asked()).toEqual(['?since=2026-03-30T04:50:00Z&until=2026-03-30T06:00:00Z']);
    });

    test.each([
      ['there is no parameter for its end', {}, { from: '2026-01-01', to: '2026-02-01' }, 'SOURCE_CURSOR', /set untilParameter/],
      ['a bound is no time', { untilParameter: 'u' }, { from: 'x', to: '2026-02-01' }, 'INPUT', /range of orders must be dates or times with zone/],
      ['it ends before it begins', { untilParameter: 'u' }, { from: '2026-02-01', to: '2026-01-01' }, 'INPUT', /from before to/],
      ['dates are asked for, and it has an hour', { untilParameter: 'u', format: 'date' }, { from: '2026-01-01T09:00:00Z', to: '2026-02-01' }, 'INPUT', /must be whole days/],
    ])('refuses a back-fill where %s', async (_, more, range, code, message) => {
      await open(one, time(more));
      expect(await failure(stage.plan('fill', 1, { operation: 'backfill', range }))).toMatchObject({ code, message: expect.stringMatching(message) });
    });

    test('sends its parameters with each page that is counted or goes on by a cursor, and leaves links to the server', async () => {
      const pages: Handler = ({ url }) => ({ body: { data: Number(url.searchParams.get('o') ?? 0) < 2 ? [{ id: url.searchParams.get('o') }] : [] } });
      await open(pages, { ...time(), paging: { by: 'offset', parameter: 'o' }, recordsAt: '/data' });
      await stage.run('s20260330t030000z');
      await stage.run('s20260330t040000z');
      expect(asked().slice(3)).toEqual([0, 1, 2].map((offset) => `?since=2026-03-30T02:50:00Z&o=${offset}`));

      api.handler = ({ url }) => ({ body: { next: url.searchParams.get('c') === null ? 'x' : null } });
      stage.settings.sources.orders = { ...stage.settings.sources.orders, paging: { by: 'cursor', at: '/next', parameter: 'c' }, recordsAt: undefined };
      await stage.run('s20260330t050000z');
      expect(asked()).toEqual(['?since=2026-03-30T03:50:00Z', '?since=2026-03-30T03:50:00Z&c=x']);

      api.handler = ({ url }) => {
        const body = lines([{ id: url.search }]);
        return url.searchParams.has('p') ? { body } : { body, headers: { link: '<?p=2>; rel=next' } };
      };
      stage.settings.sources.orders = { ...stage.settings.sources.orders, paging: { by: 'linkHeader' } };
      await stage.run('s20260330t060000z');
      expect(asked()).toEqual(['?since=2026-03-30T04:50:00Z', '?p=2']);
    });

    test('a strong ETag that is equal for another question is no sign that nothing is new', async () => {
      let id = 0;
      await open(() => { id += 1; return { body: lines([{ id }]), headers: { etag: '"orders"' } }; }, time());
      expect([await outcome('s20260330t030000z'), await outcome('s20260330t040000z')]).toEqual(['committed', 'committed']);
    });
  });

  describe('by the largest value of its records', () => {
    const ids = (...all: Array<string | number>): Answer => ({ body: `{"data":[${all.map((id) => `{"id":${id}}`).join(',')}]}` });
    const value = (more: object = {}): object => ({ recordsAt: '/data', since: { by: 'value', parameter: 'since_id', at: '/id', order: 'number', ...more } });

    test('goes on from it, exactly, over pages and in whatever order', async () => {
      const big = ['9007199254740993', '9007199254740995', '9007199254740994'];
      await open(({ url }) => {
        if (url.searchParams.has('since_id')) return ids('9007199254740996');
        const page = Number(url.searchParams.get('p') ?? 0);
        return { ...ids(big[page]!), headers: page < 2 ? { link: `<?p=${page + 1}>; rel=next` } : {} };
      }, value());
      await stage.run('s1');
      await stage.run('s2');
      expect(asked()).toEqual(['', '?p=1', '?p=2', '?since_id=9007199254740995']);
      expect(cursors()).toEqual([{ to: '9007199254740995' }, { from: '9007199254740995', to: '9007199254740996' }]);
    });

    test('takes the lag off, and never goes back', async () => {
      await open(({ url }) => (url.search === '' ? ids(1_000) : ids(950, 990)), value({ lagValues: 100 }));
      await stage.run('s1');
      await stage.run('s2');
      expect(asked()).toEqual(['', '?since_id=900']);
      expect(cursors()).toEqual([{ to: '1000' }, { from: '1000', to: '1000' }]);
    });

    test('nothing new is told from an empty batch, and from a record that came late', async () => {
      const now: Array<Array<string | number>> = [[], [7], [7], [7], [], [6, 7], [8]];
      let run = 0;
      await open(() => ids(...now[run]!), value({ lagValues: 5 }));
      const outcomes: Array<string | undefined> = [];
      for (; run < now.length; run += 1) outcomes.push(await outcome(`s${run}`));
      // The third run asks another question than the second, so only the fourth can tell that the boundary is all there is.
      expect(outcomes).toEqual(['empty', 'committed', 'committed', 'unchanged', 'unchanged', 'committed', 'committed']);
      expect(cursors()).toEqual([{}, { to: '7' }, { from: '7', to: '7' }, { from: '7', to: '7' }, { from: '7', to: '8' }]);
    });

    test('reads the value of each line of NDJSON, wherever chunks end', async () => {
      const all = Array.from({ length: 3_000 }, (_, id) => `{"meta":{"seq":"${id * 7}"},"seq":99999999,"note":"\\"é\\n"}\r\n`).join('');
      await open(() => ({ body: `${all}not json\n${lines([{ meta: { seq: 20_990 } }]).trim()}` }), { since: { by: 'value', parameter: 'after', at: '/meta/seq', order: 'number', nulls: 'skip' } });
      expect((await stage.run('s1')).datasets.orders?.counts).toMatchObject({ records: 3_002 });
      expect(cursors()).toEqual([{ to: '20993' }]);
    });

    test.each([
      ['of two members of a name the last', '{"data":[{"id":5,"id":3}]}', '3'], ['not those of another list', '{"old":[{"id":9}],"data":[{"id":1,"x":[{"id":8}]}],"more":{"data":[{"id":7}]}}', '1'],
      ['numbers and numbers in text alike', '{"data":[{"id":"10"},{"id":9}]}', '10'],
    ])('looks at %s', async (_, body, to) => {
      await open(() => ({ body }), value());
      await stage.run('s1');
      expect(cursors()).toEqual([{ to }]);
    });

    test('times keep the form of the API; one in the future moves nothing', async () => {
      const at = (...times: string[]): Answer => ({ body: { data: times.map((each) => ({ at: each })) } });
      await open(({ url }) => (url.search === '' ? at('2026-03-30T10:00:00.5+02:00', '2026-03-30T08:00:00.400000Z', '9999-12-31T00:00:00Z') : at()), value({ parameter: 'since', at: '/at', order: 'time', lagSeconds: 60 }));
      await stage.run('s1');
      await stage.run('s2');
      expect(asked()).toEqual(['', '?since=2026-03-30T09:59:00.5+02:00']);
      expect(cursors()).toEqual([{ to: '2026-03-30T10:00:00.5+02:00' }]);
    });

    test('a back-fill needs an end, and leaves the cursor', async () => {
      await open(() => ids(7), value({ untilParameter: 'max_id' }));
      await stage.run('s1');
      await stage.run('fill', 1, { operation: 'backfill', range: { from: '9', to: '10' } });
      expect(asked()).toEqual(['', '?since_id=9&max_id=10']);
      expect(cursors()).toEqual([{ to: '7' }, { from: '7', to: '7' }]);
      expect(await failure(stage.plan('f2', 1, { operation: 'backfill', range: { from: '10', to: '9' } }))).toMatchObject({ code: 'INPUT' });
      delete stage.settings.sources.orders.since.untilParameter;
      expect(await failure(stage.plan('f3', 1, { operation: 'backfill', range: { from: '9', to: '10' } }))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('replay runs') });
    });

    describe('records without a value', () => {
      const mixed: Handler = ({ url }) => ({ body: `{"data":[{"id":${url.search === '' ? 1 : 2}},{"id":null},{},7]}` });

      test('fail, by their number and place', async () => {
        await open(mixed, value());
        expect(await pullFailure('s1')).toMatchObject({ error: 'SOURCE_CURSOR', kind: 'terminal', reason: expect.stringMatching(/^3 records of a page have no value at \/id.*set cursorNulls/) });
        expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([]);
      });

      test('are taken by every run where they are skipped, and by the first alone with first-run', async () => {
        await open(mixed, value({ nulls: 'skip' }));
        expect([await outcome('s1'), await outcome('s2')]).toEqual(['committed', 'committed']);
        expect(cursors()).toEqual([{ to: '1' }, { from: '1', to: '2' }]);
        stage.settings.sources.orders.since.nulls = 'first-run';
        expect(await pullFailure('s3')).toMatchObject({ error: 'SOURCE_CURSOR' });
      });

      test('are taken by the first run with first-run', async () => {
        await open(mixed, value({ nulls: 'first-run' }));
        expect(await outcome('s1')).toBe('committed');
      });
    });

    test.each([
      ['is an object', '{"id":{"canary":1}}', 'number', /at \/id what is no value of the order number, like 4711/], ['is a text that is no number', '{"id":"canary"}', 'number', /correct valueAt or order/],
      ['is a number where texts are compared', '{"id":1}', 'text', /no value of the order text; correct/], ['is a date of another form', '{"id":"31.12.2026"}', 'time', /like 2026-01-31T09:00:00Z/],
      ['has a zone here and none there', '{"id":"2026-01-01T00:00:00Z"},{"id":"2026-01-01T00:00:00"}', 'time', /have a zone in some records and none in others/],
    ])('fails where the value %s', async (_, records, order, reason) => {
      await open(() => ({ body: `{"data":[${records}]}` }), value({ order }));
      const data = await pullFailure('s1');
      expect(data).toMatchObject({ error: 'SOURCE_CURSOR', kind: 'terminal', reason: expect.stringMatching(reason) });
      expect(data.reason).not.toContain('canary');
    });

    test('a second try learns the value from the pages that the first one landed', async () => {
      let dead = true;
      await open(({ url }) => {
        if (url.search === '') return { ...ids(9), headers: { link: '<?p=1>; rel=next' } };
        return dead ? { status: 500 } : ids(4);
      }, { ...value(), retries: 0 });
      const plan = await stage.plan('s1');
      expect(await stage.pull(plan, 0)).not.toBe(0);
      dead = false;
      expect(await stage.pull(plan, 0)).toBe(0);
      await stage.commit('s1');
      expect(cursors()).toEqual([{ to: '9' }]);
    });
  });

  describe('by a token of the last page', () => {
    const token = { paging: { by: 'nextLink', at: '/@odata.nextLink' }, recordsAt: '/value', since: { by: 'token', parameter: '$deltatoken', at: '/@odata.deltaLink' } };
    const APPEND = contractText(['orders'], '{ format: ndjson }');

    /** Answers with two pages, and with a link for the next time that also holds a key. */
    const delta = (fresh: () => string, records: () => object[]): Handler => ({ url }) => ({
      body: url.searchParams.has('page') ? { value: records(), '@odata.deltaLink': `${url.origin}${url.pathname}?key=canary&$deltatoken=${fresh()}` } : { value: [], '@odata.nextLink': `${url.pathname}?page=2` },
    });

    test('goes on by the token that stands in the link, of which no more is kept', async () => {
      let run = 1;
      await open(delta(() => `t${run}`, () => [{ id: run }]), token, APPEND);
      await stage.run('s1');
      run = 2;
      await stage.run('s2');
      expect(asked().map((query) => query.replace('%24', '$'))).toEqual(['', '?page=2', '?$deltatoken=t1', '?page=2']);
      expect(cursors()).toEqual([{ to: 't1' }, { from: 't1', to: 't2' }]);
      expect(JSON.stringify(stage.log('orders'))).not.toContain('canary');
      expect(stage.log('orders')[1].parts[0].source.url).toMatch(/#%24deltatoken=sha256:[0-9a-f]{16}&page=0$/);
    });

    test('an answer without records is nothing new, unless it brings another token', async () => {
      let fresh = 't1';
      await open(delta(() => fresh, () => []), token, APPEND);
      expect([await outcome('s1'), await outcome('s2')]).toEqual(['empty', 'unchanged']);
      fresh = 't2';
      expect(await outcome('s3')).toBe('empty');
      expect(cursors()).toEqual([{ to: 't1' }, { from: 't1', to: 't2' }]);
    });

    test.each([
      ['there is none', { value: [] }, 'SOURCE_CURSOR', /no token at \/@odata.deltaLink/], ['its link has none', { value: [], '@odata.deltaLink': 'https://x/canary' }, 'SOURCE_PAGE', /has no parameter \$deltatoken/],
      ['it is no text', { value: [], '@odata.deltaLink': { canary: 1 } }, 'SOURCE_PAGE', /neither text nor a number/], ['it is too long', { value: [], '@odata.deltaLink': 'x'.repeat(4_001) }, 'SOURCE_PAGE', /at most 4000/],
    ])('fails where %s', async (_, body, code, reason) => {
      await open(() => ({ body }), token, APPEND);
      const data = await pullFailure('s1');
      expect(data).toMatchObject({ error: code, reason: expect.stringMatching(reason) });
      expect(data.reason).not.toContain('canary');
    });

    test('refuses a back-fill', async () => {
      await open(() => ({}), token, APPEND);
      expect(await failure(stage.plan('fill', 1, { operation: 'backfill', range: { from: 'a', to: 'b' } }))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('goes by tokens') });
    });
  });

  test.each([
    ['a snapshot', 'snapshot', { by: 'time', parameter: 's' }], ['a snapshot by token', 'snapshot', { by: 'token', parameter: 's', at: '/t' }],
    ['what is appended', 'append', { by: 'time', parameter: 's' }], ['what is appended, by value', 'append', { by: 'value', parameter: 's', at: '/id', order: 'number' }],
  ])('refuses %s by name', async (_, history, since) => {
    await open(() => ({}), { since, recordsAt: '/data' }, CHANGES.replace('value: changes', `value: ${history}`));
    expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining(`history ${history}`) });
  });

  test('refuses a cursor of another kind', async () => {
    await open(() => ({ body: lines([{ id: 1 }]) }), { since: { by: 'time', parameter: 's' } });
    await stage.run('s20260330t030000z');
    stage.settings.sources.orders.since = { by: 'value', parameter: 's', at: '/id', order: 'number' };
    expect(await failure(stage.plan('s2'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('is none of since value with order number') });
  });

  test.each([
    [{ by: 'time', parameter: 'o' }, 'has the parameter o, which url, paging or auth set too'], [{ by: 'time', parameter: 'fixed' }, 'has the parameter fixed'], [{ by: 'time', parameter: 'key' }, 'has the parameter key'],
    [{ by: 'time', parameter: 'a', untilParameter: 'a' }, 'must be another one than parameter'], [{ by: 'time', parameter: 'a', first: 'then' }, 'first must be a date or a time with zone'],
    [{ by: 'value', parameter: 'a', at: 'id', order: 'number' }, 'must be a JSON pointer'], [{ by: 'value', parameter: 'a', at: '/id', order: 'number', lagSeconds: 1 }, 'belongs to the order time'],
    [{ by: 'value', parameter: 'a', at: '/id', order: 'text', lagValues: 1 }, 'belongs to the order number'], [{ by: 'value', parameter: 'a', at: '/id', order: 'number', first: 'x' }, 'first must be written as a value of the order number'],
  ])('refuses the settings %j', async (since, text) => {
    await open(() => ({}), { since, url: 'http://x.example/orders?fixed=1', paging: { by: 'offset', parameter: 'o' }, auth: { by: 'apiKeyQuery', name: 'key', secretArn: 'arn:s' } });
    expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'CONFIG', message: expect.stringContaining(text) });
  });

  test('refuses to look into records that it cannot find', async () => {
    await open(() => ({}), { since: { by: 'value', parameter: 's', at: '/id', order: 'number' } }, CHANGES.replace('format: ndjson', 'format: csv, header: exact'));
    expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('set recordsAt') });
  });
});
