import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { mysqlTargetDdl } from '../../../src/contract/mysql-ddl';
import { mysqlGrantScript } from '../../../src/load/mysql/ledger/ledger-ddl';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../../_fixtures/mariadb';
import { certificateFor, type Certificate } from '../../_fixtures/sql-servers';
import { contractText, PEOPLE } from '../_fixtures/load-steps';
import { MysqlLoadStage } from '../_fixtures/mysql-load-stage';
import { PowerLine, statement } from '../_fixtures/power-line';

const NAMES = { ...PEOPLE, history: 'append' as const };
const SNAPSHOT = contractText({ people: { ...PEOPLE, history: 'snapshot' } });

/** A batch of people as SQL: `[id, name, score, ratio, day of January]`. */
function people(...rows: readonly (readonly [id: number, name: string | null, score: string, ratio: string, day: number])[]): string {
  const values = rows.map(([id, name, score, ratio, day]) => (
    `(${id}, ${name === null ? 'NULL' : `'${name}'`}, '${score}', '${ratio}', '2026-01-${String(day).padStart(2, '0')}T00:00:00Z')`));
  return `SELECT CAST(a AS BIGINT) AS id, CAST(b AS VARCHAR) AS name, CAST(c AS DECIMAL(10,2)) AS score, CAST(d AS DOUBLE) AS ratio, CAST(e AS TIMESTAMPTZ) AS updated_at FROM (VALUES ${values.join(', ')}) AS v(a, b, c, d, e)`;
}

