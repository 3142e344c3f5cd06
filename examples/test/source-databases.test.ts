import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App, type Stack } from 'aws-cdk-lib';
import { MysqlSourceStack } from '../sources/mysql/mysql-source';
import { PostgresSourceStack } from '../sources/postgres/postgres-source';
import { MysqlTargetStack } from '../targets/mysql/mysql-target';
import { runMachine, target } from './_fixtures/local-pipeline';
import { filesWith, secretValues } from './_fixtures/files-with';
import { hasMariadb, MARIADB_PASSWORD, startMariadb } from './_fixtures/mariadb-server';
import { rawParts } from './_fixtures/raw-parts';

jest.setTimeout(240_000);

const contract = path.join(__dirname, '../sources/changed-trips.odcs.yaml');

describe('tables of real databases, through the synthesized machine', () => {
  let folder: string;
  let stack: LocalStack | undefined;
  const events: string[] = [];
  beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-database-source-')); });
  afterEach(async () => {
    await stack?.close();
    stack = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(make: (app: App) => Stack): Promise<LocalStack> {
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    make(app);
    app.synth();
    return stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50, onEvent: (event) => events.push(JSON.stringify(event)) });
  }

  const run = async (slot: string) => {
    const { status, cause } = await runMachine(stack as LocalStack, 'Trips/Ingest', { slot });
    expect({ status, cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    return rawParts(stack as LocalStack, 'trips', slot).map((file) => readFileSync(file, 'utf8'));
  };
  /** Logs, events, state input and output, work documents, Raw, the server's own files. */
  const expectNoSecret = (count: number): void => {
    const secrets = secretValues(path.join(folder, 'state'));
    expect(secrets).toHaveLength(count);
    expect(filesWith(path.join(folder, 'state'), secrets)).toEqual([]);
    for (const secret of secrets) expect(events.filter((event) => event.includes(secret))).toEqual([]);
  };
  const records = (parts: readonly string[]): string[] => parts.flatMap((part) => part.trimEnd().split('\n').slice(1)).sort();

  test('PostgreSQL: shards hold the rows of the table, and the next run only what is new', async () => {
    const up = await start((app) => new PostgresSourceStack(app, 'Trips', { contract }));
    await target(up, "CREATE TABLE trips AS SELECT n::bigint AS id, 'n' || n AS note, '2026-01-01'::timestamptz + n * interval '1 second' AS changed_at FROM generate_series(1, 3000) n");
    await target(up, 'GRANT SELECT ON trips TO reader');
    const text = "SELECT id || ',' || note || ',' || to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00' FROM trips";
    const first = await run('first');
    expect(first).toHaveLength(3);
    expect(records(first)).toEqual((await target(up, text)).flat().sort());
    await target(up, "INSERT INTO trips VALUES (3001, 'new', '2026-01-01 00:50:01Z')");
    expect(records(await run('second'))).toEqual((await target(up, `${text} WHERE changed_at >= '2026-01-01 00:45:00Z'`)).flat().sort());
    expect(await run('third')).toEqual([]);
    expectNoSecret(2);
  });

  (hasMariadb() ? test : test.skip)('MariaDB: the rows of a query, over TLS that is checked, and the same rows in a table of another database', async () => {
    const server = await startMariadb();
    try {
      server.query('CREATE TABLE trips (id bigint, note text, changed_at timestamp(6) NULL)');
      server.query("INSERT INTO trips VALUES (1, 'a, \"b\"', '2026-01-01 00:00:00.000001'), (2, NULL, NULL), (3, '', '2026-01-02'), (4, 'draft', NULL)");
      const loader = { username: 'loader', password: 'loader-canary-77ab' };
      server.query(`CREATE DATABASE archive; CREATE USER loader@'%' IDENTIFIED BY '${loader.password}'`);
      for (const database of ['archive', 'headrace']) server.query(`GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP ON ${database}.* TO loader@'%'`);
      const up = await start((app) => {
        const source = new MysqlSourceStack(app, 'Trips', {
          contract, authority: server.authority, login: { username: 'headrace', password: MARIADB_PASSWORD, host: 'localhost', port: server.port, dbname: 'shop' },
        });
        return new MysqlTargetStack(app, 'Archive', { contract, ingest: source.ingest, login: loader, host: '127.0.0.1', port: server.port, databaseName: 'archive' });
      });
      expect(await run('first')).toEqual(['"id","note","changed_at"\n1,"a, ""b""",2026-01-01 00:00:00.000001Z\n3,"",2026-01-02 00:00:00.000000Z\n']);
      const load = async (slot: string): Promise<void> => {
        for (const machine of ['Archive/Curate', 'Archive/Load']) expect(await runMachine(up, machine, { slot })).toMatchObject({ status: 'SUCCEEDED' });
      };
      await load('first');
      const differences = "SELECT COUNT(*) FROM ((SELECT id, note, changed_at FROM shop.trips WHERE note <> 'draft' EXCEPT ALL SELECT * FROM archive.trips) UNION ALL (SELECT * FROM archive.trips EXCEPT ALL SELECT id, note, changed_at FROM shop.trips WHERE note <> 'draft')) AS d";
      expect(server.query(differences)).toEqual(['0']);
      server.query("UPDATE shop.trips SET note = 'b' WHERE id = 3; INSERT INTO shop.trips VALUES (5, 'new', '2026-01-03')");
      await run('second');
      await load('second');
      expect(server.query(differences)).toEqual(['0']);
      expect(server.query('SELECT seq, outcome, staged, inserted, updated, unchanged FROM headrace.load_ledger ORDER BY seq')).toEqual(['1\tloaded\t2\t2\t0\t0', '2\tloaded\t3\t1\t1\t1']);
      expectNoSecret(2);
    } finally {
      await server.stop();
    }
  });
});
