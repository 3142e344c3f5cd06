import { parseLoadSettings } from '../../src/load/settings';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../_fixtures/mariadb';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../_fixtures/postgres';
import { contractText, LoadStage } from './_fixtures/load-stage';
import { MysqlLoadStage } from './_fixtures/mysql-load-stage';
import { PowerLine } from './_fixtures/power-line';

const CONTRACT = contractText({ people: { history: 'append', properties: ['{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }'] } });
const TWO = contractText(Object.fromEntries(['people', 'places'].map((name) => [name, { history: 'append' as const, properties: ['{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }'] }])));
const part = (first: number): string => `SELECT CAST(${first} + i AS BIGINT) AS id FROM range(10) AS r(i)`;
const SECRET = 'hunter2-canary';

type When = 'beforePublish' | 'afterPublish' | 'afterLoad';
const statement = (when: When, sql: string): object => ({ when, sql, ...(when === 'afterLoad' ? {} : { dataset: 'people' }) });

describe('statements of the owner in PostgreSQL', () => {
  const withServer = testWithPostgres();
  let server: TestPostgres | undefined;
  let stage: LoadStage;
  let log: string;

  beforeAll(async () => { server = await startTestPostgres(); });
  beforeEach(async () => {
    if (server === undefined) return;
    stage = await LoadStage.start(server, CONTRACT);
    log = `"${stage.settings.targetSchema}".log`;
    await stage.client.query(`CREATE SCHEMA "${stage.settings.targetSchema}"; CREATE TABLE ${log} (what text, people bigint, xid text DEFAULT txid_current()::text)`);
    await stage.commit('people', [part(0)]);
  });
  afterEach(async () => stage?.close());
  afterAll(async () => server?.stop());

  const note = (when: When): object => statement(when, `INSERT INTO ${log} (what, people) SELECT '${when}', count(*) FROM "${stage.settings.targetSchema}".people`);
  const noted = async (): Promise<unknown[][]> => (await stage.client.query<unknown[]>({ text: `SELECT what, people::int FROM ${log} ORDER BY ctid`, rowMode: 'array' })).rows;

  withServer('run with the commit, in its transaction and after the load, and never for nothing', async () => {
    stage.settings.statements = [note('afterLoad'), note('afterPublish'), note('beforePublish'), statement('beforePublish', "SET LOCAL work_mem = '8MB'"), statement('afterLoad', `VACUUM ANALYZE ${log}`)];
    await stage.commit('people', [part(10)]);
    await stage.load();
    expect(await noted()).toEqual([['beforePublish', 0], ['afterPublish', 10], ['beforePublish', 10], ['afterPublish', 20], ['afterLoad', 20]]);
    expect((await stage.client.query(`SELECT count(DISTINCT xid)::int AS n FROM ${log}`)).rows).toEqual([{ n: 3 }]);
    expect(await stage.stagingTables()).toEqual([]);
    await stage.load();
    expect(await noted()).toHaveLength(5);
  });

  withServer('take the commit back when one of them fails, and name its place and not what it says', async () => {
    stage.settings.statements = [note('afterPublish'), statement('afterPublish', `SELECT ('${SECRET}' || max(id))::int FROM "${stage.settings.targetSchema}".people`)];
    await expect(stage.load({}, 'fails-a1')).rejects.toThrow('statement 2 of afterPublish of people failed (SQLSTATE 22P02)');
    stage.settings.statements = [statement('beforePublish', `SELEKT '${SECRET}'`)];
    await expect(stage.load({}, 'fails-a2')).rejects.toThrow('LOAD_SQL');
    // The server takes no second statement behind the first, which could commit.
    stage.settings.statements = [statement('beforePublish', `SELECT '${SECRET}'; COMMIT`)];
    await expect(stage.load({}, 'fails-a3')).rejects.toThrow('LOAD_SQL');
    stage.settings.statements = [statement('beforePublish', 'SELECT pg_sleep(60)')];
    stage.settings.statementTimeoutSeconds = 1;
    await expect(stage.load({}, 'fails-a4')).rejects.toThrow('took longer than 1 s');
    expect(JSON.stringify([stage.lines, stage.errors])).not.toContain(SECRET);
    expect([await noted(), await stage.rows('people'), await stage.ledger()]).toEqual([[], [], []]);
  });

  withServer('that follow all commits are run by the next load when this one dies before them', async () => {
    stage.settings.statements = [note('afterPublish'), note('afterLoad')];
    const line = await PowerLine.start(Number(new URL(server!.url).port), stage.s3);
    stage.settings.target.port = line.port;
    try {
      await stage.claim('dies-a1');
      await stage.step(stage.pointer('stage', 'dies-a1', 0));
      line.dieAt("SELECT 'afterLoad'", 'before');
      expect(await stage.step(stage.pointer('publish', 'dies-a1', 0))).not.toBe(0);
      line.arm(0, 'before');
      expect(await noted()).toEqual([['afterPublish', 10]]);
      // Nobody can tell yet that it died: it may still run them itself.
      expect((await stage.load({}, 'early-a1')).datasets.people!.outcome).toBe('nothing');
      expect(await noted()).toEqual([['afterPublish', 10]]);
      await stage.client.query(`UPDATE "${stage.settings.ledgerSchema}".load_lease SET expires_at = now() - interval '1 second'`);
      // One more load has seen them, and comes to the lease when they have run.
      const late = line.holdAt('ON CONFLICT (table_schema, table_name)');
      const second = stage.load({}, 'second-a1');
      const goOn = await late;
      // They may take longer than a lease: the minute of its renewal comes early.
      jest.useFakeTimers({ advanceTimers: true, doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'Date', 'performance', 'queueMicrotask'] });
      const asleep = line.holdAt("SELECT 'afterLoad'");
      const next = stage.load({}, 'next-a1');
      const wake = await asleep;
      const lease = `"${stage.settings.ledgerSchema}".load_lease`;
      await stage.client.query(`UPDATE ${lease} SET expires_at = now() + interval '5 seconds'`);
      jest.advanceTimersByTime(60_000);
      const renewed = async (): Promise<unknown> => (await stage.client.query(`SELECT attempt_id, expires_at > now() + interval '590 seconds' AS renewed FROM ${lease}`)).rows;
      for (let tries = 0; tries < 400 && !JSON.stringify(await renewed()).includes('true'); tries += 1) await new Promise((done) => { setTimeout(done, 50); });
      expect(await renewed()).toEqual([{ attempt_id: 'next-a1', renewed: true }]);
      wake();
      expect((await next).datasets.people!.outcome).toBe('nothing');
      goOn();
      expect((await second).datasets.people!.outcome).toBe('nothing');
      expect(await noted()).toEqual([['afterPublish', 10], ['afterLoad', 10]]);
      expect(stage.codes()).toContain('LOAD_I1019');
      expect(await stage.stagingTables()).toEqual([]);
    } finally {
      jest.useRealTimers();
      await line.close();
    }
  });

  withServer('that follow all commits run once for all datasets that a load left, and not again because somebody reads a table that is to go', async () => {
    stage.useContract(TWO);
    stage.settings.statements = [note('afterLoad')];
    stage.settings.lockTimeoutSeconds = 1;
    await stage.commit('places', [part(0)]);
    const line = await PowerLine.start(Number(new URL(server!.url).port), stage.s3);
    const reader = await stage.anotherClient();
    stage.settings.target.port = line.port;
    try {
      await stage.claim('dies-a1');
      for (const index of [0, 1]) await stage.step(stage.pointer('stage', 'dies-a1', index));
      line.dieAt("SELECT 'afterLoad'", 'before');
      expect(await stage.step(stage.pointer('publish', 'dies-a1', 0))).not.toBe(0);
      line.arm(0, 'before');
      const tables = await stage.stagingTables();
      expect(tables).toHaveLength(2);
      await reader.query(`BEGIN; SELECT FROM "${stage.settings.ledgerSchema}"."${tables[0]}"`);
      await stage.load({}, 'dies-a2');
      expect(await noted()).toEqual([['afterLoad', 10]]);
      expect(await stage.stagingTables()).toEqual([tables[0]]);
      await stage.load({}, 'later-a1');
      await reader.query('ROLLBACK');
      await stage.load({}, 'later-a2');
      expect([await noted(), await stage.stagingTables()]).toEqual([[['afterLoad', 10]], []]);
    } finally {
      await reader.end();
      await line.close();
    }
  });
});

