import { CurateBench } from '../_fixtures/curate-bench';
import { differences } from './conformance-case';
import { nestedCase } from './nested-case';
import { ParquetReader, type LogicalTable } from './parquet-reader';

let bench: CurateBench;
let reader: ParquetReader;
beforeAll(async () => {
  bench = await CurateBench.start();
  reader = ParquetReader.start();
});
afterAll(async () => {
  await reader.close();
  await bench.close();
});

test('inside of objects and arrays every text of the type table is its exact value, or its record is in quarantine with the place', async () => {
  const { spec, bytes, rows, rejects } = nestedCase();
  await bench.reset(spec);
  await bench.ingest('r1', [bytes]);
  await bench.run('s1');
  expect(differences(rows, await tables('lake/data/trips/'))).toEqual([]);
  const found = (await tables('lake/quarantine/trips/')).map(({ line, code, column_name: column, reason }) => ({ line: Number(line), code, column, place: reason!.split(' ')[0] }));
  expect(found.sort((a, b) => a.line - b.line)).toEqual(rejects);
});

async function tables(prefix: string): Promise<LogicalTable['rows'][number][]> {
  const rows: LogicalTable['rows'][number][] = [];
  for (const key of await bench.keys(prefix)) {
    if (key.endsWith('.parquet')) rows.push(...(await reader.read(bench.s3.objects.get(`curated/${key}`)!.body)).rows);
  }
  return rows;
}
