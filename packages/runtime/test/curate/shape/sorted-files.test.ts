import { byPartition } from '../../../src/curate/plan/compaction-groups';
import type { CuratedPart } from '../../../src/run/manifest';
import { groupsRead, orderProblems, sortOf } from '../_fixtures/file-order';
import { ORDERED_COLUMNS, ORDERED_ROWS, orderedTable } from '../_fixtures/ordered-table';
import { randomShapes } from '../_fixtures/random-shape';
import { ShapeComparison, type ShapeCase } from '../_fixtures/shape-comparison';

const SORTED = randomShapes(20261126, 14).filter((each) => sortOf(each) !== undefined);
const unsorted = ({ spec: { custom: { headraceSort: _sort, ...custom } = {}, ...spec }, ...each }: ShapeCase): ShapeCase => (
  { ...each, title: `${each.title}, in no order`, spec: { ...spec, custom } }
);
const ORDERED = orderedTable('desc');

describe('sorted curated files of DuckDB', () => {
  let shaped: ShapeComparison;
  beforeAll(async () => { shaped = await ShapeComparison.run(undefined, [ORDERED, ...SORTED, ...SORTED.map(unsorted)]); }, 120_000);
  afterAll(async () => { await shaped?.close(); });
  const select = (sql: string) => shaped.select(sql);
  const paths = (title: string, parts: readonly CuratedPart[]) => Promise.all(parts.map((part) => shaped.file(title, 'duckdb', part)));

  test('hold the rows that files in no order hold, in order, and each a range', async () => {
    const several: number[] = [];
    for (const each of SORTED) {
      const [one, other] = [shaped.duckdb(each.title), shaped.duckdb(unsorted(each).title)];
      expect([each.title, one.failure?.code, one.result?.counts]).toEqual([each.title, other.failure?.code, other.result?.counts]);
      if (one.result === undefined) continue;
      expect(await shaped.table(each.title, 'duckdb')).toEqual(await shaped.table(unsorted(each).title, 'duckdb'));
      for (const parts of byPartition(one.result.parts)) {
        several.push(parts.length);
        expect([each.title, await orderProblems(select, await paths(each.title, parts), sortOf(each)!)]).toEqual([each.title, []]);
      }
    }
    expect(several.filter((files) => files > 1).length).toBeGreaterThan(2);
  });

  test('tell the least and greatest value of every type, so that a range of a tenth reads a small share of them', async () => {
    const { parts } = shaped.duckdb(ORDERED.title).result!;
    const files = await paths(ORDERED.title, parts);
    expect(await orderProblems(select, files, sortOf(ORDERED)!)).toEqual([]);
    // About the wanted size, none far from the others.
    const lengths = parts.map(({ records }) => records);
    const mean = ORDERED_ROWS / parts.length;
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([Math.floor(mean), Math.ceil(mean)]);
    for (const { name, engine } of ORDERED_COLUMNS) {
      const read = await groupsRead(select, files, name, engine);
      expect([name, read.silent, read.groups]).toEqual([name, 0, parts.length]);
      // The two values of a boolean are half of the rows each.
      expect({ name, share: read.share, small: read.share <= (name === 'ok' ? 1 : 0.25) }).toMatchObject({ name, small: true });
    }
  });
});
