import { startTestMariadb, testWithMariadb, type TestMariadb } from '../_fixtures/mariadb';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../_fixtures/postgres';
import { contractText, LoadStage, type DatasetText } from './_fixtures/load-stage';
import { MysqlLoadStage } from './_fixtures/mysql-load-stage';
import { PowerLine, statement } from './_fixtures/power-line';

const ID = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 }, primaryKey: true, required: true }';
const code = (length: number): string => `{ name: code, logicalType: string, physicalType: "varchar(${length})", logicalTypeOptions: { maxLength: ${length} } }`;
const price = (precision: number): string => `{ name: price, logicalType: number, physicalType: "decimal(${precision},2)" }`;

function contract(properties: readonly string[], policy: DatasetText['policy'] = 'evolve'): string {
  return contractText({ people: { history: 'changes', policy, properties } });
}

const FIRST = contract([ID, code(5), price(8)]);
const WIDER = contract([ID, code(40), price(8), '{ name: email, logicalType: string }']);
const rows = (id: number, columns = '', digits = 8): string[] => [`SELECT CAST(${id} AS INTEGER) AS id, 'abc' AS code, CAST(1.5 AS DECIMAL(${digits},2)) AS price${columns}`];

describe('what a load makes and alters in PostgreSQL', () => {
  const withServer = testWithPostgres();
  let server: TestPostgres | undefined;
  let stage: LoadStage;

  beforeAll(async () => { server = await startTestPostgres(); });
  beforeEach(async () => { if (server !== undefined) stage = await LoadStage.start(server, FIRST); });
  afterEach(async () => stage?.close());
  afterAll(async () => server?.stop());

  const notes = async (columns: string): Promise<unknown[][]> => (await stage.client.query<unknown[]>({
    text: `SELECT ${columns} FROM (SELECT * FROM "${stage.settings.ledgerSchema}".load_ddl ORDER BY id) AS notes`, rowMode: 'array',
  })).rows;

  withServer('is noted with attempt and contract, once', async () => {
    await stage.commit('people', rows(1));
    await stage.load({}, 'first-a1');
    const { ledgerSchema, targetSchema } = stage.settings;
    expect(await notes('table_schema, table_name, left(statement, 13), attempt_id, contract_version, length(contract_sha256), state, run_at <= now()')).toEqual([
      [ledgerSchema, '', 'CREATE SCHEMA'],
      ...['load_epoch', 'load_part', 'load_ledger', 'load_ddl', 'load_lease'].flatMap((table) => [[ledgerSchema, table, 'CREATE TABLE '], [ledgerSchema, table, 'COMMENT ON TA']]),
      [targetSchema, '', 'CREATE SCHEMA'], [targetSchema, 'people', 'CREATE TABLE '],
    ].map((each) => [...each, 'first-a1', '1.0.0', 64, 'done', true]));
    await stage.commit('people', rows(2));
    await stage.load();
    expect(await notes('count(*)::int')).toEqual([[13]]);
  });

  withServer('grows by columns and by types that need no new table, and keeps a collation', async () => {
    await stage.commit('people', rows(1));
    await stage.load();
    const table = `"${stage.settings.targetSchema}"."people"`;
    await stage.client.query(`ALTER TABLE ${table} ALTER COLUMN code TYPE varchar(5) COLLATE "POSIX"`);
    stage.useContract(contract([ID, code(40), price(12), '{ name: email, logicalType: string }']));
    await stage.commit('people', rows(2, ", 'a@b.c' AS email", 12));
    await stage.load({}, 'grown-a1');
    expect(await notes('statement')).toEqual(expect.arrayContaining([
      [`ALTER TABLE ${table} ADD COLUMN "email" text`], [`ALTER TABLE ${table} ALTER COLUMN "code" TYPE varchar(40) COLLATE pg_catalog."POSIX"`], [`ALTER TABLE ${table} ALTER COLUMN "price" TYPE numeric(12,2)`],
    ]));
    expect(await stage.rows('people', 'id, email')).toEqual([[1, null], [2, 'a@b.c']]);
  });

  withServer('is refused with the statement where a table would be written anew, a view holds the column, or the policy is strict', async () => {
    await stage.commit('people', rows(1));
    await stage.load();
    const table = `"${stage.settings.targetSchema}"."people"`;
    await stage.client.query(`CREATE VIEW "${stage.settings.targetSchema}".codes AS SELECT code FROM ${table}`);
    stage.useContract(contract([ID.replace('i32', 'i64'), code(40), price(8)]));
    await stage.commit('people', ["SELECT CAST(2 AS BIGINT) AS id, 'abc' AS code, CAST(1.5 AS DECIMAL(8,2)) AS price"]);
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    const { reason } = stage.errors.at(-1).data;
    expect(reason).toContain(`ALTER TABLE ${table} ALTER COLUMN "id" TYPE bigint`);
    expect(reason).toContain(`ALTER TABLE ${table} ALTER COLUMN "code" TYPE varchar(40)`);
    stage.useContract(contract([ID, code(40), price(12)], 'strict'));
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    expect(await notes('count(*)::int')).toEqual([[13]]);
  });

  withServer('is refused with what holds a column that is in the partition key', async () => {
    const { targetSchema } = stage.settings;
    const table = `"${targetSchema}"."people"`;
    await stage.client.query(`CREATE SCHEMA "${targetSchema}"; CREATE TABLE ${table} (id int NOT NULL, code varchar(5) NOT NULL, price numeric(8,2), PRIMARY KEY (id, code), UNIQUE (id, code)) PARTITION BY LIST (code);
      CREATE TABLE "${targetSchema}".rest PARTITION OF ${table} DEFAULT`);
    stage.useContract(contract([ID, code(40).replace('name: code,', 'name: code, primaryKey: true, required: true,'), price(8)]));
    await stage.commit('people', rows(1));
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    expect(stage.errors.at(-1).data.reason).toContain(`ALTER TABLE ${table} ALTER COLUMN "code" TYPE varchar(40) (PostgreSQL changes no type of a column that is in the partition key or inherited: make a new table`);
  });

  withServer('comes to a ledger of an older version too, and is named with its statement where a DBA makes it', async () => {
    await stage.commit('people', rows(1));
    await stage.load();
    const old = `"${stage.settings.ledgerSchema}".load_ddl`;
    await stage.client.query(`DROP TABLE ${old}`);
    await stage.commit('people', rows(2));
    stage.settings.manageSchema = false;
    await expect(stage.load()).rejects.toThrow('LEDGER_MISSING');
    expect(stage.errors.at(-1).data.reason).toContain(`lacks load_ddl; run the DDL and grants script:\nCREATE TABLE IF NOT EXISTS "${stage.settings.ledgerSchema}"."load_ddl" (`);
    stage.settings.manageSchema = true;
    await stage.load();
    expect(await notes('table_name')).toEqual([['load_ddl'], ['load_ddl']]);
  });
});

