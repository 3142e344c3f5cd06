import { execFileSync } from 'node:child_process';
import { Client } from 'pg';
import { type PipelineError } from '../../../src/errors/pipeline-error';
import type { PullItem } from '../../../src/ingest/documents';
import { pull } from '../../../src/ingest/pull';
import { readItem } from '../../../src/run/work';
import { BUCKET, IngestStage } from '../../_fixtures/ingest-stage';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../../_fixtures/postgres';
import { AT, changesContract, databaseSecret, ID, NOTE, SECRET } from '../../_fixtures/sql-source';

jest.setTimeout(60_000);
const test_ = testWithPostgres();

describe('PostgreSQL as a source', () => {
  let server: TestPostgres | undefined;
  let database: Client;
  let port: number;
  const opened: IngestStage[] = [];

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    port = Number(new URL(server.url).port);
    database = new Client({ connectionString: server.url });
    await database.connect();
  });
  afterEach(async () => { await Promise.all(opened.splice(0).map((one) => one.close())); });
  afterAll(async () => {
    await database?.end();
    await server?.stop();
  });

  const settings = (source: object): Record<string, unknown> => ({
    kind: 'postgres', host: '127.0.0.1', port, database: 'postgres', secretArn: SECRET, ssl: 'disable', table: 'trips', ...source,
  });

  async function open(source: object, contract: string, secret = databaseSecret(() => ({ username: 'headrace', password: 'headrace' }))): Promise<IngestStage> {
    const stage = await IngestStage.start({ trips: settings(source) }, contract);
    stage.secret = secret;
    opened.push(stage);
    return stage;
  }

  async function fresh(...statements: string[]): Promise<void> {
    for (const statement of ['DROP TABLE IF EXISTS trips CASCADE', ...statements]) await database.query(statement);
  }

  const parts = (stage: IngestStage, run: string): string[] => stage.s3.keys(BUCKET, `demo/raw/trips/${run}/`).map((key) => stage.s3.text(BUCKET, key));
  const failure = (work: Promise<unknown>): Promise<PipelineError> => work.then(() => { throw new Error('nothing failed'); }, (error) => error);
  const SNAPSHOT = changesContract([ID, NOTE], { history: 'snapshot' });

  test_('lands what COPY itself writes, with the settings that decide it', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)', "INSERT INTO trips SELECT n, CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'a,b' WHEN 3 THEN 'say \"x\"' ELSE 'ü€😀' END FROM generate_series(1, 5000) n");
    const stage = await open({}, SNAPSHOT);
    const output = await stage.run('s1');
    expect(output.datasets.trips).toMatchObject({ outcome: 'committed', counts: { records: 5000, headerLines: 1 } });
    const own = execFileSync('psql', ['-q', '-X', '-d', server!.url, '-c', '\\copy trips TO STDOUT (FORMAT csv, HEADER)'], { encoding: 'utf8' });
    expect(parts(stage, 's1')).toEqual([own]);
    const [{ parts: [part], source }] = stage.log('trips');
    expect(source).toEqual({ kind: 'postgres', url: `postgres://127.0.0.1:${port}/postgres/trips` });
    expect(part.source.export).toMatchObject({
      server: expect.stringContaining('PostgreSQL '), consistency: 'snapshot', snapshot: expect.stringMatching(/^\d+:\d+:/),
      dialect: { header: true, delimiter: ',', quote: '"', null: '', quoteAll: false }, session: { DateStyle: 'ISO, YMD', TimeZone: 'UTC', server_encoding: 'UTF8' },
    });
    expect((await stage.run('s2')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
  });

  test_('an empty table is a commit without records', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)');
    const stage = await open({}, SNAPSHOT);
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'empty', counts: { records: 0, headerLines: 1 } });
  });

  test_('takes a query and the dialect of the contract', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)', "INSERT INTO trips VALUES (1, 'NA'), (2, NULL), (3, ''), (4, 'a;b')");
    const stage = await open(
      { table: undefined, query: "SELECT id, note, 'left out' AS other FROM trips WHERE note IS NULL OR note <> 'x;)' ORDER BY id" },
      changesContract([ID, NOTE], { history: 'snapshot', record: '{ format: csv, header: subset, delimiter: ";", quote: "\'", nullTokens: ["", NA] }' }),
    );
    await stage.run('s1');
    expect(parts(stage, 's1')).toEqual(["id;note\n'1';'NA'\n'2';\n'3';''\n'4';'a;b'\n"]);
  });

  test_.each([
    ['{ format: ndjson, header: exact }', 'format is ndjson: write csv'],
    ['{ format: csv, quote: "" }', 'quote is empty'],
    ['{ format: csv, newline: crlf }', 'newline is crlf: write lf or auto'],
    ['{ format: csv, compression: gzip }', 'compression is gzip: write none or auto'],
    ['{ format: csv, nullTokens: [] }', 'nullTokens has none that NULL can be written as'],
  ])('refuses the record format %s when it plans', async (record, problem) => {
    const stage = await open({}, changesContract([ID, NOTE], { history: 'snapshot', record }));
    expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_DIALECT', message: expect.stringContaining(problem) });
  });

  test_.each([
    [{ table: 'nowhere' }, 'SOURCE_SCHEMA', /name a table, schema and columns that exist/],
    [{ database: 'nowhere' }, 'SOURCE_DATABASE', /name a database that exists/],
    [{ port: 1 }, 'SOURCE_CONNECTION', /ECONNREFUSED/],
    [{ ssl: 'verify-full' }, 'SOURCE_CERTIFICATE', /does not support SSL/],
    [{ table: undefined, query: 'SELECT nothing FROM trips' }, 'SOURCE_SCHEMA', /nothing/],
    [{ table: undefined, query: 'SELECT id FROM trips' }, 'SOURCE_COLUMNS', /it has no column note .* give a query that names and casts them/],
    [{ table: undefined, query: "SELECT id, 'x'::bytea AS note FROM trips" }, 'SOURCE_COLUMNS', /note holds bytes: write format: binary/],
    [{ table: undefined, query: 'SELECT 1) AS a CROSS JOIN (SELECT 1' }, 'CONFIG', /closes a parenthesis/],
  ])('%j fails with %s and its cure', async (source, code, text) => {
    await fresh('CREATE TABLE trips (id bigint, note text)');
    const stage = await open(source, SNAPSHOT);
    expect(await failure(stage.plan('s1'))).toMatchObject({ code, message: expect.stringMatching(text) });
  });

  test_('a line end inside a value fails by name where records may not have one', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)', "INSERT INTO trips VALUES (1, E'a\\nb')");
    const stage = await open({}, SNAPSHOT);
    const plan = await stage.plan('s1');
    expect(await stage.pull(plan, 0)).toBe(1);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'SOURCE_MULTILINE', reason: expect.stringContaining('write multiline: true') });
    const lines = await open({}, changesContract([ID, NOTE], { history: 'snapshot', record: '{ format: csv, multiline: true }' }));
    expect((await lines.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed' });
    expect(parts(lines, 's1')).toEqual(['id,note\n1,"a\nb"\n']);
  });

  test_('never writes, whatever a query calls', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)', "CREATE OR REPLACE FUNCTION sneak() RETURNS bigint LANGUAGE sql VOLATILE AS $$ INSERT INTO trips VALUES (1, 'x') RETURNING id $$");
    const stage = await open({ table: undefined, query: 'SELECT sneak() AS id, NULL::text AS note' }, SNAPSHOT);
    const plan = await stage.plan('s1');
    expect(await stage.pull(plan, 0)).toBe(1);
    expect(stage.errors.at(-1).data.reason).toMatch(/read-only transaction/);
  });

  test_('names are quoted, also hostile ones', async () => {
    await database.query('DROP SCHEMA IF EXISTS "s""; --" CASCADE; CREATE SCHEMA "s""; --"; CREATE TABLE "s""; --"."T ""x" ("id" bigint, "No""te" text)');
    await database.query('INSERT INTO "s""; --"."T ""x" VALUES (1, \'a\'), (2, \'b\')');
    const stage = await open({ schema: 's"; --', table: 'T "x' }, changesContract([ID, "{ name: note, logicalType: string, customProperties: [{ property: headraceSource, value: { field: 'No\"te' } }] }"], { history: 'snapshot' }));
    await stage.run('s1');
    expect(parts(stage, 's1')).toEqual(['id,"No""te"\n1,a\n2,b\n']);
  });

  test_('reads a password that was changed under way again', async () => {
    await fresh('CREATE TABLE trips (id bigint, note text)', 'INSERT INTO trips VALUES (1)');
    let asked = 0;
    const stage = await open({ host: undefined, port: undefined, database: undefined }, SNAPSHOT, databaseSecret(() => {
      asked += 1;
      return { username: 'headrace', password: `canary-${asked}`, host: '127.0.0.1', port, dbname: 'postgres' };
    }));
    await stage.run('s1');
    // Once for the plan, once for the pull.
    expect(asked).toBe(2);
    expect(JSON.stringify([stage.lines, stage.log('trips')])).not.toContain('canary');
  });

  describe('in shards', () => {
    const byId = (more: object = {}) => ({ shard: { by: 'id', count: 4, ...more } });
    const SKEWED = "INSERT INTO trips SELECT CASE WHEN n <= 9000 THEN n ELSE n * 100000 END, 'n' || n FROM generate_series(1, 10000) n";

    /** Work is worth several tasks only where it takes minutes: makes the last commit one of a source that gives 100 bytes in a second. */
    const slowDown = ({ s3 }: IngestStage): void => {
      const key = s3.keys(BUCKET, 'demo/commits/raw/trips/').at(-1)!;
      s3.put(BUCKET, key, JSON.stringify({ ...s3.json(BUCKET, key), bytesPerSecond: 100 }));
    };

    test_.each([['the histogram', 'ANALYZE trips'], ['a look at the keys', 'SELECT 1']])('cuts a skewed key by %s, and each row lands once', async (_, analyze) => {
      await fresh('CREATE TABLE trips (id bigint, note text)', SKEWED, "INSERT INTO trips SELECT NULL, 'without ' || n FROM generate_series(1, 7) n", analyze);
      const stage = await open(byId(), SNAPSHOT);
      expect((await stage.run('s1')).datasets.trips).toMatchObject({ counts: { parts: 4, records: 10_007 } });
      const rows = parts(stage, 's1').map((text) => text.trimEnd().split('\n').slice(1));
      expect(new Set(rows.flat()).size).toBe(10_007);
      for (const each of rows) expect(each.length).toBeGreaterThan(2_200);
      expect(rows[0]!.filter((row) => row.startsWith(',without'))).toHaveLength(7);
    });

    test_('shards of one task see one moment', async () => {
      await fresh('CREATE TABLE trips (id bigint, note text)', SKEWED);
      const stage = await open(byId(), SNAPSHOT);
      await stage.run('s1');
      slowDown(stage);
      const plan = await stage.plan('s2');
      // However long it takes: a snapshot is of one connection.
      expect(plan.estimate).toMatchObject({ tasks: 1, shards: 4 });
      expect(plan.items.count).toBe(1);
      let written = false;
      stage.store.upload = new Proxy(stage.store.upload.bind(stage.store), {
        apply: async (upload, _, [ref, ...rest]: Parameters<typeof stage.store.upload>) => {
          const done = await upload(ref, ...rest);
          if (!written) await database.query("UPDATE trips SET note = 'late'; INSERT INTO trips VALUES (5, 'late'), (900000001, 'late')");
          written = true;
          return done;
        },
      }) as never;
      const item = await readItem(stage.store, plan.items, 0) as PullItem;
      await pull(item, { store: stage.store, report: stage.report, signal: new AbortController().signal, secret: stage.secret });
      expect(written).toBe(true);
      expect(parts(stage, 's2')).toHaveLength(4);
      expect(parts(stage, 's2').join('')).not.toContain('late');
    });

    test_('shards of several tasks are each of their own moment, and say so', async () => {
      await fresh('CREATE TABLE trips (id bigint, note text)', SKEWED);
      const stage = await open(byId({ sharedSnapshot: false }), SNAPSHOT);
      await stage.run('s1');
      slowDown(stage);
      await database.query("INSERT INTO trips VALUES (5, 'late')");
      expect((await stage.plan('s2')).items.count).toBe(4);
      await stage.run('s2');
      expect(parts(stage, 's2').join('')).toContain('late');
      expect(stage.log('trips')[1].parts.map((part: any) => part.source.export.consistency)).toEqual(['shard', 'shard', 'shard', 'shard']);
    });
  });

  describe('by a cursor', () => {
    const CHANGES = changesContract([ID, NOTE, AT]);
    const cursor = (more: object = {}) => ({ cursor: { column: 'at', ...more } });
    const TABLE = 'CREATE TABLE trips (id bigint, note text, at timestamptz)';
    const at = (second: string) => `2026-01-01 00:00:${second}+00`;

    test_('reads what is new, its boundary included, and keeps microseconds', async () => {
      await fresh(TABLE, `INSERT INTO trips VALUES (1, 'a', '${at('01')}'), (2, 'b', '${at('02.000001')}')`);
      const stage = await open(cursor(), CHANGES);
      await stage.run('s1');
      expect(stage.log('trips')[0].cursor).toEqual({ to: at('02.000001') });
      expect((await stage.run('s2')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
      // R9: the same cursor as the checkpoint, and nothing beyond it.
      await database.query(`INSERT INTO trips VALUES (3, 'equal', '${at('02.000001')}')`);
      await stage.run('s3');
      expect(parts(stage, 's3')).toEqual([`id,note,at\n2,b,${at('02.000001')}\n3,equal,${at('02.000001')}\n`]);
      expect((await stage.run('s4')).datasets.trips).toEqual({ outcome: 'unchanged', counts: {} });
      await database.query(`INSERT INTO trips VALUES (4, 'c', '${at('02.000002')}')`);
      await stage.run('s5');
      expect(parts(stage, 's5')[0]).toContain('4,c');
      expect(stage.log('trips').at(-1).cursor).toEqual({ from: at('02.000001'), to: at('02.000002') });
    });

    test_('finds rows that were committed late within the lag, with and without newer ones', async () => {
      await fresh(TABLE, `INSERT INTO trips VALUES (1, 'a', '${at('10')}')`);
      const stage = await open(cursor({ lagSeconds: 5 }), CHANGES);
      await stage.run('s1');
      await database.query(`INSERT INTO trips VALUES (2, 'late', '${at('06')}'), (3, 'too late', '${at('04')}')`);
      await stage.run('s2');
      expect(parts(stage, 's2')).toEqual([`id,note,at\n1,a,${at('10')}\n2,late,${at('06')}\n`]);
      expect((await stage.run('s3')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
      await database.query(`INSERT INTO trips VALUES (4, 'late again', '${at('07')}'), (5, 'new', '${at('11')}')`);
      await stage.run('s4');
      expect(parts(stage, 's4')[0]!.split('\n').slice(1, -1).map((row) => row.split(',')[0])).toEqual(['1', '2', '4', '5']);
    });

    test_('the upper bound is fixed by the plan, and a pull without commit moves nothing', async () => {
      await fresh(TABLE, `INSERT INTO trips VALUES (1, 'a', '${at('01')}')`);
      const stage = await open(cursor(), CHANGES);
      const plan = await stage.plan('s1');
      await database.query(`INSERT INTO trips VALUES (2, 'b', '${at('02')}')`);
      await stage.pull(plan, 0);
      expect(parts(stage, 's1')).toEqual([`id,note,at\n1,a,${at('01')}\n`]);
      await stage.run('s2');
      expect(stage.log('trips')[0]).toMatchObject({ runId: 's2', cursor: { to: at('02') } });
    });

    test_('a date in the future waits for its day', async () => {
      await fresh(TABLE, `INSERT INTO trips VALUES (1, 'a', '${at('01')}'), (2, 'sentinel', '9999-12-31')`);
      const stage = await open(cursor(), CHANGES);
      await stage.run('s1');
      expect(stage.log('trips')[0].cursor).toEqual({ to: at('01') });
      expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
    });

    test_('rows without a cursor fail, are read by the first run, or never', async () => {
      await fresh(TABLE, `INSERT INTO trips VALUES (1, 'a', '${at('01')}'), (2, 'b', NULL)`);
      expect(await failure((await open(cursor(), CHANGES)).plan('s1'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('set cursorNulls to first-run') });
      const first = await open(cursor({ nulls: 'first-run' }), CHANGES);
      await first.run('s1');
      await database.query(`INSERT INTO trips VALUES (3, 'c', '${at('03')}')`);
      await first.run('s2');
      expect(parts(first, 's1')[0]).toContain('2,b,\n');
      expect(parts(first, 's2')[0]).not.toContain('2,b');
      const skip = await open(cursor({ nulls: 'skip' }), CHANGES);
      await skip.run('s1');
      expect(parts(skip, 's1')[0]).not.toContain('2,b');
    });

    test_('a backfill reads its range and leaves the cursor', async () => {
      await fresh(TABLE, 'INSERT INTO trips SELECT n, \'n\', \'2026-01-01\'::timestamptz + n * interval \'1 day\' FROM generate_series(0, 9) n');
      const stage = await open(cursor(), CHANGES);
      await stage.run('s1');
      const range = { from: '2026-01-03', to: '2026-01-05' };
      const plan = await stage.plan('b1', 1, { operation: 'backfill', range });
      await stage.pull(plan, 0);
      expect(parts(stage, 'b1')[0]!.split('\n').slice(1, -1).map((row) => row.split(',')[0])).toEqual(['2', '3']);
      await stage.commit('b1', 1, { operation: 'backfill', range });
      expect(stage.log('trips').at(-1)).toMatchObject({ kind: 'backfill', cursor: { to: '2026-01-10 00:00:00+00' }, parts: [{ source: { export: { window: { from: '2026-01-03', before: '2026-01-05' } } } }] });
      expect(await failure(stage.plan('b2', 1, { operation: 'backfill', range: { from: 'yesterday-ish', to: 'x' } }))).toMatchObject({ code: 'SOURCE_VALUE', message: expect.stringContaining('the range of the backfill') });
    });

    test_.each(['append', 'snapshot'])('is refused for history %s, which nothing would clear of repeated rows', async (history) => {
      await fresh(TABLE);
      const stage = await open(cursor(), changesContract([ID, NOTE, AT], { history }));
      expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('write headraceHistory: changes') });
    });

    test_.each([
      ['bigint', ['9007199254740993', '9007199254740995'], { lagValues: 2 }], ['numeric', ['0.10', '123456789012345678901234567890.5'], {}], ['text', ['a', "it's"], {}], ['date', ['2026-01-01', '2026-01-02'], { lagSeconds: 86_400 }],
    ])('goes by exact texts of %s', async (type, [one, two], lag) => {
      await fresh(`CREATE TABLE trips (id bigint, note text, at ${type})`, `INSERT INTO trips VALUES (1, 'a', $$${one}$$)`);
      const stage = await open(cursor(lag), changesContract([ID, NOTE]));
      await stage.run('s1');
      await database.query(`INSERT INTO trips VALUES (2, 'b', $$${two}$$)`);
      await stage.run('s2');
      expect(stage.log('trips').map((commit) => commit.cursor)).toEqual([{ to: one }, { from: one, to: two }]);
      expect(parts(stage, 's2')).toEqual(['id,note\n1,a\n2,b\n']);
    });
  });
});
