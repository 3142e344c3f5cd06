import { CurateBench } from './_fixtures/curate-bench';

test('the curate stage publishes records of fixed width in another encoding, and keeps the rejects', async () => {
  const bench = await CurateBench.start();
  try {
    await bench.reset({
      columns: [{ name: 'id', type: 'u64', more: 'primaryKey: true' }, { name: 'name', type: 'string' }],
      record: 'format: fixed-width, encoding: windows-1252, fields: [{ name: id, start: 1, length: 3 }, { name: name, start: 4, length: 6 }]',
      custom: { headraceHistory: 'snapshot', headraceThreshold: '{ percent: 50 }' },
    });
    await bench.ingest('r1', [Buffer.from('  1\u00c5land \n  2short\n  3\u0080     \n', 'latin1')]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 3, kept: 2, rejected: 1, written: 2 } });
    expect(await bench.view()).toEqual([['1', 'Åland'], ['3', '€']]);
    expect((await bench.manifests())[0]).toMatchObject({ quarantine: { byCode: { FIELDS: 1 } } });
  } finally {
    await bench.close();
  }
});
