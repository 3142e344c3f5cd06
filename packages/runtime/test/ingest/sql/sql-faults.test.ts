import type { PipelineError } from '../../../src/errors/pipeline-error';
import { BUCKET, IngestStage } from '../../_fixtures/ingest-stage';
import { changesContract, databaseSecret, ID, NOTE, SECRET } from '../../_fixtures/sql-source';
import { certificateFor, READER_PASSWORD, SQL_ENGINES, type Certificate, type SqlServer, type SqlTestSession } from '../../_fixtures/sql-servers';

jest.setTimeout(120_000);

const SNAPSHOT = changesContract([ID, NOTE], { history: 'snapshot' });
const AMOUNT = '{ name: amount, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }';

describe.each(SQL_ENGINES)('a table of $kind', ({ kind, test: test_, instant, start, numbers, setPassword, lock, killReader }) => {
  /** The server's certificate is for an address and a name that it is not reached by. */
  let certificate: Certificate;
  let server: SqlServer | undefined;
  let database: SqlTestSession;
  const opened: IngestStage[] = [];

  beforeAll(async () => {
    certificate = await certificateFor('db.example.com', '127.0.0.1');
    server = await start(certificate);
    if (server !== undefined) database = await server.session();
  });
  afterEach(async () => { await Promise.all(opened.splice(0).map((one) => one.close())); });
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  async function open(source: object = {}, contract = SNAPSHOT, password: () => string = () => READER_PASSWORD): Promise<IngestStage> {
    const { port, database: name } = server!;
    const stage = await IngestStage.start({ trips: { kind, host: '127.0.0.1', port, database: name, secretArn: SECRET, ssl: 'disable', table: 'trips', ...source } }, contract);
    stage.secret = databaseSecret(() => ({ username: 'reader', password: password() }));
    opened.push(stage);
    return stage;
  }

  async function fresh(...statements: string[]): Promise<void> {
    for (const statement of ['DROP TABLE IF EXISTS trips', ...statements]) await database.rows(statement);
  }

  const parts = (stage: IngestStage, run: string): string[] => stage.s3.keys(BUCKET, `demo/raw/trips/${run}/`).map((key) => stage.s3.text(BUCKET, key));
  const rows = (stage: IngestStage, run: string): string[][] => parts(stage, run)
    .flatMap((part) => part.trimEnd().split('\n').slice(1).map((line) => line.replaceAll('"', '').split(',')));
  const ids = (stage: IngestStage, run: string): string[] => rows(stage, run).map(([id]) => id as string);
  const failure = (work: Promise<unknown>): Promise<PipelineError> => work.then(() => { throw new Error('nothing failed'); }, (error) => error);
  const reason = (stage: IngestStage) => stage.errors.at(-1)?.data;

  /** Does something each time when a part has landed. */
  function afterEachPart(stage: IngestStage, work: () => Promise<unknown>): void {
    const upload = stage.store.upload.bind(stage.store);
    stage.store.upload = async (...call) => {
      const done = await upload(...call);
      await work();
      return done;
    };
  }

  /** Does something once, when the first bytes have come and more are to come. */
  function inTheMidst(stage: IngestStage, work: () => Promise<unknown>): void {
    const upload = stage.store.upload.bind(stage.store);
    let done = false;
    const tapped = async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of body) {
        yield chunk;
        if (!done) await work();
        done = true;
      }
    };
    // Plan uploads its work lists too.
    stage.store.upload = (ref, body, options) => upload(ref, ref.key.includes('/raw/') ? tapped(body as AsyncIterable<Buffer>) : body, options);
  }

  describe('while rows change', () => {
    const ROWS = 4_000;
    const TOTAL = ROWS * 100;
    const LEDGER = changesContract([ID, AMOUNT], { history: 'snapshot' });
    const shards = (sharedSnapshot: boolean) => ({ shard: { by: 'id', count: 4, sharedSnapshot } });
    const sum = (stage: IngestStage, run: string): number => rows(stage, run).reduce((total, [, amount]) => total + Number(amount), 0);
    /** Moves one unit from the last range of keys to the first. */
    const move = (session: SqlTestSession, turn: number): Promise<unknown> => {
      const [to, from] = [1 + (turn % 900), ROWS - (turn % 900)];
      return session.rows(`UPDATE trips SET amount = amount + CASE WHEN id = ${to} THEN 1 ELSE -1 END WHERE id IN (${to}, ${from})`);
    };

    beforeEach(async () => {
      if (server === undefined) return;
      await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, amount bigint)', `INSERT INTO trips SELECT n, 100 FROM ${numbers(ROWS)}`);
    });

    /** A run beside a writer that never rests, and that has moved something between any two parts. */
    async function runBesideWriter(stage: IngestStage): Promise<number> {
      const writer = await server!.session();
      let turn = 0;
      afterEachPart(stage, () => move(database, turn += 1));
      let stopped = false;
      const writing = (async () => { while (!stopped) await move(writer, turn += 1); })();
      try {
        await stage.run('s1');
      } finally {
        stopped = true;
        await writing;
        await writer.close();
      }
      return turn;
    }

    test_('shards of a shared snapshot are of one moment: amounts that move between them add up', async () => {
      const stage = await open(shards(true), LEDGER);
      expect(await runBesideWriter(stage)).toBeGreaterThan(4);
      expect(parts(stage, 's1')).toHaveLength(4);
      expect([ids(stage, 's1').length, sum(stage, 's1')]).toEqual([ROWS, TOTAL]);
      const told = stage.log('trips')[0].parts.map(({ source }: any) => source.export);
      expect(new Set(told.map((each: any) => `${each.consistency} ${each.snapshot}`)).size).toBe(1);
      expect(told[0].consistency).toBe('snapshot');
      expect(Number((await database.rows('SELECT sum(amount) FROM trips'))[0]![0])).toBe(TOTAL);
    });

    test_('shards without a shared one miss what moved between them, and say that each is of its own moment', async () => {
      const stage = await open(shards(false), LEDGER);
      await runBesideWriter(stage);
      expect(ids(stage, 's1').length).toBe(ROWS);
      expect(sum(stage, 's1')).toBeLessThan(TOTAL);
      expect(stage.log('trips')[0].parts.map(({ source }: any) => source.export.consistency)).toEqual(['shard', 'shard', 'shard', 'shard']);
    });

    test_('a connection that is lost between shards of one snapshot fails the attempt, and the next one reads everything anew', async () => {
      const stage = await open(shards(true), LEDGER);
      const plan = await stage.plan('s1');
      let killed = 0;
      afterEachPart(stage, async () => {
        if (killed === 0) killed = await killReader(database);
        await move(database, 1);
      });
      expect(await stage.pull(plan, 0)).toBe(1);
      expect(killed).toBeGreaterThan(0);
      expect(reason(stage)).toMatchObject({ error: 'SOURCE_SNAPSHOT', reason: expect.stringMatching(/shard=2-of-4 would be of another moment .* Start the next attempt, .* set sharedSnapshot: false/) });
      // The container is started again: what it finds landed is of a moment that is gone.
      expect(await stage.pull(plan, 0)).toBe(1);
      expect(reason(stage)).toMatchObject({ error: 'SOURCE_SNAPSHOT' });
      expect(parts(stage, 's1')).toHaveLength(1);
      await stage.run('s1', 2);
      expect(stage.log('trips')[0].parts.map(({ key }: any) => key)).toEqual(stage.s3.keys(BUCKET, 'demo/raw/trips/s1/a2/'));
      expect([parts(stage, 's1/a2').length, sum(stage, 's1/a2')]).toEqual([4, TOTAL]);
    });
  });

  test_('an export that is killed in its midst begins again, and nothing is spliced', async () => {
    const padding = 'x'.repeat(150);
    await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))', `INSERT INTO trips SELECT n, concat('before ', '${padding}') FROM ${numbers(120_000)}`);
    const stage = await open({ retries: 1 });
    let killed = 0;
    inTheMidst(stage, async () => {
      killed = await killReader(database);
      await database.rows(`UPDATE trips SET note = concat('after ', '${padding}')`);
    });
    await stage.run('s1');
    expect(killed).toBeGreaterThan(0);
    const lines = parts(stage, 's1')[0]!.replaceAll('"', '').split('\n').slice(1, -1).sort();
    expect(lines).toEqual(Array.from({ length: 120_000 }, (_, index) => `${index + 1},after ${padding}`).sort());
    expect(stage.codes().filter((code) => code === 'INGEST_W1201')).toHaveLength(1);
    expect(stage.log('trips')[0].parts[0].records).toBe(120_000);
  });

  describe('by its credentials', () => {
    beforeEach(async () => {
      if (server === undefined) return;
      await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))', "INSERT INTO trips VALUES (1, 'a')");
    });
    afterEach(async () => { await database?.rows(setPassword(READER_PASSWORD)); });

    test_('reads the secret again where a rotation has come between', async () => {
      let asked = 0;
      const stage = await open({}, SNAPSHOT, () => (asked++ === 0 ? READER_PASSWORD : 'second-canary'));
      await database.rows(setPassword('second-canary'));
      await stage.run('s1');
      expect(ids(stage, 's1')).toEqual(['1']);
      // The first answer, the second after the refusal, and one for the pull.
      expect(asked).toBe(3);
      expect(stage.everythingWritten()).not.toContain('canary');
    });

    test_('names the secret as the cure where the password stays wrong', async () => {
      const stage = await open({}, SNAPSHOT, () => 'third-canary');
      const error = await failure(stage.plan('s1'));
      expect(error).toMatchObject({ code: 'SOURCE_CREDENTIALS', kind: 'terminal', message: expect.stringMatching(/correct username and password in the secret/) });
      expect(error.message).not.toContain('canary');
    });
  });

  describe('over TLS that is checked', () => {
    beforeEach(async () => {
      if (server === undefined) return;
      await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))', "INSERT INTO trips VALUES (1, 'a')");
    });

    test_('refuses a certificate of another authority', async () => {
      const { certificate: authority } = await certificateFor('localhost');
      for (const given of [{ authority }, {}]) {
        const stage = await open({ ssl: 'verify-full', host: 'localhost', ...given });
        expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_CERTIFICATE', message: expect.stringMatching(/self.signed.*give the authority that signed/) });
      }
    });

    test_('refuses a certificate that is made for another host name', async () => {
      const stage = await open({ ssl: 'verify-full', host: 'localhost', authority: certificate.certificate });
      expect(await failure(stage.plan('s1'))).toMatchObject({
        code: 'SOURCE_CERTIFICATE', message: expect.stringMatching(/localhost.*db\.example\.com.*the host name that the certificate is made for as host/),
      });
    });

    test_('takes an address where the certificate is made for it, or refuses addresses by name', async () => {
      const stage = await open({ ssl: 'verify-full', authority: certificate.certificate });
      if (kind === 'mysql') {
        expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_CERTIFICATE', message: expect.stringContaining('certificates are checked by name') });
        return;
      }
      await stage.run('s1');
      expect(ids(stage, 's1')).toEqual(['1']);
      const { certificate: named } = await certificateFor('localhost');
      expect(await failure((await open({ ssl: 'verify-full', authority: named })).plan('s1'))).toMatchObject({ code: 'SOURCE_CERTIFICATE' });
    });
  });

  test_('that somebody else has locked fails by its time-out, and may pass', async () => {
    await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))');
    const other = await server!.session();
    try {
      for (const statement of lock) await other.rows(statement);
      const stage = await open({ lockTimeoutSeconds: 1 });
      expect(await failure(stage.plan('s1'))).toMatchObject({ code: 'SOURCE_LOCK', kind: 'transient', message: expect.stringMatching(/for longer than lockTimeout; raise it/) });
    } finally {
      await other.close();
    }
  });

  test_('that is empty is a commit without records', async () => {
    await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200))');
    const stage = await open({ shard: { by: 'id', count: 3 } });
    expect((await stage.run('s1')).datasets.trips).toMatchObject({ outcome: 'empty', counts: { records: 0 } });
    expect(parts(stage, 's1').map((part) => part.replaceAll('"', ''))).toEqual(['id,note\n']);
  });

  test_('whose column is dropped lands without it, and fails by name where the contract has it', async () => {
    await fresh('CREATE TABLE trips (id bigint PRIMARY KEY, extra bigint, note varchar(200))', "INSERT INTO trips VALUES (1, 7, 'a')");
    await database.rows('ALTER TABLE trips DROP COLUMN extra');
    const stage = await open();
    await stage.run('s1');
    expect(rows(stage, 's1')).toEqual([['1', 'a']]);
    // Between plan and pull: the pull finds out, and nothing lands.
    const plan = await stage.plan('s2');
    await database.rows('ALTER TABLE trips DROP COLUMN note');
    expect(await stage.pull(plan, 0)).toBe(1);
    expect(reason(stage)).toMatchObject({ error: 'SOURCE_SCHEMA', reason: expect.stringMatching(/note.*name a table, schema and columns that exist/) });
    expect(parts(stage, 's2')).toEqual([]);
    expect(await failure(stage.plan('s3'))).toMatchObject({ code: 'SOURCE_COLUMNS', message: expect.stringContaining('it has no column note') });
  });

  describe('by a cursor', () => {
    const CHANGES = changesContract([ID, NOTE]);
    const at = (second: string) => `'2026-01-01 00:00:${second}'`;
    const by = (more: object = {}) => ({ cursor: { column: 'changed', ...more } });
    const insert = (...values: Array<readonly [id: number, changed: string]>): Promise<unknown> =>
      database.rows(`INSERT INTO trips VALUES ${values.map(([id, changed]) => `(${id}, 'n', ${changed})`).join(', ')}`);

    beforeEach(async () => {
      if (server === undefined) return;
      await fresh(`CREATE TABLE trips (id bigint PRIMARY KEY, note varchar(200), changed ${instant})`);
    });

    test_('reads its boundary and its lag again, and tells whether anything came there', async () => {
      await insert([1, at('10.000001')]);
      const stage = await open(by({ lagSeconds: 5 }), CHANGES);
      await stage.run('s1');
      expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
      await insert([2, at('10.000001')], [3, at('06')], [4, at('04')]);
      await stage.run('s3');
      expect(ids(stage, 's3').sort()).toEqual(['1', '2', '3']);
      expect((await stage.run('s4')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
      await insert([5, at('10.000002')]);
      await stage.run('s5');
      expect(ids(stage, 's5').sort()).toEqual(['1', '2', '3', '5']);
    });

    test_('a date in the future waits for its day', async () => {
      await insert([1, at('01')], [2, "'2037-12-31 00:00:00'"]);
      const stage = await open(by(), CHANGES);
      await stage.run('s1');
      expect(ids(stage, 's1')).toEqual(['1']);
      expect((await stage.run('s2')).datasets.trips).toMatchObject({ outcome: 'unchanged' });
    });

    test_('rows without a cursor fail, are read by the first run, or never', async () => {
      await insert([1, at('01')], [2, 'NULL']);
      expect(await failure((await open(by(), CHANGES)).plan('s1'))).toMatchObject({ code: 'SOURCE_CURSOR', message: expect.stringContaining('set cursorNulls to first-run') });
      const first = await open(by({ nulls: 'first-run' }), CHANGES);
      await first.run('s1');
      await insert([3, at('03')]);
      await first.run('s2');
      expect([ids(first, 's1').sort(), ids(first, 's2').sort()]).toEqual([['1', '2'], ['1', '3']]);
      const skip = await open(by({ nulls: 'skip' }), CHANGES);
      await skip.run('s1');
      expect(ids(skip, 's1').sort()).toEqual(['1', '3']);
    });
  });
});
