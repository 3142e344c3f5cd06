import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LINEAGE_COLUMNS } from '../../src/contract';
import type { DatasetSpec } from './_fixtures/contract-text';
import { CurateBench } from './_fixtures/curate-bench';
import { RowsBench } from './_fixtures/rows-bench';
import { inline, workbook } from './_fixtures/workbook';

const LINEAGE = { headraceLineageColumns: 'true' };
const COLUMNS: DatasetSpec['columns'] = [{ name: 'id', type: 'integer' }, { name: 'note', type: 'string' }];
const part = (run: string, number: number): string => `lake/raw/trips/${run}/a1/0000${number}-trips.csv`;

/** A source, and how somebody without our readers finds the id of its n-th record. */
interface Source {
  readonly name: string;
  readonly record: string;
  readonly bytes: Buffer | string;
  readonly find: (bytes: Buffer, record: number) => unknown;
}

const line = (bytes: Buffer, number: number): string => bytes.toString().split(/\r?\n/)[number - 1]!;
const SOURCES: readonly Source[] = [
  { name: 'csv', record: '', bytes: 'id,note\n1,a\n2\n"3"x,c\n4,d\r\nx,e\n6,f', find: (bytes, record) => line(bytes, 1 + record).split(',')[0] },
  { name: 'csv with line ends in quotes', record: 'multiline: true', bytes: 'id,note\n1,"a\n\n"\n2\n3,"b\nc"\n', find: (bytes, record) => bytes.toString().split(/\n(?=\d)/)[record]!.split(',')[0] },
  { name: 'csv in UTF-16 without header', record: 'header: none, encoding: utf-16le', bytes: Buffer.from('1,ä\n2\n3,€\n', 'utf16le'), find: (bytes, record) => line(Buffer.from(bytes.toString('utf16le')), record).split(',')[0] },
  { name: 'ndjson', record: 'format: ndjson', bytes: '{"id":1,"note":"a"}\n\n{"id":3,"note":"b"}\n', find: (bytes, record) => (JSON.parse(line(bytes, record)) as { id: number }).id },
  { name: 'json', record: 'format: json', bytes: '[{"id":1,"note":"a"},\n 7, {"id":3,"note":"b"}, {"id":4,"note":null}]', find: (bytes, record) => (JSON.parse(bytes.toString()) as { id: number }[])[record - 1]!.id },
  { name: 'xml', record: 'format: xml, recordsAt: /r/t', bytes: '<r><t><id>1</id><note>a</note></t>\n<t><no/></t><t><id>3</id><note/></t></r>', find: (bytes, record) => /<id>(\d)/.exec(bytes.toString().split('<t>')[record]!)![1] },
  { name: 'fixed-width', record: 'format: fixed-width, fields: [{ name: id, start: 1, length: 2 }, { name: note, start: 3, length: 1 }]', bytes: ' 1a\n\n 3b\n', find: (bytes, record) => line(bytes, record).slice(0, 2).trim() },
  {
    name: 'excel', record: 'format: excel, range: A2',
    bytes: workbook({ sheets: { Data: `<row r="1">${inline('title')}</row><row r="2">${inline('id')}${inline('note')}</row>${[3, 4, 7].map((row) => `<row r="${row}"><c><v>${row === 4 ? 'x' : row}</v></c>${inline('a')}</row>`).join('')}` } }),
    // The row of the sheet: those of this one have its number as id.
    find: (_bytes, record) => record,
  },
];