describe('a load into MariaDB', () => {
  let server: TestMariadb | undefined;
  const stages: MysqlLoadStage[] = [];
  const lines: PowerLine[] = [];
  const withServer = testWithMariadb();

  let certificate: Certificate;

  beforeAll(async () => {
    certificate = await certificateFor('localhost');
    server = await startTestMariadb({ certificate });
  }, 60_000);
  afterEach(async () => {
    for (const line of lines.splice(0)) await line.close();
    for (const stage of stages.splice(0)) await stage.close();
  });
  afterAll(async () => server?.stop());

  async function start(contract = contractText({ people: PEOPLE }), settings: Record<string, unknown> = {}): Promise<MysqlLoadStage> {
    const stage = await MysqlLoadStage.start(server as TestMariadb, contract, settings);
    stages.push(stage);
    return stage;
  }

  async function powered(stage: MysqlLoadStage): Promise<PowerLine> {
    const line = await PowerLine.start(server!.port, stage.s3);
    lines.push(line);
    stage.settings.target.port = line.port;
    return line;
  }

  describe('merge', () => {
    withServer('inserts, updates and leaves alone, and says how many of each', async () => {
      const stage = await start();
      await stage.commit('people', [people([1, 'ann', '1.10', '0', 1], [2, 'bob', '2.20', '1e300', 1]), people([3, null, '3.30', '0.5', 1])]);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', seq: 1, counts: { commits: 1, staged: 3, inserted: 3, updated: 0, unchanged: 0 } });
      await stage.commit('people', [people([1, 'Ann', '1.10', '0', 2], [2, 'bob', '2.20', '1e300', 1], [4, 'dan ', '4.40', '0', 2])]);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', seq: 2, counts: { staged: 3, inserted: 1, updated: 1, unchanged: 1 } });
      expect(await stage.rows('people', 'id, name, score, ratio, updated_at')).toEqual([
        ['1', 'Ann', '1.10', '0', '2026-01-02 00:00:00.000000'], ['2', 'bob', '2.20', '1e300', '2026-01-01 00:00:00.000000'],
        ['3', null, '3.30', '0.5', '2026-01-01 00:00:00.000000'], ['4', 'dan ', '4.40', '0', '2026-01-02 00:00:00.000000'],
      ]);
      expect(await stage.ledger()).toEqual([['people', '1', 'loaded', '3', '3', '0', '0', '0', '0'], ['people', '2', 'loaded', '3', '1', '1', '1', '0', '0']]);
      expect(await stage.leftTables()).toEqual([]);
    });

    withServer('keeps the newer row of a key when newerBy is given, and counts the older one as stale', async () => {
      const stage = await start(undefined, { writeModes: { people: { mode: 'merge', newerBy: 'updated_at' } } });
      await stage.commit('people', [people([1, 'new', '1', '0', 9], [2, 'old', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([1, 'late', '2', '0', 3], [2, 'newer', '2', '0', 5])], { kind: 'backfill' });
      expect((await stage.load()).datasets.people!.counts).toMatchObject({ staged: 2, inserted: 0, updated: 1, unchanged: 0, stale: 1 });
      expect(await stage.rows('people', 'name')).toEqual([['new'], ['newer']]);
    });

    withServer('keeps text keys apart that differ by case or a space at the end, and refuses one that comes twice', async () => {
      const stage = await start(contractText({ codes: { history: 'changes', record: 'format: ndjson', properties: [
        '{ name: code, logicalType: string, logicalTypeOptions: { maxLength: 20 }, primaryKey: true, required: true }', '{ name: label, logicalType: string }',
        '{ name: lines, logicalType: array, items: { logicalType: object, properties: [{ name: price, logicalType: number, physicalType: "decimal(38,9)" }] } }',
      ] } }));
      const code = (key: string, label: string, price = '12345678901234567890.123456789'): string => `SELECT '${key}' AS code, '${label}' AS label, CAST([{'price': '${price}'}] AS STRUCT(price DECIMAL(38,9))[]) AS lines`;
      await stage.commit('codes', [[code('a', 'x'), code('A', 'x'), code('a ', 'x'), code('ä', 'x')].join(' UNION ALL ')]);
      expect((await stage.load()).datasets.codes!.counts).toMatchObject({ inserted: 4 });
      await stage.commit('codes', [[code('A', 'X'), code('a', 'x'), code('a ', 'x', '1.5')].join(' UNION ALL ')]);
      expect((await stage.load()).datasets.codes!.counts).toMatchObject({ inserted: 0, updated: 2, unchanged: 1 });
      expect(await stage.rows('codes', "CONCAT(code, '|'), label, `lines`", 'HEX(code)')).toEqual([
        ['A|', 'X', '[{"price":12345678901234567890.123456789}]'], ['a|', 'x', '[{"price":12345678901234567890.123456789}]'], ['a |', 'x', '[{"price":1.500000000}]'], ['ä|', 'x', '[{"price":12345678901234567890.123456789}]'],
      ]);
      await stage.commit('codes', [code('b', '1'), code('b', '2')]);
      await expect(stage.load()).rejects.toThrow('STAGED_KEYS');
      expect((await stage.ledger('seq')).flat()).toEqual(['1', '2']);
    });

    withServer('merges text keys as the index of an older table compares them', async () => {
      const stage = await start(contractText({ codes: { history: 'changes', properties: ['{ name: code, logicalType: string, logicalTypeOptions: { maxLength: 20 }, primaryKey: true, required: true }', '{ name: label, logicalType: string }'] } }));
      const { targetSchema } = stage.settings;
      await stage.client.query(`CREATE DATABASE ${targetSchema}; CREATE TABLE ${targetSchema}.codes (code varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, label longtext CHARACTER SET utf8mb4); INSERT INTO ${targetSchema}.codes VALUES ('AB', 'x')`);
      await stage.commit('codes', ["SELECT 'ab' AS code, 'X' AS label"]);
      expect((await stage.load()).datasets.codes!.counts).toMatchObject({ inserted: 0, updated: 1 });
      expect(await stage.rows('codes')).toEqual([['AB', 'X']]);
      await stage.commit('codes', ["SELECT 'c' AS code, 'X' AS label UNION ALL SELECT 'C', 'y'"]);
      await expect(stage.load()).rejects.toThrow('STAGED_KEYS');
    });
  });

  describe('append', () => {
    withServer('adds every commit once, and the same rows as the client of the database loads from a file', async () => {
      const stage = await start(contractText({ people: NAMES }));
      const rows = 'SELECT CAST(i AS BIGINT) AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE \'näme\' || chr(9) || i || chr(92) || chr(10) END AS name, CAST(i / 7 AS DECIMAL(10,2)) AS score, i / 3 AS ratio, TIMESTAMPTZ \'2026-01-01 00:00:00Z\' + to_microseconds(i * 1001) AS updated_at';
      await stage.commit('people', [`${rows} FROM range(5000) AS r(i)`, `${rows} FROM range(5000, 9000) AS r(i)`]);
      await stage.commit('people', [`${rows} FROM range(9000, 9100) AS r(i)`]);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', seq: 2, counts: { commits: 2, inserted: 9_100 } });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'nothing', counts: { commits: 0 } });
      const { targetSchema } = stage.settings;
      const file = path.join(tmpdir(), `${targetSchema}.tsv`);
      const line = (i: number): string => {
        const score = (BigInt(i) * 10_000_000n / 7n + 50_000n) / 100_000n;
        const time = new Date(Date.UTC(2026, 0, 1) + Math.floor(i * 1001 / 1000)).toISOString().replace('T', ' ').replace('Z', '') + String((i * 1001) % 1000).padStart(3, '0');
        return [i, i % 7 === 0 ? '\\N' : `näme\\t${i}\\\\\\n`, `${score / 100n}.${String(score % 100n).padStart(2, '0')}`, i / 3, time].join('\t');
      };
      writeFileSync(file, Array.from({ length: 9_100 }, (_, i) => `${line(i)}\n`).join(''));
      await stage.client.query(`CREATE TABLE ${targetSchema}.direct LIKE ${targetSchema}.people`);
      const client = ['/usr/bin/mariadb', '/usr/bin/mysql'].find((program) => existsSync(program)) as string;
      try {
        execFileSync(client, ['--no-defaults', '-h127.0.0.1', `-P${server!.port}`, '-uheadrace', '-pheadrace', '--local-infile=1', '--skip-ssl', targetSchema, '-e', `LOAD DATA LOCAL INFILE '${file}' INTO TABLE direct CHARACTER SET utf8mb4`]);
      } finally {
        rmSync(file);
      }
      const difference = `SELECT COUNT(*) FROM ((SELECT * FROM ${targetSchema}.people EXCEPT ALL SELECT * FROM ${targetSchema}.direct) UNION ALL (SELECT * FROM ${targetSchema}.direct EXCEPT ALL SELECT * FROM ${targetSchema}.people)) AS d`;
      expect(await stage.ask(difference)).toEqual([['0']]);
      expect(await stage.ask(`SELECT COUNT(*), COUNT(DISTINCT id) FROM ${targetSchema}.direct`)).toEqual([['9100', '9100']]);
    });

    withServer('fails with the key\'s name and without values when the target has the key', async () => {
      const stage = await start(contractText({ people: NAMES }));
      await stage.commit('people', [people([1, 'secret name', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([2, 'x', '1', '0', 1], [1, 'secret name', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_KEY');
      expect(stage.errors.at(-1)).toMatchObject({ data: { error: 'TARGET_KEY', kind: 'terminal', facts: { errno: 1062 }, reason: expect.stringContaining('Duplicate entry for key') } });
      expect(await stage.rows('people', 'id')).toEqual([['1']]);
    });
  });

  describe('replace', () => {
    withServer('swaps the newest snapshot in, passes older pending ones over, and keeps views, rights and comment', async () => {
      const stage = await start(SNAPSHOT);
      const { targetSchema } = stage.settings;
      await stage.commit('people', [people([1, 'a', '1', '0', 1], [2, 'b', '1', '0', 1], [3, 'c', '1', '0', 1])]);
      await stage.load();
      await stage.client.query(`ALTER TABLE ${targetSchema}.people COMMENT 'who we know', ADD INDEX by_day (updated_at); CREATE VIEW ${targetSchema}.names AS SELECT name FROM ${targetSchema}.people;
        CREATE USER IF NOT EXISTS looker@'%' IDENTIFIED BY 'x'; GRANT SELECT ON ${targetSchema}.people TO looker@'%'`);
      await stage.commit('people', [people([9, 'never seen', '1', '0', 1])]);
      await stage.commit('people', [people([2, 'b', '1', '0', 1], [3, 'C', '1', '0', 1], [4, 'd', '1', '0', 1], [5, 'e', '1', '0', 1])]);
      expect((await stage.load()).datasets.people!.counts).toMatchObject({ commits: 1, staged: 4, inserted: 4, removed: 3 });
      expect(await stage.ledger('seq, outcome, removed')).toEqual([['1', 'loaded', '0'], ['2', 'overtaken', '0'], ['3', 'loaded', '3']]);
      expect(await stage.ask(`SELECT name FROM ${targetSchema}.names ORDER BY 1`)).toEqual([['C'], ['b'], ['d'], ['e']]);
      expect(await stage.ask(`SELECT TABLE_COMMENT LIKE 'who we know [headrace load %]' FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${targetSchema}' AND TABLE_NAME = 'people'`)).toEqual([['1']]);
      expect(await stage.ask(`SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '${targetSchema}' AND INDEX_NAME = 'by_day'`)).toEqual([['1']]);
      expect((await stage.ask("SHOW GRANTS FOR looker@'%'")).flat().join()).toContain(`${targetSchema}\`.\`people`);
      expect(await stage.leftTables()).toEqual([]);
      expect((await stage.load()).datasets.people!.outcome).toBe('nothing');
    });

    withServer('makes the indexes of the table behind its rows, as they were, and names one that a row breaks', async () => {
      const stage = await start(SNAPSHOT);
      const { targetSchema, ledgerSchema } = stage.settings;
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.client.query(`ALTER TABLE ${targetSchema}.people ADD COLUMN counted int NOT NULL AUTO_INCREMENT, ADD KEY counted (counted), ADD COLUMN remark varchar(80) DEFAULT 'x,\n  KEY \`by_day\` (id),' COMMENT 'KEY',
        ADD INDEX by_day (updated_at DESC, name(10)) COMMENT 'for, the \`week\`', ADD UNIQUE KEY \`by \`\`score\` (score) USING BTREE, ADD INDEX by_ratio (ratio) ${server!.flavour === 'mysql' ? 'INVISIBLE' : 'IGNORED'}, ADD FULLTEXT KEY words (name)`);
      const indexes = () => stage.ask(`SELECT s.* FROM information_schema.STATISTICS s WHERE TABLE_SCHEMA = '${targetSchema}' ORDER BY INDEX_NAME, SEQ_IN_INDEX`).then((rows) => rows.map((row) => row.filter((_, column) => column !== 9)));
      const lines = async (): Promise<string[]> => ((await stage.ask(`SHOW CREATE TABLE ${targetSchema}.people`))[0]![1] as string).split('\n').filter((line) => /KEY/.test(line)).map((line) => line.replace(/,$/, '')).sort();
      const [before, text] = [await indexes(), await lines()];
      expect(text).toHaveLength(7);
      await stage.client.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON");
      await stage.commit('people', [people([2, 'b', '1', '0', 1], [3, 'c', '2', '0', 1])]);
      expect((await stage.load()).datasets.people!.counts).toMatchObject({ inserted: 2 });
      await stage.client.query('SET GLOBAL general_log = OFF');
      const altered = await stage.ask("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE argument LIKE 'ALTER TABLE%KEY%' ORDER BY event_time");
      expect(altered.flat().map((sql) => sql!.replace(/`[^`]*`\.`[^`]*`/, 'built'))).toEqual([
        'ALTER TABLE built DROP KEY `by ``score`, DROP KEY `by_day`, DROP KEY `by_ratio`', expect.stringMatching(/^ALTER TABLE built ADD UNIQUE KEY `by ``score` .*ADD KEY `by_day`.*ADD KEY `by_ratio`/),
      ]);
      expect(await indexes()).toEqual(before);
      expect(await lines()).toEqual(text);
      await stage.commit('people', [people([2, 'b', '1', '0', 1], [3, 'c', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_KEY');
      expect(stage.errors.at(-1).data.reason).toContain("two rows of the batch are the same in a unique index of the target: Duplicate entry for key 'by `score'");
      expect(await stage.rows('people', 'id, score')).toEqual([['2', '1.00'], ['3', '2.00']]);
      expect(await stage.ask(`SHOW TABLES FROM ${ledgerSchema} LIKE 'swap%'`)).toEqual([]);
    });

    withServer('refuses to empty a table unless allowEmpty says so, and a table that others refer to', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', []);
      await expect(stage.load()).rejects.toThrow('EMPTY_REPLACE');
      expect(await stage.rows('people', 'id')).toEqual([['1']]);
      stage.settings.writeModes = { people: { mode: 'replace', allowEmpty: true } };
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'empty', counts: { staged: 0, removed: 1 } });
      const { targetSchema } = stage.settings;
      await stage.client.query(`CREATE TABLE ${targetSchema}.visits (person bigint, CONSTRAINT visits_person FOREIGN KEY (person) REFERENCES ${targetSchema}.people (id))`);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
      expect(stage.errors.at(-1).data.reason).toContain(`ALTER TABLE \`${targetSchema}\`.\`visits\` DROP FOREIGN KEY \`visits_person\``);
    });

    withServer('is finished or taken back by the next attempt, whichever gap it died in', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load({}, 'first-a1');
      const line = await powered(stage);
      const { targetSchema, ledgerSchema } = stage.settings;
      const swaps = () => stage.ask(`SELECT outcome FROM ${ledgerSchema}.load_ledger WHERE outcome NOT IN ('loaded', 'overtaken') ORDER BY 1`);
      for (const [index, [text, mode]] of ([
        // Announced, and the rename never arrives; renamed, and the answer is lost; the same for the last step.
        ['RENAME TABLE', 'before'], ['RENAME TABLE', 'after'], ["SET outcome = 'loaded'", 'before'], ["SET outcome = 'loaded'", 'after'],
      ] as const).entries()) {
        await stage.commit('people', [people([7, 'passed over', '1', '0', 1])]);
        await stage.commit('people', [people([1, `n${index}`, '1', '0', 1], [2, `n${index}`, '1', '0', 1])]);
        await stage.claim(`gap${index}-a1`);
        await stage.step(stage.pointer('stage', `gap${index}-a1`, 0));
        line.dieAt(text, mode);
        expect(await stage.step(stage.pointer('publish', `gap${index}-a1`, 0))).not.toBe(0);
        line.arm(0, 'before');
        expect([text, mode, await swaps()]).toEqual([text, mode, [['overtaking'], ['swapping']]]);
        await stage.load({}, `gap${index}-a2`);
        expect(await stage.rows('people', 'DISTINCT name')).toEqual([[`n${index}`]]);
        expect(await swaps()).toEqual([]);
        expect(await stage.leftTables()).toEqual([]);
      }
      expect(await stage.ledger('outcome, staged, inserted, removed')).toEqual([
        ['loaded', '1', '1', '0'], ...[1, 2, 2, 2].flatMap((removed) => [['overtaken', '0', '0', '0'], ['loaded', '2', '2', String(removed)]]),
      ]);
      expect(await stage.ask(`SHOW TABLES FROM ${targetSchema}`)).toEqual([['people']]);
    }, 60_000);
  });

  withServer('that dies when it has dropped a staging table leaves no note of its parts after the next claim', async () => {
    const stage = await start();
    const line = await powered(stage);
    await stage.commit('people', [people([1, 'a', '1', '0', 1]), people([2, 'b', '1', '0', 1])]);
    await stage.claim('cut-a1');
    for (const index of [0, 1]) await stage.step(stage.pointer('stage', 'cut-a1', index));
    const noted = () => stage.ask(`SELECT COUNT(*) FROM ${stage.settings.ledgerSchema}.load_part`);
    expect(await noted()).toEqual([['2']]);
    line.dieAt(statement('DROP TABLE'), 'after');
    await stage.step(stage.pointer('publish', 'cut-a1', 0));
    line.arm(0, 'before');
    expect([await stage.leftTables(), await noted()]).toEqual([[], [['2']]]);
    expect((await stage.load({}, 'cut-a2')).datasets.people).toMatchObject({ outcome: 'nothing' });
    expect([await noted(), await stage.rows('people', 'id')]).toEqual([[['0']], [['1'], ['2']]]);
  });

  describe('a task that sleeps', () => {
    withServer('between two steps of a swap renames nothing when it wakes up, and says who took over', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load({}, 'first-a1');
      await stage.commit('people', [people([1, 'b', '1', '0', 1])]);
      const line = await powered(stage);
      await stage.claim('zombie-a1');
      await stage.step(stage.pointer('stage', 'zombie-a1', 0));
      const asleep = line.holdAt('RENAME TABLE');
      const zombie = stage.step(stage.pointer('publish', 'zombie-a1', 0));
      const wake = await asleep;
      await stage.load({}, 'zombie-a2');
      await stage.commit('people', [people([1, 'c', '1', '0', 1])]);
      await stage.load({}, 'later-a1');
      wake();
      // The rename fails as a whole, because what it would rename is gone.
      expect(await zombie).not.toBe(0);
      expect(await stage.rows('people', 'name')).toEqual([['c']]);
      expect(await stage.ledger('seq, outcome, staged')).toEqual([['1', 'loaded', '1'], ['2', 'loaded', '1'], ['3', 'loaded', '1']]);
      expect(await stage.leftTables()).toEqual([]);
    });

    withServer('and had begun the same attempt twice, loses to its second try', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      const line = await powered(stage);
      await stage.claim('twice-a1');
      await stage.step(stage.pointer('stage', 'twice-a1', 0));
      const asleep = line.holdAt('RENAME TABLE');
      const zombie = stage.step(stage.pointer('publish', 'twice-a1', 0));
      const wake = await asleep;
      expect(await stage.step(stage.pointer('publish', 'twice-a1', 0))).toBe(0);
      wake();
      expect([0, 1, 75]).toContain(await zombie);
      expect(await stage.rows('people', 'name')).toEqual([['a']]);
      expect(await stage.ledger('outcome, staged')).toEqual([['loaded', '1']]);
      expect(await stage.leftTables()).toEqual([]);
    });
  });

  describe('the connection', () => {
    withServer('is refused where nobody vouches for the certificate, and taken with its authority', async () => {
      const stage = await start(contractText({ people: NAMES }));
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      const file = path.join(tmpdir(), `${stage.settings.ledgerSchema}.pem`);
      writeFileSync(file, certificate.certificate);
      try {
        for (const [host, caFile, code] of [['localhost', undefined, 'TARGET_CERTIFICATE'], ['127.0.0.1', file, 'TARGET_CERTIFICATE'], ['localhost', '/nowhere.pem', 'TARGET_CERTIFICATE']] as const) {
          Object.assign(stage.settings.target, { host, caFile, ssl: 'verify-full' });
          await expect(stage.load()).rejects.toThrow(code);
        }
        Object.assign(stage.settings.target, { host: 'localhost', caFile: file });
        await stage.load();
        stage.credentials = { username: 'headrace', password: 'wrong-canary' };
        await expect(stage.load()).rejects.toThrow('TARGET_CREDENTIALS');
      } finally {
        rmSync(file);
      }
      expect(JSON.stringify([stage.errors, stage.lines])).not.toContain('wrong-canary');
    });
  });

  describe('loads that meet, and lost connections', () => {
    const part = (first: number, rows = 10): string => `SELECT CAST(${first} + i AS BIGINT) AS id FROM range(${rows}) AS r(i)`;
    const IDS = contractText({ people: { history: 'append', properties: ['{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }'] } });
    const count = async (stage: MysqlLoadStage): Promise<string | null> => (await stage.rows('people', 'COUNT(*)'))[0]![0]!;

    withServer('load every commit once when two attempts run at the same time', async () => {
      const stage = await start(IDS, { lockTimeoutSeconds: 8 });
      for (let round = 1; round <= 3; round += 1) {
        await stage.commit('people', [part(round * 100), part(round * 100 + 50)]);
        const ends = await Promise.allSettled([stage.load({}, `left${round}-a1`), stage.load({}, `right${round}-a1`)]);
        const outcomes = ends.map((end) => (end.status === 'fulfilled' ? end.value.datasets.people!.outcome : String(end.reason)));
        expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
        expect(outcomes.filter((outcome) => ['busy', 'nothing'].includes(outcome))).toHaveLength(1);
        expect(await count(stage)).toBe(String(round * 20));
      }
    });

    withServer('leave a table to the run of another slot that loads it and say which, until it ends or is heard of no more', async () => {
      const stage = await start(IDS);
      await stage.commit('people', [part(0)]);
      await stage.claim('first-a1');
      const { people } = (await stage.load({}, 'second-a1')).datasets;
      expect(people).toMatchObject({ outcome: 'busy', counts: { commits: 0, drained: 1 }, busy: { pipeline: 'demo', slot: 'first', attemptId: 'first-a1' } });
      expect(Math.abs(Date.now() - Date.parse(people!.busy!.since))).toBeLessThan(60_000);
      await stage.client.query(`UPDATE ${stage.settings.ledgerSchema}.load_lease SET expires_at = CURRENT_TIMESTAMP(6) - INTERVAL 1 SECOND`);
      expect((await stage.load({}, 'third-a1')).datasets.people).toMatchObject({ outcome: 'committed', seq: 1 });
      expect(await stage.step(stage.pointer('stage', 'first-a1', 0))).toBe(1);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'EPOCH', facts: { claimedBy: 'third-a1' } });
      expect(await count(stage)).toBe('10');
      expect(await stage.ask(`SELECT attempt_id FROM ${stage.settings.ledgerSchema}.load_lease`)).toEqual([]);
    });

    withServer('fence the older one in stage and in publish, and go on with the parts it staged', async () => {
      const stage = await start(IDS, { lockTimeoutSeconds: 8 });
      await stage.commit('people', [part(0), part(10)]);
      await stage.claim('same-a1');
      expect(await stage.step(stage.pointer('stage', 'same-a1', 0))).toBe(0);
      await stage.claim('same-a2');
      expect(await stage.step(stage.pointer('stage', 'same-a1', 1))).toBe(1);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'EPOCH', facts: { epoch: '1', currentEpoch: '2', claimedBy: 'same-a2' } });
      expect(await stage.step(stage.pointer('publish', 'same-a1', 0))).toBe(1);
      stage.lines.length = 0;
      for (const index of [0, 1]) expect(await stage.step(stage.pointer('stage', 'same-a2', index))).toBe(0);
      expect(stage.codes().filter((code) => code === 'LOAD_I1101')).toHaveLength(1);
      expect(await stage.step(stage.pointer('publish', 'same-a2', 0))).toBe(0);
      expect(await count(stage)).toBe('20');
    });

    withServer('say committed when the answer to COMMIT is lost, and fail for a while when it never arrived', async () => {
      const stage = await start(IDS);
      const line = await powered(stage);
      for (const [mode, code, answer] of [['after', 0, 'published'], ['before', 75, 'not published']] as const) {
        await stage.commit('people', [part(0)]);
        await stage.claim(`${mode}-a1`);
        await stage.step(stage.pointer('stage', `${mode}-a1`, 0));
        // Not the isolation level's READ COMMITTED.
        line.cutAt(statement('COMMIT'), mode);
        expect(await stage.step(stage.pointer('publish', `${mode}-a1`, 0))).toBe(code);
        expect(stage.lines.filter(({ code: said }) => said === 'LOAD_W1204').at(-1)).toMatchObject({ data: { answer } });
      }
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_CONNECTION', kind: 'transient' });
      expect(await count(stage)).toBe('10');
      expect(await stage.step(stage.pointer('publish', 'before-a1', 0))).toBe(0);
      expect(await count(stage)).toBe('20');
    });

    withServer('at any message load every row exactly once when they are started again', async () => {
      const stage = await start(contractText({ people: { history: 'snapshot', properties: ['{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }'] } }));
      const line = await powered(stage);
      // Every message is tried by `npm run soak -- --only kill-messages`. The stride is prime, so that it keeps out of step with those of a part.
      const step = 37;
      let commits = 0;
      for (let last = 3; ; last += step) {
        commits += 1;
        line.arm(0, 'before');
        await stage.commit('people', [part(commits * 100), part(commits * 100 + 10)]);
        line.arm(last, commits % 2 === 0 ? 'before' : 'after');
        await stage.load({}, `cut${last}-a1`).catch(() => undefined);
        const ended = !line.dead;
        line.arm(0, 'before');
        await stage.load({}, `cut${last}-a2`);
        expect(await stage.rows('people', 'MIN(id), MAX(id), COUNT(*), COUNT(DISTINCT id)')).toEqual([[String(commits * 100), String(commits * 100 + 19), '20', '20']]);
        expect(await stage.ledger('outcome, staged, inserted')).toEqual(Array.from({ length: commits }, () => ['loaded', '20', '20']));
        expect(await stage.leftTables()).toEqual([]);
        if (ended) break;
      }
      expect(commits).toBeGreaterThan(4);
    }, 7_200_000);

    withServer('fail for a while when somebody holds the table locked, or nobody answers', async () => {
      const stage = await start(IDS, { lockTimeoutSeconds: 1 });
      await stage.commit('people', [part(0)]);
      await stage.load({}, 'made-a1');
      await stage.commit('people', [part(10)]);
      await stage.claim('locked-a1');
      await stage.step(stage.pointer('stage', 'locked-a1', 0));
      await stage.client.query(`LOCK TABLES ${stage.settings.targetSchema}.people WRITE`);
      expect(await stage.step(stage.pointer('publish', 'locked-a1', 0))).toBe(75);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_BUSY', facts: { errno: 1205 } });
      await stage.client.query('UNLOCK TABLES');
      expect(await stage.step(stage.pointer('publish', 'locked-a1', 0))).toBe(0);
      expect(await count(stage)).toBe('20');
      stage.settings.target.port = 1;
      expect(await stage.claim('down-a1')).toBe(75);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_CONNECTION', facts: { port: 1 } });
    });
  });

  describe('the target', () => {
    withServer('is refused with every difference and the statement that cures it', async () => {
      const stage = await start();
      const { targetSchema } = stage.settings;
      await stage.client.query(`CREATE DATABASE ${targetSchema}; CREATE TABLE ${targetSchema}.people (id bigint NOT NULL, name varchar(5), score decimal(10,2), updated_at datetime(6) NOT NULL, extra int NOT NULL) ENGINE=MyISAM`);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
      for (const text of ['ADD COLUMN `ratio` double', 'column name is varchar(5), the contract says longtext', 'column extra is NOT NULL without a default', 'ADD PRIMARY KEY (`id`)', 'ENGINE=InnoDB']) expect(stage.errors.at(-1).data.reason).toContain(text);
    });

    withServer('is loaded with no more rights than the grants script gives', async () => {
      const stage = await start(contractText({ people: PEOPLE, others: { ...PEOPLE, history: 'snapshot' } }), { manageSchema: false });
      const { ledgerSchema, targetSchema } = stage.settings;
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.commit('others', [people([1, 'a', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('LEDGER_MISSING');
      const role = `l_${ledgerSchema}`;
      await stage.client.query(`CREATE USER '${role}'@'%' IDENTIFIED BY 'x'; CREATE DATABASE ${targetSchema}; ${stage.datasets.flatMap((dataset) => mysqlTargetDdl(dataset, { schema: targetSchema, table: dataset.table }, server!.flavour)).join(';')}`);
      await stage.client.query(mysqlGrantScript({ ledgerSchema, targetSchema, tables: ['people', 'others'], replaced: ['others'], role, flavour: server!.flavour }));
      await stage.client.query(`ALTER TABLE ${targetSchema}.others ADD KEY by_name (name(10)); ALTER TABLE ${targetSchema}.people ADD KEY by_name (name(10))`);
      stage.credentials = { username: role, password: 'x' };
      stage.settings.target.database = ledgerSchema;
      await stage.client.query(`REVOKE UPDATE ON ${targetSchema}.people FROM '${role}'@'%'; REVOKE CREATE, DROP ON ${targetSchema}.others FROM '${role}'@'%'; REVOKE ALTER ON ${ledgerSchema}.* FROM '${role}'@'%'`);
      expect(await stage.claim('poor-a1')).toBe(1);
      const { error, facts } = stage.errors.at(-1).data;
      expect({ error, problems: facts.problems }).toEqual({ error: 'TARGET_PREFLIGHT', problems: [
        `user '${role}'@'%' lacks rights on \`${ledgerSchema}\`.*: GRANT ALTER ON \`${ledgerSchema}\`.* TO '${role}'@'%'`,
        `user '${role}'@'%' lacks rights on \`${targetSchema}\`.\`people\`: GRANT UPDATE ON \`${targetSchema}\`.\`people\` TO '${role}'@'%'`,
        `user '${role}'@'%' lacks rights on \`${targetSchema}\`.\`others\`: GRANT CREATE, DROP ON \`${targetSchema}\`.\`others\` TO '${role}'@'%'`,
      ] });
      expect(await stage.leftTables()).toEqual([]);
      // One as the message says, one by a role, and those of the ledger by a pattern.
      await stage.client.query(`REVOKE ALL PRIVILEGES ON ${ledgerSchema}.* FROM '${role}'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON \`${ledgerSchema.replaceAll('_', '\\_')}\`.* TO '${role}'@'%'; CREATE ROLE r_${role}; GRANT UPDATE ON ${targetSchema}.people TO r_${role}; GRANT r_${role} TO '${role}'@'%'; SET DEFAULT ROLE r_${role} ${server!.flavour === 'mysql' ? 'TO' : 'FOR'} '${role}'@'%';
        GRANT CREATE, DROP ON ${targetSchema}.others TO '${role}'@'%'`);
      await stage.load();
      await stage.commit('people', [people([1, 'b', '1', '0', 2], [2, 'c', '1', '0', 2])]);
      await stage.commit('others', [people([2, 'b', '1', '0', 2])]);
      await stage.load();
      expect([await stage.rows('people', 'name'), await stage.rows('others', 'name')]).toEqual([[['b'], ['c']], [['b']]]);
      expect(await stage.leftTables()).toEqual([]);
      // The server also goes by what the user has at a wider host, and shows none of it; nothing is altered where nothing is replaced.
      await stage.client.query(`CREATE USER '${role}'@'127.0.0.1' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON ${ledgerSchema}.* TO '${role}'@'127.0.0.1'; GRANT UPDATE ON ${targetSchema}.people TO '${role}'@'%'`);
      stage.useContract(contractText({ people: PEOPLE }));
      await stage.commit('people', [people([1, 'c', '1', '0', 3])]);
      await stage.load();
      expect(await stage.rows('people', 'name')).toEqual([['c'], ['c']]);
      await stage.client.query(`DROP USER '${role}'@'%', '${role}'@'127.0.0.1'; DROP ROLE r_${role}`);
    });

    withServer('is told what the most specific of several patterns of databases lacks, and takes rights on single tables of the ledger', async () => {
      const stage = await start(contractText({ people: NAMES }), { manageSchema: false });
      const { ledgerSchema, targetSchema } = stage.settings;
      const loader = "'picky'@'%'";
      const exact = `\`${ledgerSchema.replaceAll('_', '\\_')}\`.*`;
      await stage.client.query(`CREATE USER ${loader} IDENTIFIED BY 'x'; CREATE DATABASE ${targetSchema}; ${mysqlTargetDdl(stage.datasets[0]!, { schema: targetSchema, table: 'people' }, server!.flavour).join(';')}`);
      await stage.client.query(mysqlGrantScript({ ledgerSchema, targetSchema, tables: ['people'], replaced: [], role: 'picky', flavour: server!.flavour }));
      await stage.client.query(`REVOKE ALL PRIVILEGES ON ${ledgerSchema}.* FROM ${loader}; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON \`ledger\\_%\`.* TO ${loader}; GRANT SELECT, INSERT ON ${exact} TO ${loader}`);
      stage.credentials = { username: 'picky', password: 'x' };
      stage.settings.target.database = ledgerSchema;
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      expect(await stage.claim('poor-a1')).toBe(1);
      expect(stage.errors.at(-1).data).toMatchObject({ error: 'TARGET_PREFLIGHT', facts: { problems: [
        `user ${loader} lacks rights on \`${ledgerSchema}\`.*: GRANT UPDATE, DELETE, CREATE, DROP ON \`${ledgerSchema}\`.* TO ${loader}`,
      ] } });
      await stage.client.query(`GRANT CREATE, DROP ON ${exact} TO ${loader}; GRANT UPDATE ON ${ledgerSchema}.load_epoch TO ${loader}; GRANT UPDATE ON ${ledgerSchema}.load_ddl TO ${loader}; GRANT DELETE ON ${ledgerSchema}.load_part TO ${loader}; GRANT UPDATE, DELETE ON ${ledgerSchema}.load_lease TO ${loader}`);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { inserted: 1 } });
      await stage.client.query(`DROP USER ${loader}`);
    });
  });
});
