import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { requireContract } from '@headrace/runtime/contract/parse-contract';
import { typeName } from '@headrace/runtime/contract/engine-types';
import { runCli } from '../../src/commands/program';

describe('headrace contract', () => {
  let folder: string;
  beforeAll(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-contract-')); });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const contract = async (...args: string[]): Promise<{ code: number; out: string; error: string }> => {
    const said = { out: '', error: '' };
    const code = await runCli(['contract', ...args], { out: (text) => { said.out += text; }, error: (text) => { said.error += text; }, live: false });
    return { code, ...said };
  };
  const trips = (columns: string): string => 'apiVersion: v3.1.0\nkind: DataContract\nid: t\nversion: "1"\nstatus: active\nschema:\n  - name: trips\n'
    + `    customProperties: [{ property: headraceRecord, value: { format: csv } }]\n    properties:\n      - { name: id, logicalType: integer }\n${columns}`;

  test('check says file, line, rule and fix of each problem', async () => {
    const name = file('bad.yaml', trips('      - { name: Fare, logicalType: number }\n'));
    const { code, out } = await contract('check', name);
    expect(code).toBe(1);
    expect(out).toContain(`${name}:11 schema[trips].properties[Fare].name: a column name has 1 to 63 lower case letters`);
    expect(out).toContain('Fix: write name: fare');
  });

  test('diff ends with 1 for a breaking change, with 0 for others, and says what to do', async () => {
    const [old, now, text] = [file('1.yaml', trips('      - { name: note, logicalType: string }\n')), file('2.yaml', trips('')), file('3.yaml', trips('      - { name: note, logicalType: string, description: d }\n'))];
    const broken = await contract('diff', old, now);
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/^breaking: trips\.note: string is gone \(column-removed\)\n {4}queries that name it fail;.*\n {4}To do: see that nobody reads it.*\n1 breaking, 0 risky, 0 harmless\n$/);
    expect(await contract('diff', old, text)).toMatchObject({ code: 0, out: expect.stringContaining('0 breaking, 0 risky, 1 harmless') });
    expect(await contract('diff', old, old)).toMatchObject({ code: 0, out: 'no changes\n' });
    expect(JSON.parse((await contract('diff', old, now, '--json')).out)).toMatchObject({ schemaVersion: 1, changes: [{ kind: 'column-removed', risk: 'breaking', at: 'trips.note' }] });
    expect(await contract('diff', old, file('4.yaml', 'x: 1'))).toMatchObject({ code: 2, error: expect.stringContaining('4.yaml:') });
    expect(await contract('diff', old, path.join(folder, 'none.yaml'))).toMatchObject({ code: 2, error: expect.stringContaining('no such file') });
    expect(await contract('check', folder)).toMatchObject({ code: 2, error: expect.stringContaining('a folder; name the contract files in it') });
    expect(await contract('diff', old, folder)).toMatchObject({ code: 2, error: expect.stringContaining('a folder; name the contract files in it') });
  });

  test('infer drafts a dataset for each file, every integer with its format', async () => {
    const { code, out } = await contract('infer', file('Trips 2024.csv', 'Trip Id,fare\n1,1.50\n2,2\n'), file('zones.json', '{"items":[{"id":1,"at":"2024-01-01"}]}'), '--name', 'city');
    expect(code).toBe(0);
    const drafted = requireContract(out, 'drafted.yaml');
    expect(drafted.name).toBe('city');
    expect(drafted.datasets.map(({ name, record, columns }) => [name, record.format, columns.map((column) => `${column.name} ${column.type.kind}`)])).toEqual([
      ['trips_2024', 'csv', ['trip_id integer', 'fare decimal']], ['zones', 'json', ['id integer', 'at date']],
    ]);
    expect(out.match(/logicalType: integer/g)).toHaveLength(2);
    expect(out.match(/logicalTypeOptions: \{ format: i32 \}/g)).toHaveLength(2);
  });

  test('infer drafts a workbook with its sheet, the place of its table and the types of its cells', async () => {
    const { code, out } = await contract('infer', path.join(__dirname, '../_fixtures/orders.xlsx'));
    expect(code).toBe(0);
    expect(out).toContain('value: { format: excel, header: exact, sheet: "Orders 2024", range: B4 } # guessed from 12 records');
    expect(requireContract(out, 'drafted.yaml').datasets[0]).toMatchObject({
      name: 'orders', record: { format: 'excel', excel: { sheet: 'Orders 2024', range: { firstRow: 4, firstColumn: 2 } } },
      columns: [{ type: { kind: 'integer' } }, { type: { kind: 'string' } }, { type: { kind: 'date' } }, { type: { kind: 'timestamp', zoned: false }, required: false }, { type: { kind: 'decimal', scale: 2 } }, { type: { kind: 'boolean' } }],
    });
  });

  test('infer takes several files as samples of one dataset, and writes a file that it never overwrites', async () => {
    const [a, b] = [file('a.ndjson', '{"id":1,"tags":[1],"any":[1]}\n'), file('b.ndjson', '{"id":3000000000,"note":"x","any":"1"}\n')];
    const target = path.join(folder, 'drafted.odcs.yaml');
    expect(await contract('infer', a, b, '--dataset', 'trips', '--out', target)).toMatchObject({ code: 0, out: expect.stringContaining(`wrote ${target}`) });
    const [dataset] = requireContract(readFileSync(target, 'utf8'), target).datasets;
    expect(dataset?.columns.map(({ name, type, source, required }) => [name, typeName(type), source.json ?? false, required])).toEqual([
      ['id', 'integer i64', false, true], ['tags', 'array(integer i32)', false, false], ['any', 'string', true, true], ['note', 'string', false, false],
    ]);
    expect(await contract('infer', a, '--out', target)).toMatchObject({ code: 2, error: expect.stringContaining('would be overwritten') });
  });

  test.each([
    ['files that differ', ['a,b\n1,2\n', 'a,c\n1,2\n'], ['--dataset', 'trips'], 'its fields are a, c, not a, b; leave --dataset out'],
    ['other dialects', ['a,b\n1,2\n', 'a;b\n1;2\n'], ['--dataset', 'trips'], 'delimiter is ";", not ","'],
    ['a name that is none', ['a\n1\n'], ['--dataset', 'A b'], '--dataset must be 1 to 63 lower case letters'],
    ['a database that it cannot read', [], ['oracle://me:secret@127.0.0.1/db'], 'oracle://127.0.0.1/db: a contract is drafted from files, http URLs, and tables of postgres and mysql URLs; export some rows as CSV'],
    ['a database without tables', [], ['postgres://127.0.0.1/db'], 'name the tables with --table, like --table public.orders'],
    ['a table without a database', ['a\n1\n'], ['--table', 'a'], '--table is of a database'],
    ['a password on the command line', [], ['mysql://me:secret@127.0.0.1/db', '--table', 'a'], 'leave the password out of the URL, where the list of processes and the history of the shell show it, and set MYSQL_PWD'],
    ['a URL that is none', [], ['postgres://me:secret@[/db', '--table', 'a'], 'a database is named like postgres://reader@db.example.com:5432/shop'],
    ['a URL without user', [], ['postgres://127.0.0.1/db', '--table', 'a'], 'the URL must name user, host and database'],
    ['another way to check certificates', [], ['postgres://me@127.0.0.1/db?sslmode=require', '--table', 'a'], 'sslmode must be verify-full or disable, got "require"'],
    ['options of other clients', [], ['mysql://me@127.0.0.1/db?charset=latin1', '--table', 'a'], 'the URL has the option charset; the only one is sslmode'],
    ['a table without a name', [], ['mysql://me@127.0.0.1/db', '--table', 'shop.'], '--table must be schema.table, or a table alone, got "shop."'],
    ['a file that is not there', [], ['none.csv'], 'no such file: none.csv'],
  ])('infer refuses %s', async (_title, texts, args, message) => {
    const files = texts.map((text, index) => file(`${index}.csv`, text));
    const { code, error } = await contract('infer', ...files, ...args);
    expect({ code, error }).toEqual({ code: 2, error: expect.stringContaining(message) });
    expect(error).not.toContain('secret');
  });

  test('infer takes the password of a database from the environment, and names what does not answer', async () => {
    const url = 'mysql://me@127.0.0.1:1/shop';
    expect(await contract('infer', url, '--table', 'orders')).toMatchObject({ code: 2, error: expect.stringContaining('set MYSQL_PWD to the password of me; it may be empty') });
    process.env.MYSQL_PWD = 'secret';
    const { code, error } = await contract('infer', url, '--table', 'orders').finally(() => { delete process.env.MYSQL_PWD; });
    expect({ code, error }).toEqual({ code: 1, error: expect.stringContaining('connecting to 127.0.0.1:1/shop') });
    expect(error).not.toContain('secret');
  });
});