describe('columns that tell where rows came from', () => {
  let bench: CurateBench;
  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test.each(SOURCES)('lead from each row of $name to its record in Raw', async ({ record, bytes, find }) => {
    await bench.reset({ columns: COLUMNS, record, custom: LINEAGE });
    await bench.ingest('r1', [bytes, bytes]);
    const counts = (await bench.run('s1')).datasets.trips!.counts!;
    expect(counts.rejected).toBeGreaterThan(0);
    const rows = await bench.view('3, 4');
    expect(rows).toHaveLength(Number(counts.written));
    expect(new Set(rows.map(([, , key]) => key))).toEqual(new Set([part('r1', 0), part('r1', 1)]));
    for (const [id, , key, number, seq] of rows) {
      const raw = bench.s3.objects.get(`raw/${key}`)!.body;
      expect([String(find(raw, Number(number))), seq]).toEqual([id, '1']);
    }
  });

  test.each(['parquet', 'avro'])('lead to the row of a file of %s', async (format) => {
    const columns = [{ name: 'id', type: 'integer' }, { name: 'name', type: 'string' }, { name: 'at', type: 'timestamp' }];
    await bench.reset({ columns, record: `format: ${format}`, custom: LINEAGE });
    await bench.ingest('r1', [readFileSync(join(__dirname, '_fixtures/typed', `poison.${format}`))]);
    await bench.run('s1');
    expect((await bench.view()).map(([id, , , , number]) => [id, number])).toEqual([['-1', '1'], ['2', '2'], ['4', '4'], ['5', '5']]);
  });

  test('follow the row that a dedupe keeps and the view shows, also when its batch is curated again', async () => {
    const keyed: DatasetSpec = { columns: [{ name: 'id', type: 'integer', more: 'primaryKey: true' }, { name: 'day', type: 'date', more: 'partitioned: true' }], custom: { ...LINEAGE, headraceHistory: 'changes', headraceDedupe: '{ keep: last }' } };
    await bench.reset(keyed);
    await bench.ingest('r1', ['id,day\n1,2024-01-01\n2,2024-01-02\n1,2024-01-01\n']);
    await bench.ingest('r2', ['id,day\n', 'id,day\nx,\n2,2024-01-02\n3,\n']);
    await bench.run('s1');
    const expected = [['1', '2024-01-01', part('r1', 0), '3', '1'], ['2', '2024-01-02', part('r2', 1), '2', '2'], ['3', null, part('r2', 1), '3', '2']];
    expect(await bench.view()).toEqual(expected);
    await bench.mend(keyed, { codeVersion: '2' });
    await bench.run('m1', 1, { operation: 'rerun' });
    expect(await bench.view()).toEqual(expected);
  });

  test('stay through a compaction, and are NULL for batches from before', async () => {
    await bench.reset({ columns: COLUMNS });
    for (const run of [1, 2]) await bench.ingest(`r${run}`, [`id,note\n${run},a\n`]);
    await bench.run('s1');
    await bench.mend({ columns: COLUMNS, custom: LINEAGE });
    await bench.run('m1', 1, { operation: 'compact' });
    await bench.ingest('r3', ['id,note\nx,\n3,b\n']);
    await bench.run('s2');
    await bench.run('m2', 1, { operation: 'compact' });
    expect((await bench.published()).filter(({ state }) => state === 'current').map(({ attempt_id: id }) => id)).toEqual(['m2-a1-c3']);
    expect(await bench.view()).toEqual([['1', 'a', null, null, null], ['2', 'a', null, null, null], ['3', 'b', part('r3', 0), '2', '3']]);
    // What the log says of columns is what targets are made of.
    expect((await bench.manifests()).flatMap(({ columns }) => columns.map(({ name }) => name)).filter((name) => name.startsWith('_'))).toEqual([]);
  });
});

test('number records through many segments, with more gaps than one may have', async () => {
  const rows = await RowsBench.start();
  try {
    const lines = Array.from({ length: 9_000 }, (_, index) => (index % 3 === 1 ? 'no' : `${index + 1},a`));
    const { result, rows: found } = await rows.curate({ columns: COLUMNS, custom: LINEAGE }, `id,note\n${lines.join('\n')}\n`, { blockBytes: 4_096 });
    expect(result.files.length).toBeGreaterThan(2);
    expect(found.map(([id, , , number]) => [id, number])).toEqual(lines.flatMap((text, index) => (text === 'no' ? [] : [[String(index + 1), String(index + 1)]])));
    expect(await rows.types(result.files[0]!.key)).toMatchObject(Object.fromEntries(LINEAGE_COLUMNS.map(({ name, type }) => [name, type.kind === 'string' ? 'VARCHAR' : 'BIGINT'])));
  } finally {
    await rows.close();
  }
});
