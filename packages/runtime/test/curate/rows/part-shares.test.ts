import { LineIndexer, RecordIndexer, type RecordIndexDocument } from '../../../src/ingest/record-index';
import { partShares } from '../../../src/curate/plan/part-shares';
import type { RowsItem } from '../../../src/curate/documents';
import { testContract, type DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';
import { RowsBench, type RowsOutcome } from '../_fixtures/rows-bench';

const KEY = 'lake/raw/trips/r1/a1/00000-trips.csv';
const INDEX = { bucket: 'raw', key: `${KEY}.index.json` };
const spec = (record: string): DatasetSpec => ({
  columns: [{ name: 'id', type: 'i32' }, { name: 'note', type: 'string' }], record,
  // Both number records in the part.
  custom: { headraceLineageColumns: 'true' },
});
const numbered = (line: (id: number) => string, end = '\n'): string => Array.from({ length: 60 }, (_, id) => line(id) + end).join('');
const plain = (id: number): string => (id % 9 === 4 ? `x,bad ${id}` : id % 11 === 5 ? `${id}` : `${id},note ${'é'.repeat(id % 7)}`);

const PARTS: [title: string, record: string, text: string, index: (step: number) => LineIndexer | RecordIndexer][] = [
  ['csv with a header', '', `\ufeffid,note\r\n${numbered(plain)}`, (step) => new LineIndexer(step)],
  ['csv with columns in another order, under a header longer than a record', 'header: subset, maxRecordBytes: 64', `note,${'more'.repeat(20)},id\n${numbered((id) => `n${id},,${id}`)}`, (step) => new LineIndexer(step)],
  ['csv without a header, its last line without an end', 'header: none, newline: crlf', numbered(plain, '\r\n').slice(0, -2), (step) => new LineIndexer(step)],
  ['csv whose records span lines, some of them broken', 'multiline: true', `id,"no""te"\n${numbered((id) => (id % 8 === 3 ? `${id},x"y\nz"` : `${id},"${'a\n'.repeat(id % 5)}""b"`))}`.replace('"no""te"', 'note'), (step) => new RecordIndexer(34, step)],
  ['ndjson', 'format: ndjson', numbered((id) => (id % 9 === 4 ? '{' : JSON.stringify({ id, note: `n\n${id}` }))), (step) => new LineIndexer(step)],
  ['fixed-width', 'format: fixed-width, fields: [{ name: id, start: 1, length: 4 }, { name: note, start: 5, length: 6 }]', numbered((id) => `${String(id).padEnd(4)}n${id % 9 === 4 ? '' : '     '}`), (step) => new LineIndexer(step)],
];

describe('shares of a part', () => {
  let bench: RowsBench;
  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const item = (bytes: number, share?: Omit<NonNullable<RowsItem['share']>, 'index'>): RowsItem => ({
    index: 0, dataset: 'trips', unit: 0, unitId: 'r1-a1-i1', ingestSeq: 1, part: 0, key: KEY, bytes, compression: 'none', engine: 'duckdb',
    ...(share === undefined ? {} : { share: { ...share, index: INDEX.key } }),
  });
  const indexOf = (indexer: LineIndexer | RecordIndexer, bytes: Buffer): RecordIndexDocument => {
    indexer.add(bytes);
    return indexer.document({ key: KEY, bytes: bytes.length, sha256: '0' })!;
  };
  const sharesOf = async (record: string, bytes: Buffer, of: number): Promise<RowsOutcome[]> => {
    const found: RowsOutcome[] = [];
    for (let number = 0; number < of; number++) {
      found.push(await bench.curate(spec(record), bytes, { key: KEY, item: item(bytes.length, { number, of }), blockBytes: 64, segmentBytes: 150 }));
    }
    return found;
  };

  test.each(PARTS)('give together what the part gives alone: %s', async (_title, record, text, index) => {
    const bytes = Buffer.from(text);
    const whole = await bench.curate(spec(record), bytes, { key: KEY, item: item(bytes.length) });
    expect(whole.rows.length).toBeGreaterThan(40);
    await bench.store.putJson(INDEX, indexOf(index(40), bytes));
    const shares = await sharesOf(record, bytes, 5);
    expect(shares.flatMap(({ rows }) => rows)).toEqual(whole.rows);
    expect(shares.flatMap(({ quarantine }) => quarantine)).toEqual(whole.quarantine);
    expect(shares.every(({ result }) => result.counts.parsed > 0)).toBe(true);
    expect(shares.reduce((sum, { result }) => sum + result.counts.parsed, 0)).toBe(whole.result.counts.parsed);
  });

  test('are read by the first of them where the index was made with another quote', async () => {
    const bytes = Buffer.from(PARTS[3]![2]);
    await bench.store.putJson(INDEX, indexOf(new LineIndexer(40), bytes));
    const whole = await bench.curate(spec('multiline: true'), bytes, { key: KEY, item: item(bytes.length) });
    expect((await sharesOf('multiline: true', bytes, 3)).map(({ rows }) => rows)).toEqual([whole.rows, [], []]);
  });

  test('may be more than there are beginnings of records', async () => {
    const bytes = Buffer.from(`id,note\n1,${'x'.repeat(500)}\n2,y\n3,z\n`);
    await bench.store.putJson(INDEX, indexOf(new LineIndexer(40), bytes));
    expect((await sharesOf('', bytes, 5)).map(({ rows }) => rows.map(([id]) => id))).toEqual([['1'], [], [], [], ['2', '3']]);
  });

  test('are refused without their index, and with that of another object', async () => {
    await bench.store.putJson(INDEX, { ...indexOf(new LineIndexer(40), Buffer.alloc(100, '\n')) });
    await expect(sharesOf('', Buffer.from('id,note\n1,x\n'), 2)).rejects.toMatchObject({ code: 'RECORD_INDEX', message: expect.stringContaining('100 bytes, not of') as string });
    bench.s3.objects.delete(`raw/${INDEX.key}`);
    await expect(sharesOf('', Buffer.from('id,note\n1,x\n'), 2)).rejects.toMatchObject({ code: 'RECORD_INDEX', message: expect.stringContaining('is missing') as string });
  });

  test('are made of large parts that can be read from the middle', () => {
    const GIB = 1024 ** 3;
    const part = (more: object) => ({ key: 'k.csv', bytes: 100 * GIB, sha256: '0', records: 1, compression: 'none' as const, recordIndex: { key: 'i', entries: 1_599 }, source: { url: 'u', identity: {} }, ...more });
    const shares = (record: string, more = {}): number => partShares(testContract(spec(record)).datasets[0]!.record, part(more)).length;
    // Landed as lines, and mended to what is no lines.
    expect(['format: parquet', 'format: json', 'format: xml, recordsAt: /rows/row'].map((record) => shares(record))).toEqual([1, 1, 1]);
    expect([shares(''), shares('', { bytes: 15 * GIB }), shares('', { bytes: 16 * GIB }), shares('', { recordIndex: { key: 'i', entries: 2 } })]).toEqual([12, 1, 2, 3]);
    expect([shares('', { recordIndex: undefined }), shares('encoding: utf-16'), shares('', { compression: 'gzip' }), shares('', { key: 'k.csv.zst' })]).toEqual([1, 1, 1, 1]);
  });
});

test('a dedupe over shares keeps the record that one over the part keeps', async () => {
  const bench = await CurateBench.start();
  try {
    await bench.reset({ columns: [{ name: 'id', type: 'i32', more: 'primaryKey: true' }, { name: 'note', type: 'string' }], custom: { headraceDedupe: '{ orderBy: [], keep: last }' } });
    bench.shareBytes = 60;
    await bench.ingest('r1', [`id,note\n${Array.from({ length: 40 }, (_, row) => `${row % 3},${row}\n`).join('')}x,bad\n`]);
    const plan = await bench.ready('s1');
    expect(plan.items.count).toBe(3);
    expect(await bench.publish(plan, 's1')).toMatchObject({ datasets: { trips: { counts: { parsed: 41, kept: 40, rejected: 1, written: 3, deduplicated: 37 } } } });
    expect(await bench.view()).toEqual([['0', '39'], ['1', '37'], ['2', '38']]);
    expect(await bench.quarantine()).toMatchObject([['42', 'TYPE', 'id', expect.anything(), 'x,bad']]);
  } finally {
    await bench.close();
  }
});
