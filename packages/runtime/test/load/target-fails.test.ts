import { setTimeout as delay } from 'node:timers/promises';
import { bothTargets, type AnyStage, type OtherSession } from './_fixtures/both-targets';
import { contractText, type DatasetText } from './_fixtures/load-steps';
import { PowerLine, statement } from './_fixtures/power-line';

const NOTES: DatasetText = { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: note, logicalType: string }',
] };
const KEYED: DatasetText = { ...NOTES, history: 'changes', properties: [NOTES.properties[0]!.replace('required', 'primaryKey: true, required'), NOTES.properties[1]!] };
const MIB = 1024 * 1024;

/** Rows of about a kilobyte each, which begin with their number. */
const notes = (first: number, rows: number): string => `SELECT CAST(i AS BIGINT) AS id, 'note ' || i || repeat('.', 1000) AS note FROM range(${first}, ${first + rows}) AS r(i)`;

/** What makes the same thing happen to either server. */
interface Server {
  /** The beginning of the message that writes rows of a merge. */
  readonly merging: string;
  /** Sessions that wait for a lock. */
  readonly waiting: string;
  readonly deadlock: object;
  readonly commit: string | RegExp;
  /** Takes writes from nobody, or from everybody again. */
  readOnly(on: boolean): string[];
  readonly readOnlyFacts: object;
  readonly diskFullFacts: { readonly reason: string; readonly sqlState?: string; readonly errno?: number };
  /** Takes all room for a staging table but a little, and gives what gives it back. */
  fill(session: OtherSession, staging: string): Promise<() => Promise<unknown>>;
}

/** Bytes of a file of PostgreSQL's log, so none may be shorter: no file may be longer by more than a block. */
const LONGEST = 16 * MIB + 512;
const MEGABYTE = 'SELECT 0, repeat(\'.\', 1000) FROM';

const POSTGRES: Server = {
  merging: 'UPDATE "', commit: 'COMMIT',
  waiting: "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
  deadlock: { sqlState: '40P01' },
  readOnly: (on) => [`ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`, 'SELECT pg_reload_conf()'],
  readOnlyFacts: { sqlState: '25006' },
  diskFullFacts: { sqlState: 'XX000', reason: 'File too large' },
  // What is taken back keeps its room until it is swept.
  fill: async (session, staging) => {
    await session.say('BEGIN');
    await session.say(`INSERT INTO ${staging} ${MEGABYTE} generate_series(1, 14000)`);
    await session.say('ROLLBACK');
    return () => session.say(`VACUUM ${staging}`);
  },
};

const MARIADB: Server = {
  merging: 'STRAIGHT_JOIN', commit: statement('COMMIT'),
  waiting: "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'",
  deadlock: { errno: 1213 },
  readOnly: (on) => [`SET GLOBAL read_only = ${on ? 1 : 0}`],
  readOnlyFacts: { errno: 1290 },
  diskFullFacts: { errno: 1114, reason: 'is full' },
  // All tables are in one file that may not grow beyond some size.
  fill: async (session, staging) => {
    await session.say('CREATE TABLE shop.filling (id int, note longtext)');
    const full = await (async () => { for (;;) await session.say(`INSERT INTO shop.filling ${MEGABYTE} seq_1_to_1000`); })().catch((error: unknown) => error);
    expect(full).toMatchObject({ errno: 1114 });
    return async () => {
      await session.say('DROP TABLE shop.filling');
      // Its pages are freed behind the statement.
      const [schema, table] = staging.split('.');
      const free = `SELECT DATA_FREE FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${schema}' AND TABLE_NAME = '${table}'`;
      while (Number((await session.say(free))[0]![0]) < 9 * MIB) await delay(20);
    };
  },
};

/** Servers whose disk has an end. */
const LIMITED = {
  postgres: { fileBlocks: LONGEST / 512 },
  mariadb: { server: ['--innodb-file-per-table=OFF', '--innodb-data-file-path=ibdata1:12M:autoextend:max:32M'] },
};

