import { HttpApi, records, type Answer, type Handler } from '../../_fakes/http-api';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

const TOTAL = 7;
const SIZE = 3;

/** The records from `first`, no more than a page and no more than there are. */
const page = (first: number, size = SIZE): object[] => records(first, Math.min(size, TOTAL - first));

const number = (url: URL, name: string, otherwise = 0): number => Number(url.searchParams.get(name) ?? otherwise);

describe('an API that answers in pages', () => {
  let api: HttpApi;
  let stage: IngestStage;

  async function open(handler: Handler, source: object, record = '{ format: ndjson }'): Promise<void> {
    api = await HttpApi.start(handler);
    stage = await IngestStage.start({ orders: { kind: 'httpPages', url: `${api.origin}/v1/orders`, ...source } }, contractText(['orders'], record));
  }

  afterEach(async () => {
    await stage.close();
    await api.close();
  });

  const landed = (): string[] => stage.s3.keys(BUCKET, 'demo/raw/').map((key) => stage.s3.text(BUCKET, key));
  const ids = (): number[] => landed().flatMap((text) => (JSON.parse(text) as { data: { id: number }[] }).data).map(({ id }) => id);

  async function failure(): Promise<{ error: string; reason: string; kind: string }> {
    const plan = await stage.plan('s1');
    expect(await stage.pull(plan, 0)).not.toBe(0);
    const { data } = stage.errors.at(-1);
    return data;
  }

  const byLinkHeader: Handler = ({ url }) => {
    const first = number(url, 'after');
    const next = first + SIZE;
    const link = `<${url.origin}/v1/orders?after=0>; rel="first", </v1/orders?after=${next}>; title="a, b"; rel="next"`;
    const headers: Record<string, string> = next < TOTAL ? { link } : {};
    return { headers, body: page(first).map((each) => `${JSON.stringify(each)}\n`).join('') };
  };

  const cases: Array<[string, object, Handler, string[]]> = [
    ['a next link in the body', { paging: { by: 'nextLink', at: '/links/next' }, recordsAt: '/data' }, ({ url }) => {
      const first = number(url, 'after');
      const next = first + SIZE;
      return { body: { data: page(first), links: next < TOTAL ? { next: `?after=${next}` } : {} } };
    }, ['', '?after=3', '?after=6']],
    ['a cursor larger than a JavaScript number', { paging: { by: 'cursor', at: '/next', parameter: 'cursor', moreAt: '/more' }, recordsAt: '/data' }, ({ url }) => {
      const first = { null: 0, '9007199254740993': 3, '9007199254740995': 6 }[String(url.searchParams.get('cursor'))] ?? NaN;
      return { body: `{"data":${JSON.stringify(page(first))},"next":${first === 0 ? '9007199254740993' : '9007199254740995'},"more":${first < 6}}` };
    }, ['', '?cursor=9007199254740993', '?cursor=9007199254740995']],
    ['an offset, with fewer records than asked for', { paging: { by: 'offset', parameter: 'offset', sizeParameter: 'limit', size: 500 }, recordsAt: '/data' },
      ({ url }) => ({ body: { data: page(number(url, 'offset')) } }), ['?offset=0&limit=500', '?offset=3&limit=500', '?offset=6&limit=500', '?offset=7&limit=500']],
    ['an offset, up to the total', { paging: { by: 'offset', parameter: 'offset', totalAt: '/total' }, recordsAt: '/data' },
      ({ url }) => ({ body: { total: TOTAL, data: page(number(url, 'offset')) } }), ['?offset=0', '?offset=3', '?offset=6']],
    ['page numbers, up to an empty page', { paging: { by: 'pageNumber', parameter: 'page', first: 1 }, recordsAt: '/data' },
      ({ url }) => ({ body: { data: page((number(url, 'page') - 1) * SIZE) } }), ['?page=1', '?page=2', '?page=3', '?page=4']],
    ['page numbers, up to an answer of no content', { paging: { by: 'pageNumber', parameter: 'page' }, recordsAt: '/data' },
      ({ url }) => (number(url, 'page') > 3 ? { status: 204 } : { body: { data: page((number(url, 'page') - 1) * SIZE) } }), ['?page=1', '?page=2', '?page=3', '?page=4']],
  ];

  test.each(cases)('goes on by %s', async (_, source, handler, asked) => {
    const sent: string[] = [];
    await open((request) => {
      const answer = handler(request) as Answer;
      sent.push(typeof answer.body === 'string' ? answer.body : answer.body === undefined ? '' : JSON.stringify(answer.body));
      return answer;
    }, source);
    const output = await stage.run('s1');
    expect(api.paths).toEqual(asked.map((query) => `/v1/orders${query}`));
    // Every answer is there byte for byte, in order.
    expect(landed()).toEqual(sent);
    expect(output.datasets.orders).toMatchObject({ outcome: 'committed', counts: { parts: asked.length, records: TOTAL } });
    expect(stage.log('orders')[0].parts.map(({ source: { url } }: any) => url)).toEqual(asked.map((_each, index) => `${api.origin}/v1/orders#page=${index}`));
  });

  test('a back-fill without since is refused, since it would read everything', async () => {
    await open(byLinkHeader, { paging: { by: 'linkHeader' } });
    await expect(stage.plan('fill', 1, { operation: 'backfill', range: { from: '2026-01-01', to: '2026-02-01' } }))
      .rejects.toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('set since with untilParameter') });
    expect(api.paths).toEqual([]);
  });

  test('goes on by a Link header, and counts lines', async () => {
    await open(byLinkHeader, { paging: { by: 'linkHeader' } });
    const output = await stage.run('s1');
    expect(api.paths).toEqual(['/v1/orders', '/v1/orders?after=3', '/v1/orders?after=6']);
    expect(stage.s3.keys(BUCKET, 'demo/raw/')).toEqual([0, 1, 2].map((each) => `demo/raw/orders/s1/a1/00000-0000${each}-orders.ndjson`));
    expect(landed().join('')).toBe(records(0, TOTAL).map((each) => `${JSON.stringify(each)}\n`).join(''));
    expect(output.datasets.orders).toMatchObject({ outcome: 'committed', counts: { parts: 3, records: TOTAL } });
  });

  test('pages of CSV end with one that has a header only', async () => {
    await open(({ url }) => ({ body: `id,note\n${page((number(url, 'page') - 1) * SIZE).map((each) => `${(each as { id: number }).id},x\n`).join('')}` }), { paging: { by: 'pageNumber', parameter: 'page' } }, '{ format: csv, header: exact }');
    expect((await stage.run('s1')).datasets.orders).toMatchObject({ counts: { parts: 4, records: TOTAL, headerLines: 4 } });
  });

  test('holds minRows against the records of all pages', async () => {
    await open(cases[0]![2], { ...cases[0]![1], minRows: TOTAL + 1 });
    await expect(stage.run('s1')).rejects.toMatchObject({ code: 'MIN_ROWS', facts: { records: TOTAL } });
    expect(stage.log('orders')).toEqual([]);
  });

  test('a page that is cut, or refused for a while, is asked for again', async () => {
    let calls = 0;
    await open((request) => {
      calls += 1;
      if (calls === 2) return 'cut';
      return calls === 4 ? { status: 429, headers: { 'retry-after': '1' } } : cases[0]![2](request);
    }, cases[0]![1]);
    await stage.run('s1');
    expect(ids()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('rows that are inserted while pages are read hide none that were there', async () => {
    let inserted = 0;
    await open(({ url }) => {
      const offset = number(url, 'offset');
      const all = [...records(100, inserted), ...records(0, TOTAL)];
      inserted = Math.min(2, inserted + 1);
      return { body: { data: all.slice(offset, offset + SIZE) } };
    }, { paging: { by: 'offset', parameter: 'offset' }, recordsAt: '/data' });
    await stage.run('s1');
    expect(new Set(ids())).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  describe('when a task dies between pages', () => {
    /** Kills the first try before page `n`, in all ways that say where the next page is. */
    const kinds: Array<[string, object, Handler]> = [['in the body', cases[0]![1], cases[0]![2]], ['in a header', { paging: { by: 'linkHeader' } }, byLinkHeader]];
    const steps = kinds.flatMap(([where, ...rest]) => [0, 1, 2, 3].map((n): [string, number, object, Handler] => [where, n, ...rest]));

    test.each(steps)('the next page %s: a second try after %i landed pages takes them, reads each other page once, and gives one whole batch', async (_, n, source, handler) => {
      await open((request) => (api.asked.length > n && !alive ? { status: 500 } : handler(request)), { ...source, retries: 0 });
      let alive = n > 2;
      const plan = await stage.plan('s1');
      const first = await stage.pull(plan, 0);
      expect(first === 0).toBe(alive);
      expect(landed()).toHaveLength(n);
      // A result that was written is not written again: only the objects are left of the try that died.
      for (const key of [...stage.s3.objects.keys()].filter((each) => /\/pull\/0\.json$/.test(each))) stage.s3.objects.delete(key);
      alive = true;
      const before = api.asked.length;
      expect(await stage.pull(plan, 0)).toBe(0);
      expect(api.asked.length - before).toBe(3 - n);
      expect((await stage.commit('s1')).datasets.orders).toMatchObject({ outcome: 'committed', counts: { parts: 3, records: TOTAL } });
      expect(stage.s3.keys(BUCKET, 'demo/raw/')).toHaveLength(3);
    });
  });

  test('a second try never takes a page whose link was too long to be kept for the last one', async () => {
    const long = 'x'.repeat(2_000);
    await open(({ url }) => (url.searchParams.has('after') ? { status: 500 } : { headers: { link: `</v1/orders?after=${long}>; rel=next` }, body: '{"id":1}\n' }), { paging: { by: 'linkHeader' }, retries: 0 });
    const plan = await stage.plan('s1');
    expect(await stage.pull(plan, 0)).not.toBe(0);
    expect(landed()).toHaveLength(1);
    expect(await stage.pull(plan, 0)).not.toBe(0);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'SOURCE_PAGES', kind: 'terminal', reason: expect.stringContaining('start the next attempt') });
  });

  describe('fails when', () => {
    test.each<[string, object, Handler, string, RegExp]>([
      ['a cursor comes twice', { paging: { by: 'cursor', at: '/next', parameter: 'cursor' }, recordsAt: '/data' },
        ({ url }) => ({ body: { data: records(api.asked.length, 1), next: url.searchParams.get('cursor') === 'a' ? 'b' : 'a' } }), 'SOURCE_PAGES_LOOP', /was read before.*emptyPageEnds/],
      ['a page links to itself', { paging: { by: 'nextLink', at: '/next' } }, ({ url }) => ({ body: { next: url.href } }), 'SOURCE_PAGES_LOOP', /was read before/],
      ['every page is the same', { paging: { by: 'pageNumber', parameter: 'page' }, recordsAt: '/data' }, () => ({ body: { data: records(0, 2) } }), 'SOURCE_PAGES_LOOP', /byte for byte/],
      ['there are more pages than may be', { paging: { by: 'pageNumber', parameter: 'page' }, recordsAt: '/data', maxPages: 3 }, ({ url }) => ({ body: { data: records(number(url, 'page'), 1) } }), 'SOURCE_PAGES', /more than 3 pages; raise maxPages/],
      ['pages together are too large', { paging: { by: 'pageNumber', parameter: 'page' }, recordsAt: '/data', maxBytes: 100 }, ({ url }) => ({ body: { data: records(number(url, 'page'), 3) } }), 'SOURCE_TOO_LARGE', /raise maxSize/],
      ['the next link leaves the origin', { paging: { by: 'nextLink', at: '/next' } }, () => ({ body: { next: 'http://169.254.169.254/latest/meta-data' } }), 'SOURCE_PAGE_HOST', /allowedHosts/],
      ['the next link is no web address', { paging: { by: 'nextLink', at: '/next' } }, () => ({ body: { next: 'file:///etc/passwd' } }), 'SOURCE_PAGE_HOST', /not the source's own origin/],
      ['an allowed host is the metadata service', { paging: { by: 'nextLink', at: '/next' }, allowedHosts: ['169.254.169.254'] }, () => ({ body: { next: 'http://0xA9FEA9FE/latest' } }), 'SOURCE_ADDRESS', /link-local/],
      ['a page is no JSON', { paging: { by: 'nextLink', at: '/next' } }, () => ({ body: '<html>canary</html>' }), 'SOURCE_PAGE', /page 0 of .* it is not JSON/],
      ['a page is half a document', { paging: { by: 'nextLink', at: '/next' } }, () => ({ body: '{"next": null' }), 'SOURCE_PAGE', /not whole/],
      ['there is no list of records', { paging: { by: 'pageNumber', parameter: 'page' }, recordsAt: '/items' }, () => ({ body: { data: [] } }), 'SOURCE_PAGE', /at recordsAt "\/items" there is nothing/],
      ['more is promised without a cursor', { paging: { by: 'cursor', at: '/next', parameter: 'c', moreAt: '/more' } }, () => ({ body: { more: true } }), 'SOURCE_PAGE', /has no cursor at \/next/],
    ])('%s', async (_, source, handler, code, text) => {
      await open(handler, source);
      const { error, reason, kind } = await failure();
      expect({ error, kind }).toEqual({ error: code, kind: 'terminal' });
      expect(reason).toMatch(text);
      expect(reason).not.toContain('canary');
      expect(stage.log('orders')).toEqual([]);
    });
  });

  test('a source that always gives a cursor ends with an empty page where that is said', async () => {
    await open(({ url }) => ({ body: { data: page(number(url, 'c')), next: Math.min(TOTAL, number(url, 'c') + SIZE) } }), { paging: { by: 'cursor', at: '/next', parameter: 'c' }, recordsAt: '/data', emptyPageEnds: true });
    await stage.run('s1');
    expect(ids()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('an allowed host gets neither headers nor credentials', async () => {
    const other = await HttpApi.start(() => ({ body: { data: records(3, 1) } }));
    try {
      await open(() => ({ body: { data: records(0, 3), next: `${other.origin.replace('127.0.0.1', 'localhost')}/more` } }), {
        paging: { by: 'nextLink', at: '/next' }, recordsAt: '/data', allowedHosts: ['localhost'], headers: { 'x-mine': '1' }, auth: { by: 'bearer', secretArn: 'arn:s' },
      });
      stage.secrets.set('arn:s', 'canary-token');
      await stage.run('s1');
      expect(api.asked[0]?.headers).toMatchObject({ 'x-mine': '1', authorization: 'Bearer canary-token' });
      expect(other.asked[0]?.headers['x-mine']).toBeUndefined();
      expect(other.asked[0]?.headers.authorization).toBeUndefined();
    } finally {
      await other.close();
    }
  });
});
