import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OrderKey } from '../../../src/contract';
import { byPartition } from '../../../src/curate/plan/compaction-groups';
import type { CuratedPart } from '../../../src/run/manifest';
import { pysparkPython } from '../../_fixtures/pyspark';
import { randomShapes } from '../_fixtures/random-shape';
import { groupsRead, orderProblems, sortOf } from '../_fixtures/file-order';
import { ORDERED_COLUMNS, ORDERED_ROWS, orderedTable } from '../_fixtures/ordered-table';
import { REFUSED, SHAPED, SORTED } from '../_fixtures/shape-cases';
import { ShapeComparison, WHOLE } from '../_fixtures/shape-comparison';
import { TYPE_VALUES } from '../_fixtures/type-values';
import { conformanceCase, differences } from '../conformance/conformance-case';
import { nestedCase } from '../conformance/nested-case';
import { ParquetReader, type LogicalTable } from '../conformance/parquet-reader';
import { SOURCE_FORMATS } from '../conformance/source-formats';

/** For all cases together; a quiet machine takes a small part of it. All there are get the hour that the soak gives each of its tests. */
const TIMEOUT_MS = WHOLE ? 3_600_000 : 600_000;

/** A covering sample: the seed is said in each title, so that a failure can be run again. */
const RANDOM = randomShapes(20261125, WHOLE ? 40 : 6);

/** Without partitions DuckDB ends a file at a group of rows only, and these are fewer than one group. */
const UNEVEN = 'several files of equal rows';

/** All lines of the type table that one format can hold; typed rows of the others are the same. */
const CONFORMANCE = conformanceCase(SOURCE_FORMATS.find(({ name }) => name === 'ndjson')!, 'utf-8');
const TABLES = [CONFORMANCE, nestedCase()];

