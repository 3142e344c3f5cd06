import { CurateBench } from './_fixtures/curate-bench';
import type { DatasetSpec } from './_fixtures/contract-text';

const trips = (threshold: string, record = ''): DatasetSpec => ({
  columns: [{ name: 'id', type: 'u64', more: 'primaryKey: true' }, { name: 'fare', type: 'decimal(10,2)' }],
  record: `format: json, recordsAt: /data${record}`,
  custom: { headraceHistory: 'snapshot', headraceThreshold: threshold },
});
const page = (...records: string[]): string => `{"count": ${records.length}, "data": [\n${records.join(',\n')}\n], "next": null}`;
const [FIRST, SECOND, THIRD] = ['{"id":18446744073709551615,"fare":1.10}', '{"fare":null,\n "id":2}', '{"id":3,"fare":0.5}'] as const;

describe('the curate stage with JSON documents', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('publishes the records of all pages, and those of the next run after them', async () => {
    await bench.reset(trips('{ percent: 50 }'));
    await bench.ingest('r1', [page(FIRST, '{"id":-1}', SECOND), page(), page(THIRD)]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 4, kept: 3, rejected: 1, written: 3 } });
    expect(await bench.view()).toEqual([['18446744073709551615', '1.10'], ['2', null], ['3', '0.50']]);
    await bench.ingest('r2', [page(THIRD)]);
    await bench.run('s2');
    expect(await bench.view()).toEqual([['3', '0.50']]);
  });

  test('commits pages without records as an empty run', async () => {
    await bench.reset(trips('{ percent: 50 }'));
    await bench.ingest('r1', [page()]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'empty', counts: { parsed: 0, written: 0 } });
  });

  test('leaves a malformed page out where the threshold allows a reject, and publishes nothing where it does not', async () => {
    const cut = page(FIRST, SECOND).slice(0, -20);
    await bench.reset(trips('{ percent: 50 }'));
    await bench.ingest('r1', [cut, page(THIRD)]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ counts: { parsed: 2, kept: 1, rejected: 1, written: 1 } });
    expect((await bench.manifests())[0]).toMatchObject({ quarantine: { byCode: { DOCUMENT: 1 } } });
    await bench.reset(trips('{ rows: 0 }'));
    await bench.ingest('r1', [cut, page(THIRD)]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'THRESHOLD' });
    expect(await bench.manifests()).toEqual([]);
  });

  test('publishes nothing of a long document that is malformed at its end, nor where the list is missing', async () => {
    await bench.reset(trips('{ percent: 50 }', ', maxRecordBytes: 64'));
    await bench.ingest('r1', [page(FIRST, SECOND, THIRD).slice(0, -1)]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'JSON_DOCUMENT' });
    await bench.reset(trips('{ percent: 50 }'));
    await bench.ingest('r1', [page(FIRST), '{"error": "try later"}']);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'RECORDS_AT' });
    expect(await bench.manifests()).toEqual([]);
  });
});
