import { CurateBench } from './_fixtures/curate-bench';
import type { DatasetSpec } from './_fixtures/contract-text';

const trips = (threshold: string): DatasetSpec => ({
  columns: [{ name: 'id', type: 'u64', more: 'primaryKey: true\n        customProperties: [{ property: headraceSource, value: { field: "@id" } }]' }, { name: 'fare', type: 'decimal(10,2)' }],
  record: 'format: xml, recordsAt: /trips/trip',
  custom: { headraceHistory: 'snapshot', headraceThreshold: threshold },
});
const page = (...records: string[]): string => `<?xml version="1.0"?>\n<trips>${records.join('\n')}</trips>`;
const [FIRST, SECOND, THIRD] = ['<trip id="18446744073709551615"><fare>1.10</fare></trip>', '<trip id="2"><fare xsi:nil="true"/></trip>', '<trip id="3"><fare>0.5</fare></trip>'] as const;

describe('the curate stage with XML documents', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('publishes the records of all documents, and keeps the rejects', async () => {
    await bench.reset(trips('{ percent: 50 }'));
    await bench.ingest('r1', [page(FIRST, '<trip/>', SECOND), page(), page(THIRD)]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 4, kept: 3, rejected: 1, written: 3 } });
    expect(await bench.view()).toEqual([['18446744073709551615', '1.10'], ['2', null], ['3', '0.50']]);
  });

  test('leaves a malformed document out where the threshold allows a reject, and publishes nothing where it does not', async () => {
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
});