(pysparkPython === undefined ? describe.skip : describe)('Shape on Spark against DuckDB', () => {
  let comparison: ShapeComparison;
  const problems = async (title: string, engine: 'duckdb' | 'spark', sort: readonly OrderKey[]): Promise<string[]> => {
    const found: string[] = [];
    for (const parts of byPartition(comparison[engine](title).result!.parts)) {
      const files = await Promise.all(parts.map((part) => comparison.file(title, engine, part)));
      found.push(...await orderProblems((sql) => comparison.select(sql), files, sort));
    }
    return found;
  };
  const tables = TABLES.map(({ title, spec, bytes }) => ({ title, spec, parts: [bytes] }));
  beforeAll(async () => {
    comparison = await ShapeComparison.run(pysparkPython!, [...SHAPED, ...SORTED, ...REFUSED, ...RANDOM, ...tables]);
  }, TIMEOUT_MS);
  afterAll(async () => { await comparison?.close(); });

  test.each(SHAPED)('gives the same rows, counts and partitions for $title', async ({ title }) => {
    const [duckdb, spark] = [comparison.duckdb(title).result!, comparison.spark(title).result!];
    expect(await comparison.table(title, 'spark')).toEqual(await comparison.table(title, 'duckdb'));
    expect(spark).toMatchObject({ schemaVersion: 1, step: 'shape', index: 0, unitId: duckdb.unitId, engine: 'spark', counts: duckdb.counts });
    expect(spark.quality).toEqual(duckdb.quality);
    expect(perPartition(spark.parts, title !== UNEVEN)).toEqual(perPartition(duckdb.parts, title !== UNEVEN));
  });

  test.each(RANDOM)('comes to the same rows, or the same refusal, for $title', async ({ title }) => {
    const [duckdb, spark] = [comparison.duckdb(title), comparison.spark(title)];
    expect({ code: spark.failure?.code, counts: spark.result?.counts }).toEqual({ code: duckdb.failure?.code, counts: duckdb.result?.counts });
    if (duckdb.result === undefined) return;
    expect(await comparison.table(title, 'spark')).toEqual(await comparison.table(title, 'duckdb'));
    // Ranges are cut by a sample of the rows.
    const sort = sortOf(RANDOM.find((each) => each.title === title)!);
    expect(perPartition(spark.result!.parts, sort === undefined)).toEqual(perPartition(duckdb.result.parts, sort === undefined));
    if (sort !== undefined) expect(await problems(title, 'spark', sort)).toEqual([]);
  });

  describe.each(SORTED)('$title', ({ title, ...each }) => {
    const sort = sortOf({ title, ...each })!;

    test('is the same rows of both, in order, and each file a range', async () => {
      const [duckdb, spark] = [comparison.duckdb(title).result!, comparison.spark(title).result!];
      expect(await comparison.table(title, 'spark')).toEqual(await comparison.table(title, 'duckdb'));
      expect(spark.counts).toEqual(duckdb.counts);
      expect(perPartition(spark.parts, false)).toEqual(perPartition(duckdb.parts, false));
      for (const engine of ['duckdb', 'spark'] as const) expect(await problems(title, engine, sort)).toEqual([]);
      // Each partition may have one file more where a range is of two.
      expect(spark.parts.length).toBeLessThanOrEqual(duckdb.parts.length + Object.keys(perPartition(duckdb.parts)).length);
    });
  });

  test.each(['duckdb', 'spark'] as const)('%s orders texts by their bytes, NaN last and both zeros alike, NULL where it is told', async (engine) => {
    const [texts, numbers] = await Promise.all(SORTED.slice(0, 2).map(async ({ title }) => {
      const [part, ...more] = comparison[engine](title).result!.parts;
      expect(more).toEqual([]);
      const name = title.split(' ')[0]!;
      return (await comparison.texts([`CAST("${name}" AS VARCHAR)`], `FROM read_parquet('${await comparison.file(title, engine, part!)}', file_row_number = true) ORDER BY file_row_number`)).map(([value]) => value);
    }));
    const told = (name: string): string[] => TYPE_VALUES.find(({ column }) => column.name === name)!.values.flatMap(([, value]) => [value, value]);
    expect(texts).toEqual([null, null, ...told('note').sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)))]);
    const order = ['-inf', '0.0', '5e-324', '0.1', '9007199254740992.0', '1.7976931348623157e+308', 'inf', 'nan'];
    expect(numbers!.map((value) => (value === '-0.0' ? '0.0' : value))).toEqual([...order.flatMap((value) => (value === '0.0' ? [value, value, value, value] : [value, value])), null, null]);
    expect(numbers!.filter((value) => value === '-0.0')).toHaveLength(2);
  });

  test('tells the least and greatest value of every type, so that a range of a tenth reads a small share of the row groups', async () => {
    const { title } = orderedTable('asc');
    const { parts } = comparison.spark(title).result!;
    const files = await Promise.all(parts.map((part) => comparison.file(title, 'spark', part)));
    expect(Math.max(...parts.map(({ records }) => records))).toBeLessThan((2 * ORDERED_ROWS) / parts.length);
    for (const { name, engine } of ORDERED_COLUMNS) {
      const read = await groupsRead((sql) => comparison.select(sql), files, name, engine);
      expect([name, read.silent, read.groups]).toEqual([name, 0, parts.length]);
      // The two values of a boolean are half of the rows each.
      expect({ name, share: read.share, small: read.share <= (name === 'ok' ? 1 : 0.25) }).toMatchObject({ name, small: true });
    }
  });

  test('draws tables of every outcome: with losers, with partitions, without either, refused', () => {
    const outcomes = RANDOM.map(({ title }) => comparison.duckdb(title));
    expect({
      losers: outcomes.some(({ result }) => (result?.counts.deduplicated ?? 0) > 0),
      folders: outcomes.some(({ result }) => (result?.parts.length ?? 0) > 1),
      plain: outcomes.some(({ result }) => result?.parts.length === 1), codes: [...new Set(outcomes.flatMap(({ failure }) => failure?.code ?? []))],
    }).toEqual({ losers: true, folders: true, plain: true, codes: ['KEY'] });
  });

  test('keeps every accepted text of every type as its value, and NULL apart from it', async () => {
    const { title } = SHAPED[0]!;
    const files = await Promise.all(comparison.spark(title).result!.parts.map((part) => comparison.file(title, 'spark', part)));
    for (const { column: { name }, values } of TYPE_VALUES) {
      const shown = name === 'bytes' ? `hex("${name}")` : `CAST("${name}" AS VARCHAR)`;
      const found = await comparison.texts([shown], `FROM read_parquet([${files.map((file) => `'${file}'`).join(', ')}], hive_partitioning = false) GROUP BY ALL`);
      expect([name, found.map(([value]) => value).sort()]).toEqual([name, [...new Set([null, ...values.map(([, value]) => value)])].sort()]);
    }
  });

  test.each(TABLES)('writes the values of $title, as a reader sees them that is neither engine', async ({ title, rows: expected }) => {
    const reader = ParquetReader.start();
    try {
      const rows: LogicalTable['rows'][number][] = [];
      for (const part of comparison.spark(title).result!.parts) {
        rows.push(...(await reader.read(await readFile(await comparison.file(title, 'spark', part)))).rows);
      }
      expect(differences(expected, rows)).toEqual([]);
    } finally {
      await reader.close();
    }
  });

  test('reports records, bytes, sha256 and partition of each file as they are, and leaves no other file', async () => {
    for (const { title } of SHAPED) {
      const { result, keys } = comparison.spark(title);
      expect(result!.parts.map(({ key }) => key).sort()).toEqual(keys);
      for (const part of result!.parts) {
        const file = await comparison.file(title, 'spark', part);
        const content = await readFile(file);
        const columns = ['CAST(count(*) AS VARCHAR)', ...Object.keys(part.partition).map((name) => `CAST("${name}" AS VARCHAR)`)];
        const rows = await comparison.texts(columns, `FROM read_parquet('${file}', hive_partitioning = false) GROUP BY ALL`);
        expect({ ...part, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'), rows }).toEqual({ ...part, rows: [[String(part.records), ...Object.values(part.partition)]] });
      }
    }
  });

  test('makes as many files as the bytes need, none much larger than the others', () => {
    const [plain, partitioned] = [UNEVEN, 'partitions of several files'].map((title) => ({ spark: comparison.spark(title).result!.parts, duckdb: comparison.duckdb(title).result!.parts }));
    expect(plain!.spark.length).toBeGreaterThan(2);
    expect(Math.max(...plain!.spark.map(({ records }) => records))).toBeLessThan(2 * 3_000 / plain!.spark.length);
    const [few, many] = ['few', 'many'].map((part) => partitioned!.spark.filter(({ partition }) => partition.part === part).length);
    expect(few).toBeGreaterThan(1);
    expect(many).toBeGreaterThan(few!);
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
function perPartition(parts: readonly CuratedPart[], countFiles = true): Record<string, { values: unknown; records: number; files: number }> {
  const found: Record<string, { values: unknown; records: number; files: number }> = {};
  for (const { key, partition, records } of parts) {
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    const before = found[folder] ?? { records: 0, files: 0 };
    found[folder] = { values: partition, records: before.records + records, files: countFiles ? before.files + 1 : 0 };
  }
  return found;
}