describe('what a load makes and alters in MariaDB', () => {
  const withServer = testWithMariadb();
  let server: TestMariadb | undefined;
  let stage: MysqlLoadStage;

  beforeAll(async () => { server = await startTestMariadb(); }, 60_000);
  beforeEach(async () => { if (server !== undefined) stage = await MysqlLoadStage.start(server, FIRST); });
  afterEach(async () => stage?.close());
  afterAll(async () => server?.stop());

  const notes = (columns: string, where = 'TRUE'): Promise<(string | null)[][]> => stage.ask(`SELECT ${columns} FROM ${stage.settings.ledgerSchema}.load_ddl WHERE ${where} ORDER BY id`);

  withServer('is noted with attempt and contract, and grows while others read and write', async () => {
    const { ledgerSchema, targetSchema } = stage.settings;
    const KEYED = (length: number, digits = 8, ...more: string[]): string => contract([ID.replace('primaryKey: true, ', ''), code(length).replace('name: code,', 'name: code, primaryKey: true, required: true,'), price(digits), ...more]);
    stage.useContract(KEYED(5));
    await stage.commit('people', rows(1));
    await stage.load({}, 'first-a1');
    expect(await notes('table_schema, table_name, attempt_id, contract_version, LENGTH(contract_sha256), state')).toEqual([
      [ledgerSchema, ''], [ledgerSchema, 'load_ddl'], [ledgerSchema, 'load_epoch'], [ledgerSchema, 'load_part'], [ledgerSchema, 'load_ledger'], [ledgerSchema, 'load_lease'], [targetSchema, ''], [targetSchema, 'people'],
    ].map((each) => [...each, 'first-a1', '1.0.0', '64', 'done']));
    await stage.client.query(`ALTER TABLE ${targetSchema}.people MODIFY code varchar(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL COMMENT 'what''s it'`);
    stage.useContract(KEYED(40));
    await stage.commit('people', rows(2));
    await stage.load({}, 'grown-a1');
    expect(await notes('statement, state', "attempt_id = 'grown-a1'")).toEqual([[
      `ALTER TABLE \`${targetSchema}\`.\`people\` MODIFY COLUMN \`code\` varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL COMMENT 'what''s it', ALGORITHM=INPLACE, LOCK=NONE`, 'done',
    ]]);
    stage.useContract(KEYED(40, 20));
    await stage.commit('people', rows(3));
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    // What fills a column stays, and so does what the contract does not speak of; a column that is wrong twice is mended by either statement.
    stage.useContract(KEYED(40, 20, '{ name: note, logicalType: string }'));
    await stage.client.query(`ALTER TABLE ${targetSchema}.people MODIFY price decimal(8,2) DEFAULT 1.5 COMMENT 'p', ADD id_text varchar(9) CHARACTER SET ascii NOT NULL COMMENT 'x',
      ADD note longtext CHARACTER SET latin1 NOT NULL DEFAULT ('it''s')`);
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    const { problems } = stage.errors.at(-1).data.facts;
    const statements = problems.map((problem: string) => problem.slice(problem.indexOf('ALTER TABLE')));
    expect(statements).toEqual([expect.stringMatching(/MODIFY COLUMN `price` decimal\(20,2\) NULL DEFAULT '?1\.50'? COMMENT 'p'$/), expect.stringMatching(/MODIFY COLUMN `id_text` varchar\(9\) CHARACTER SET ascii COLLATE ascii_general_ci NULL COMMENT 'x'$/), ...Array<unknown>(2).fill(expect.stringMatching(/MODIFY COLUMN `note` longtext CHARACTER SET utf8mb4 NULL DEFAULT .*'it(''|\\')s'\)?$/))]);
    for (const statement of statements) await stage.client.query(statement);
    expect(await stage.claim('cured-a1')).toBe(0);
    expect(await stage.ask(`SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${targetSchema}' AND COLUMN_NAME = 'price'`)).toEqual([['1.50']]);
    expect(await notes('COUNT(*)')).toEqual([['9']]);
  });

  withServer('comes to a ledger of an older version too, and is named with its statement where a DBA makes it', async () => {
    await stage.commit('people', rows(1));
    await stage.load();
    await stage.client.query(`DROP TABLE ${stage.settings.ledgerSchema}.load_ddl`);
    await stage.commit('people', rows(2));
    stage.settings.manageSchema = false;
    await expect(stage.load()).rejects.toThrow('LEDGER_MISSING');
    expect(stage.errors.at(-1).data.reason).toContain(`CREATE TABLE IF NOT EXISTS \`${stage.settings.ledgerSchema}\`.\`load_ddl\` (`);
    stage.settings.manageSchema = true;
    await stage.load();
    expect(await notes('table_name, state')).toEqual([['load_ddl', 'done']]);
  });

  withServer('keeps what a column has besides, and says what holds one that the server does not alter', async () => {
    await stage.commit('people', rows(1));
    await stage.load();
    const table = `${stage.settings.targetSchema}.people`;
    const check = server!.flavour === 'mariadb' ? " CHECK (code <> 'it''s')" : '';
    await stage.client.query(`ALTER TABLE ${table} MODIFY code varchar(5) CHARACTER SET ascii NULL INVISIBLE COMMENT 'c'${check}`);
    stage.useContract(contract([ID, code(40), price(8)]));
    await stage.commit('people', rows(2));
    await stage.load();
    const made = async (): Promise<string> => (await stage.ask(`SHOW CREATE TABLE ${table}`))[0]![1]!.replaceAll(/\/\*!\d+ | \*\//g, ' ');
    expect(await made()).toMatch(/`code` varchar\(40\) CHARACTER SET ascii .*INVISIBLE.*COMMENT 'c'/);
    if (check !== '') expect(await made()).toContain("CHECK (`code` <> 'it\\'s')");
    // MySQL widens a column that has a foreign key.
    if (server!.flavour === 'mysql') return;
    await stage.client.query(`CREATE TABLE ${stage.settings.targetSchema}.codes (code varchar(40) CHARACTER SET ascii PRIMARY KEY) ENGINE=InnoDB; INSERT INTO ${stage.settings.targetSchema}.codes VALUES ('abc'); `
      + `ALTER TABLE ${table} ADD FOREIGN KEY (code) REFERENCES ${stage.settings.targetSchema}.codes (code)`);
    stage.useContract(contract([ID, code(60), price(8)]));
    await stage.commit('people', rows(3));
    await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
    expect(stage.errors.at(-1).data.reason).toMatch(/column code is varchar\(40\), the contract says varchar\(60\): ALTER TABLE .* \(a foreign key holds it: drop the key/);
  });

  withServer('is noted once and as done when tasks die on tables of the ledger and on the database', async () => {
    await stage.commit('people', rows(1));
    const line = await PowerLine.start(server!.port, stage.s3);
    stage.settings.target.port = line.port;
    const { ledgerSchema, targetSchema } = stage.settings;
    try {
      for (const [index, made] of [`TABLE IF NOT EXISTS \`${ledgerSchema}\`.\`load_part\``, `TABLE IF NOT EXISTS \`${ledgerSchema}\`.\`load_lease\``, `DATABASE IF NOT EXISTS \`${targetSchema}\``].entries()) {
        line.dieAt(statement(`CREATE ${made}`), 'after');
        expect(await stage.claim(`dies-a${index + 1}`)).not.toBe(0);
        line.arm(0, 'before');
      }
      expect(await notes('table_schema, table_name', "state = 'begun'")).toEqual([[targetSchema, '']]);
      await stage.load({}, 'dies-a4');
      expect(await notes('table_name, state', `table_schema = '${ledgerSchema}' AND table_name <> ''`)).toEqual(['load_ddl', 'load_epoch', 'load_part', 'load_ledger', 'load_lease'].map((table) => [table, 'done']));
      expect(await notes('attempt_id, state', `table_schema = '${targetSchema}' AND table_name = ''`)).toEqual([['dies-a3', 'done']]);
    } finally {
      await line.close();
    }
  });

  withServer.each(['before', 'after'] as const)('is noted once when the task dies %s the statement', async (mode) => {
    await stage.commit('people', rows(1));
    await stage.load({}, 'first-a1');
    stage.useContract(WIDER);
    await stage.commit('people', rows(2, ", 'a@b.c' AS email"));
    const line = await PowerLine.start(server!.port, stage.s3);
    stage.settings.target.port = line.port;
    try {
      // The note names the statement as well: only a statement begins a message.
      line.dieAt(statement('ALTER TABLE'), mode);
      expect(await stage.claim('dies-a1')).not.toBe(0);
      line.arm(0, 'before');
      expect(await notes('attempt_id', "state = 'begun'")).toEqual(mode === 'before' ? [] : [['dies-a1']]);
      await stage.load({}, 'dies-a2');
      expect(await notes('attempt_id, state', "statement LIKE '%email%'")).toEqual([[mode === 'before' ? 'dies-a2' : 'dies-a1', 'done']]);
      expect(await stage.rows('people', 'id, email')).toEqual([['1', null], ['2', 'a@b.c']]);
    } finally {
      await line.close();
    }
  });
});