/** A SLEEP that is ended is no error in MySQL. */
const ENDLESS = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT COUNT(*) FROM ${['a', 'b', 'c', 'd', 'e'].map((name) => `n AS ${name}`).join(', ')}`;

describe('statements of the owner in MariaDB', () => {
  const withServer = testWithMariadb();
  let server: TestMariadb | undefined;
  let stage: MysqlLoadStage;
  let log: string;

  beforeAll(async () => { server = await startTestMariadb(); }, 60_000);
  beforeEach(async () => {
    if (server === undefined) return;
    stage = await MysqlLoadStage.start(server, CONTRACT);
    log = `${stage.settings.targetSchema}.log`;
    await stage.client.query(`CREATE DATABASE ${stage.settings.targetSchema}; CREATE TABLE ${log} (id int AUTO_INCREMENT PRIMARY KEY, what text, people bigint)`);
    await stage.commit('people', [part(0)]);
  });
  afterEach(async () => stage?.close());
  afterAll(async () => server?.stop());

  const note = (when: When): object => statement(when, `INSERT INTO ${log} (what, people) SELECT '${when}', COUNT(*) FROM ${stage.settings.targetSchema}.people`);
  const noted = (): Promise<unknown[][]> => stage.ask(`SELECT what, people FROM ${log} ORDER BY id`);

  withServer('run beside the transaction, and leave the session as a load needs it', async () => {
    stage.settings.statements = [note('beforePublish'), statement('beforePublish', `SET SESSION sql_mode = '', autocommit = 0, ${server!.flavour === 'mysql' ? 'max_execution_time' : 'max_statement_time'} = 1`), note('afterPublish'), note('afterLoad'), statement('afterLoad', `CREATE TABLE ${stage.settings.targetSchema}.copied AS SELECT * FROM ${stage.settings.targetSchema}.people`)];
    await stage.load();
    expect(await noted()).toEqual([['beforePublish', '0'], ['afterPublish', '10'], ['afterLoad', '10']]);
    expect(await stage.leftTables()).toEqual([]);
    await stage.load();
    expect(await noted()).toHaveLength(3);
  });

  withServer('run again when the load died between the commit and their end, and are never lost', async () => {
    stage.settings.statements = [note('afterPublish'), note('afterLoad')];
    const line = await PowerLine.start(server!.port, stage.s3);
    stage.settings.target.port = line.port;
    try {
      for (const [index, [text, mode, left]] of ([["'afterPublish'", 'before', 0], ["'afterPublish'", 'after', 1], ["'afterLoad'", 'before', 1]] as const).entries()) {
        if (index > 0) await stage.commit('people', [part(index * 10)]);
        await stage.client.query(`TRUNCATE TABLE ${log}`);
        await stage.claim(`dies${index}-a1`);
        await stage.step(stage.pointer('stage', `dies${index}-a1`, 0));
        line.dieAt(`SELECT ${text}`, mode);
        expect(await stage.step(stage.pointer('publish', `dies${index}-a1`, 0))).not.toBe(0);
        line.arm(0, 'before');
        expect((await noted()).length).toBe(left);
        await stage.load({}, `dies${index}-a2`);
        const people = String((index + 1) * 10);
        expect((await noted()).slice(left)).toEqual([['afterPublish', people], ['afterLoad', people]]);
        expect((await stage.rows('people', 'COUNT(*)'))[0]).toEqual([people]);
        expect(await stage.leftTables()).toEqual([]);
      }
    } finally {
      await line.close();
    }
  }, 60_000);

  withServer('that fail before the commit hold it back; those that fail after it fail the load, and the next one warns', async () => {
    stage.settings.statements = [statement('beforePublish', `SELECT '${SECRET}' FROM nowhere`)];
    await expect(stage.load({}, 'fails-a1')).rejects.toThrow('statement 1 of beforePublish of people failed (error 1146)');
    expect(await stage.rows('people')).toEqual([]);
    stage.settings.statements = [statement('afterPublish', ENDLESS)];
    stage.settings.statementTimeoutSeconds = 1;
    await expect(stage.load({}, 'fails-a2')).rejects.toThrow('took longer than 1 s');
    expect((await stage.rows('people', 'COUNT(*)'))[0]).toEqual(['10']);
    expect((await stage.load({}, 'fails-a3')).datasets.people!.outcome).toBe('nothing');
    expect(stage.codes()).toContain('LOAD_W1017');
    stage.settings.statements = [note('afterPublish')];
    stage.settings.lockTimeoutSeconds = 1;
    const reader = await server!.admin();
    const [table] = await stage.leftTables();
    try {
      await reader.query(`BEGIN; SELECT 1 FROM \`${stage.settings.ledgerSchema}\`.\`${table}\``);
      for (let load = 1; load <= 2; load += 1) await stage.load();
      // Who reads the table keeps it, and makes nothing run again.
      expect([await noted(), await stage.leftTables()]).toEqual([[['afterPublish', '10']], [table]]);
    } finally {
      await reader.end();
    }
    await stage.load();
    expect([await noted(), await stage.leftTables()]).toEqual([[['afterPublish', '10']], []]);
    expect(JSON.stringify([stage.lines, stage.errors])).not.toContain(SECRET);
  });

  withServer('may not begin or end transactions', () => {
    const problems = (kind: string, sql: string): string => {
      stage.settings.statements = [statement('beforePublish', sql)];
      try {
        parseLoadSettings({ ...stage.settings, target: { ...stage.settings.target, kind } });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(problems('postgres', ' commit')).toContain('statements[0].sql must not begin with COMMIT');
    expect(problems('postgres', '/* x */ COMMIT')).toContain('must begin with the first word');
    expect(problems('mysql', 'LOCK TABLES x WRITE')).toContain('must not begin with LOCK');
    expect(problems('postgres', 'LOCK TABLE x')).toBe('');
  });
});
