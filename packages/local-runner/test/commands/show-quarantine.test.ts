import { DuckDBInstance } from '@duckdb/node-api';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { publishedDocument } from '@headrace/runtime/contract';
import { showQuarantine, type ShowQuarantineOptions } from '../../src/commands/show-quarantine';
import { StateFolder } from '../../src/stack/state-folder';

describe('headrace quarantine show', () => {
  let stateDir: string;
  let printed: string;

  beforeAll(async () => {
    stateDir = mkdtempSync(path.join(os.tmpdir(), 'headrace-show-'));
    const state = new StateFolder(stateDir);
    state.write('catalog/definitions.json', {
      databases: [{ Name: 'shop' }],
      tables: ['orders', 'stores'].map((dataset) => ({ database: 'shop', table: { Name: `${dataset}_rejects`, StorageDescriptor: { Location: `s3://b/shop/quarantine/${dataset}/` } } })),
    });
    await commit(1, 's1', 'ingest', [['TYPE', 2, Buffer.from('a\tb')], ['FIELDS', 1, Buffer.from('\u001b[2Jx')]]);
    await commit(2, 's2', 'ingest', [['TYPE', 1, Buffer.from([255])]]);
    await commit(3, 's3', 'rerun', [['TYPE', 1, Buffer.from('\u202Ex\\')]]);
    put('shop/published/orders.json', publishedDocument([
      published(1, 's1'), published(2, 's2'), { ...published(3, 's3'), kind: 'rerun', supersedes: ['s2-a1-i2'] },
    ]));
  });
  beforeEach(() => { printed = ''; });
  afterAll(() => rmSync(stateDir, { recursive: true }));

  const published = (seq: number, runId: string) => ({
    dataset: 'orders', attemptId: `${runId}-a1-i${seq}`, seq, runId, attempt: 1, ingestSeq: seq, kind: 'ingest', committedAt: '2026-01-01T00:00:00Z', supersedes: [] as string[], balance: { written: 1 },
  });

  function put(key: string, text: string): string {
    const file = path.join(stateDir, 's3/b', key);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  async function rejects(key: string, records: readonly (readonly [code: string, count: number, bytes: Buffer])[]): Promise<void> {
    const file = put(key, '');
    const connection = await (await DuckDBInstance.create()).connect();
    const rows = records.map(([code, count, bytes]) => `SELECT 'shop/raw/orders/00000-orders.csv' AS part, i * 10 AS byte_offset, i + 2 AS line,
      '${code}' AS code, 'id' AS column_name, 'why' AS reason, from_hex('${bytes.toString('hex')}') AS raw FROM range(${count}) t(i)`);
    await connection.run(`COPY (${rows.join(' UNION ALL ')}) TO '${file}' (FORMAT parquet)`);
    connection.closeSync();
  }

  async function commit(
    seq: number, runId: string, kind: string, records: readonly (readonly [code: string, count: number, bytes: Buffer])[],
  ): Promise<void> {
    const key = `shop/quarantine/orders/${runId}-a1-i${seq}/0.parquet`;
    await rejects(key, records);
    put(`shop/commits/curated/orders/${String(seq).padStart(20, '0')}.json`, JSON.stringify({
      runId, kind, quarantine: { parts: [{ key }], byCode: Object.fromEntries(records.map(([code, count]) => [code, count])) },
      balance: { rejected: records.reduce((sum, [, count]) => sum + count, 0) },
    }));
  }

  const show = async (options: Partial<ShowQuarantineOptions> = {}): Promise<string> => {
    const terminal = { out: (text: string) => { printed += text; }, error: () => undefined, live: false };
    await showQuarantine({ stateDir, limit: '20', terminal, ...options });
    return printed;
  };
  const json = async (options: Partial<ShowQuarantineOptions> = {}) => (
    JSON.parse(await show({ json: true, ...options })) as Array<Record<string, any>>);

  test('counts by run and rule what was not superseded, and shows records that cannot move the cursor', async () => {
    expect(await show()).toContain([
      'dataset  run  code    records',
      '───────  ───  ──────  ───────',
      'orders   s1   TYPE          2',
      'orders   s1   FIELDS        1',
      'orders   s3   TYPE          1',
    ].join('\n'));
    expect(printed).toContain('a\\tb');
    expect(printed).toContain('\\u001b[2Jx');
    expect(printed).toContain('\\u202ex\\\\');
    expect(printed).toContain("TYPE: the text is no value of the column's type; have the source write");
    expect(printed.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  test('with --json gives the bytes too, and bytes that are no UTF-8 as hexadecimal', async () => {
    const [found] = await json({ run: 's2' });
    expect(found!.counts).toEqual([{ run: 's2', code: 'TYPE', records: 1, state: 'superseded', superseded: true }]);
    expect(found!.records).toEqual([{
      run: 's2', code: 'TYPE', column: 'id', reason: 'why', part: 'shop/raw/orders/00000-orders.csv', offset: 0, line: 2, text: '\\xFF', base64: Buffer.from([255]).toString('base64'),
    }]);
  });

  test('takes one rule, and no more records than asked for', async () => {
    const [found] = await json({ code: 'TYPE', limit: '1' });
    expect(found!.counts.map(({ run, records }: any) => [run, records])).toEqual([['s1', 2], ['s3', 1]]);
    expect(found!.records.map(({ line }: any) => line)).toEqual([2]);
  });

  test('says so where there is nothing', async () => {
    expect(await show({ dataset: 'stores' })).toBe('nothing in quarantine\n');
  });

  test('shows what was rejected of a batch that was not published, once, and how to go on', async () => {
    // Twice, as a task that is tried again leaves it. The other folder is of a batch that a later attempt published.
    for (const file of ['0', '1']) await rejects(`shop/quarantine/stores/s4-a1-i7/${file}.parquet`, [['SCALE', 2, Buffer.from('1.005')]]);
    await rejects('shop/quarantine/orders/s3-a2-i3/0.parquet', [['SCALE', 2, Buffer.from('1.005')]]);
    const found = await json({ code: 'SCALE' });
    expect(found.find(({ dataset }) => dataset === 'stores')).toMatchObject({ counts: [{ run: 's4', code: 'SCALE', records: 2, state: 'unpublished' }], records: [{ line: 2, text: '1.005' }, { line: 3 }] });
    expect(found.flatMap(({ records }) => records)).toHaveLength(2);
    printed = '';
    expect(await show({ run: 's4' })).toMatch(/stores +s4 +SCALE +2 +unpublished[\s\S]*Next, when the contract is mended and the app is built:\n {2}npx headrace retry s4\n$/);
    rmSync(path.join(stateDir, 's3/b/shop/quarantine/stores'), { recursive: true });
  });

  test.each([
    [{ dataset: 'sales' }, 'sales is no dataset of the app; known: orders, stores'],
    [{ run: 's9' }, '--run s9: no curated batch is of that run; known: s1, s2, s3'],
    [{ code: 'TYP' }, '--code TYP: no record is rejected with that; known: ENCODING, '],
    [{ limit: '-1' }, '--limit must be a whole number from 0 to 10000, got -1'],
    [{ stateDir: '/nowhere' }, '/nowhere is no state folder; headrace run makes one'],
  ])('fails for %j', async (options, message) => {
    await expect(show(options)).rejects.toThrow(message);
  });
});