describe.each(bothTargets(LIMITED))('a load into $name', (target) => {
  const server = target.name === 'MariaDB' ? MARIADB : POSTGRES;
  const withServer = target.test();
  let stage: AnyStage & { close(): Promise<void> };
  let line: PowerLine | undefined;
  let other: OtherSession;
  beforeAll(() => target.begin(), 60_000);
  beforeEach(async () => { other = await target.another(); });
  afterEach(async () => {
    await line?.close();
    line = undefined;
    await other.end();
    await stage.close();
  });
  afterAll(() => target.end());

  async function start(dataset: DatasetText, settings: Record<string, unknown> = {}): Promise<void> {
    stage = await target.stage(contractText({ notes: dataset }), settings);
  }

  async function powered(): Promise<PowerLine> {
    line = await PowerLine.start(target.port(), stage.s3);
    stage.settings.target.port = line.port;
    return line;
  }

  const run = (step: 'stage' | 'publish', attempt: string, index = 0): Promise<number> => stage.step(stage.pointer(step, attempt, index));
  const numbers = async (sql: string): Promise<number[]> => (await stage.say(sql)).flat().map(Number);
  /** Rows, and how many different ones. */
  const rows = (table = `${stage.settings.targetSchema}.notes`): Promise<number[]> => numbers(`SELECT count(*), count(DISTINCT id) FROM ${table}`);
  const published = (): Promise<number[]> => numbers(`SELECT staged, inserted, updated FROM ${stage.settings.ledgerSchema}.load_ledger ORDER BY seq`);
  const failure = (): unknown => stage.errors.at(-1).data;

  async function staging(attempt: string): Promise<string> {
    const [item] = await stage.items(attempt);
    return `${item!.staging.schema}.${item!.staging.table}`;
  }

  async function waiting(): Promise<void> {
    // MariaDB tells the same again until nobody has asked for a tenth of a second.
    while (Number((await stage.say(server.waiting))[0]![0]) === 0) await delay(150);
  }

  withServer('that deadlocks with another session gives way, and is published once when it is tried again', async () => {
    await start(KEYED, { lockTimeoutSeconds: 20 });
    await stage.commit('notes', [notes(0, 100)]);
    await stage.load();
    const { targetSchema, ledgerSchema } = stage.settings;
    const held = await powered();
    await stage.commit('notes', ["SELECT CAST(i AS BIGINT) AS id, 'ours' AS note FROM range(10) AS r(i)"]);
    await stage.claim('dead-a1');
    expect(await run('stage', 'dead-a1')).toBe(0);
    const arrived = held.holdAt(server.merging);
    // Whoever closes the circle is the one to look for it.
    if (target.name === 'PostgreSQL') for (const sql of ["ALTER ROLE headrace SET deadlock_timeout = '20ms'", "SET deadlock_timeout = '1h'"]) await other.say(sql);
    const publishing = run('publish', 'dead-a1');
    const goOn = await arrived;
    await other.say('BEGIN');
    // The server gives up the one that has written less.
    await other.say(`UPDATE ${targetSchema}.notes SET note = 'theirs' WHERE id IN (5, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59)`);
    const theirs = other.say(`SELECT epoch FROM ${ledgerSchema}.load_epoch FOR UPDATE`);
    await waiting();
    goOn();
    expect(await publishing).toBe(75);
    expect(failure()).toMatchObject({ error: 'TARGET_BUSY', kind: 'transient', facts: server.deadlock });
    await theirs;
    await other.say('COMMIT');
    expect(await published()).toEqual([100, 100, 0]);
    expect(await run('publish', 'dead-a1')).toBe(0);
    expect(await published()).toEqual([100, 100, 0, 10, 0, 10]);
    expect(await stage.say(`SELECT note, count(*) FROM ${targetSchema}.notes WHERE length(note) < 10 GROUP BY note ORDER BY note`).then((found) => found.map(String))).toEqual(['ours,10', 'theirs,10']);
  });

  withServer('whose disk is full keeps the parts that it has, and is loaded once when there is room again', async () => {
    await start(NOTES);
    await stage.commit('notes', [notes(0, 10), notes(10, 3_000)]);
    await stage.claim('full-a1');
    expect(await run('stage', 'full-a1', 0)).toBe(0);
    const giveRoom = await server.fill(other, await staging('full-a1'));
    const { reason, ...facts } = server.diskFullFacts;
    expect(await run('stage', 'full-a1', 1)).toBe(1);
    expect(failure()).toMatchObject({ error: 'TARGET_DISK_FULL', kind: 'terminal', facts, reason: expect.stringMatching(new RegExp(`${reason}.*; give the database more storage; staged parts are kept$`)) });
    await giveRoom();
    stage.lines.length = 0;
    await stage.load({}, 'full-a2');
    expect(stage.codes().filter((code) => code === 'LOAD_I1101')).toHaveLength(1);
    expect(await rows()).toEqual([3_010, 3_010]);
    expect(await published()).toEqual([3_010, 3_010, 0]);
  });

  withServer('whose server takes no writes waits before anything is staged, and in the middle, and goes on when it does', async () => {
    await start(NOTES);
    if (target.name === 'MariaDB') {
      await other.say("CREATE USER loader@'%' IDENTIFIED BY 'x'");
      await other.say("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON *.* TO loader@'%'");
      stage.credentials = { username: 'loader', password: 'x' };
    }
    const readOnly = async (on: boolean): Promise<void> => { for (const sql of server.readOnly(on)) await other.say(sql); };
    const held = await powered();
    try {
      await stage.commit('notes', [notes(0, 10)]);
      await readOnly(true);
      expect(await stage.claim('shut-a1')).toBe(75);
      expect(failure()).toMatchObject({ error: 'TARGET_READ_ONLY', kind: 'transient', reason: expect.stringContaining('give the endpoint of the writer') });
      await readOnly(false);
      expect(await stage.claim('shut-a1')).toBe(0);
      const arrived = held.holdAt(target.name === 'MariaDB' ? 'COMMIT' : 'BEGIN');
      const staging = run('stage', 'shut-a1');
      const goOn = await arrived;
      await readOnly(true);
      goOn();
      expect(await staging).toBe(75);
      expect(failure()).toMatchObject({ error: 'TARGET_BUSY', kind: 'transient', facts: server.readOnlyFacts });
      await readOnly(false);
      expect(await run('stage', 'shut-a1')).toBe(0);
      await readOnly(true);
      expect(await run('publish', 'shut-a1')).toBe(75);
      expect(failure()).toMatchObject({ error: 'TARGET_BUSY', kind: 'transient', facts: server.readOnlyFacts });
      expect(await rows()).toEqual([0, 0]);
    } finally {
      await readOnly(false);
    }
    expect(await run('publish', 'shut-a1')).toBe(0);
    expect(await rows()).toEqual([10, 10]);
    expect(await published()).toEqual([10, 10, 0]);
  });

  withServer('that loses its connection in the middle of a copy or at its COMMIT stages each part once', async () => {
    await start(NOTES, { connections: 1 });
    const cut = await powered();
    await stage.commit('notes', [notes(0, 1_500), notes(1_500, 10)]);
    await stage.claim('cut-a1');
    for (const mode of ['before', 'after'] as const) {
      cut.cutAt('note 1200.', mode);
      expect(await run('stage', 'cut-a1')).toBe(75);
      expect(failure()).toMatchObject({ error: 'TARGET_CONNECTION', kind: 'transient' });
      expect(await rows(await staging('cut-a1'))).toEqual([0, 0]);
    }
    // The answer to the first part's COMMIT is lost, and the next try finds that part.
    cut.cutAt(server.commit, 'after');
    expect(await run('stage', 'cut-a1')).toBe(75);
    stage.lines.length = 0;
    expect(await run('stage', 'cut-a1')).toBe(0);
    expect(stage.codes().filter((code) => ['LOAD_I1101', 'LOAD_I1104'].includes(code))).toEqual(['LOAD_I1101', 'LOAD_I1104']);
    expect(await run('publish', 'cut-a1')).toBe(0);
    expect(await rows()).toEqual([1_510, 1_510]);
    expect(await published()).toEqual([1_510, 1_510, 0]);
  });
});
