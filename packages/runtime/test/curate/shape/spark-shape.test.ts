import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CuratedPart } from '../../../src/run/manifest';
import { pysparkPython } from '../../_fixtures/pyspark';
import { REFUSED, SHAPED } from '../_fixtures/shape-cases';
import { ShapeComparison } from '../_fixtures/shape-comparison';
import { TYPE_VALUES } from '../_fixtures/type-values';

(pysparkPython === undefined ? describe.skip : describe)('Shape on Spark against DuckDB', () => {
  let comparison: ShapeComparison;
  beforeAll(async () => { comparison = await ShapeComparison.run(pysparkPython!, [...SHAPED, ...REFUSED]); }, 300_000);
  afterAll(async () => { await comparison?.close(); });

  test.each(SHAPED)('gives the same rows, counts and partitions for $title', async ({ title }) => {
    const [duckdb, spark] = [comparison.duckdb(title).result!, comparison.spark(title).result!];
    expect(await comparison.table(title, 'spark')).toEqual(await comparison.table(title, 'duckdb'));
    expect(spark).toMatchObject({ schemaVersion: 1, step: 'shape', index: 0, unitId: duckdb.unitId, engine: 'spark', counts: duckdb.counts });
    expect(perPartition(spark.parts)).toEqual(perPartition(duckdb.parts));
  });

  test('keeps every accepted text of every type as its value, and NULL apart from it', async () => {
    const { title } = SHAPED[0]!;
    const files = await Promise.all(comparison.spark(title).result!.parts.map((part) => comparison.file(title, 'spark', part)));
    for (const { column: { name }, values } of TYPE_VALUES) {
      const shown = name === 'bytes' ? `hex("${name}")` : `CAST("${name}" AS VARCHAR)`;
      const found = await comparison.select(`SELECT DISTINCT ${shown} FROM read_parquet([${files.map((file) => `'${file}'`).join(', ')}], hive_partitioning = false)`);
      expect([name, found.map(([value]) => value).sort()]).toEqual([name, [...new Set([null, ...values.map(([, value]) => value)])].sort()]);
    }
  });

  test('reports records, bytes, sha256 and partition of each file as they are, and leaves no other file', async () => {
    for (const { title } of SHAPED) {
      const { result, keys } = comparison.spark(title);
      expect(result!.parts.map(({ key }) => key).sort()).toEqual(keys);
      for (const part of result!.parts) {
        const file = await comparison.file(title, 'spark', part);
        const content = await readFile(file);
        const columns = Object.keys(part.partition).map((name) => `, CAST("${name}" AS VARCHAR)`).join('');
        const rows = await comparison.select(`SELECT CAST(count(*) AS VARCHAR)${columns} FROM read_parquet('${file}', hive_partitioning = false) GROUP BY ALL`);
        expect({ ...part, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'), rows }).toEqual({ ...part, rows: [[String(part.records), ...Object.values(part.partition)]] });
      }
    }
  });

  test('makes as many files as the bytes need, none much larger than the others', () => {
    const [plain, partitioned] = ['several files of equal rows', 'partitions of several files'].map((title) => ({ spark: comparison.spark(title).result!.parts, duckdb: comparison.duckdb(title).result!.parts }));
    expect(plain!.spark.length).toBeGreaterThan(2);
    expect(Math.max(...plain!.spark.map(({ records }) => records))).toBeLessThan(2 * 3_000 / plain!.spark.length);
    expect(Object.values(perPartition(partitioned!.spark)).map(({ files }) => files)).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(perPartition(partitioned!.spark)).toEqual(perPartition(partitioned!.duckdb));
  });

  test.each(REFUSED)('refuses $title as DuckDB does, in the same words, and leaves no file', ({ title, code }) => {
    const [duckdb, spark] = [comparison.duckdb(title), comparison.spark(title)];
    expect({ code: duckdb.failure?.code, spark: spark.result }).toEqual({ code, spark: undefined });
    expect(spark.failure).toMatchObject({ schemaVersion: 1, step: 'shape', index: 0, kind: 'terminal', fault: 'user', code, message: duckdb.failure!.message });
    expect(spark.keys).toEqual([]);
  });
});

/** Folder, values, records and files of each column partition. */
function perPartition(parts: readonly CuratedPart[]): Record<string, { values: unknown; records: number; files: number }> {
  const found: Record<string, { values: unknown; records: number; files: number }> = {};
  for (const { key, partition, records } of parts) {
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    const before = found[folder] ?? { records: 0, files: 0 };
    found[folder] = { values: partition, records: before.records + records, files: before.files + 1 };
  }
  return found;
}
