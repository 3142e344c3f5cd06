import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';

const HEADER = 'id,fare,city\n';

/** `rules` are those of the column fare. */
function specOf(rules: readonly string[], more: Partial<DatasetSpec> = {}): DatasetSpec {
  return {
    columns: [
      { name: 'id', type: 'i32' },
      { name: 'fare', type: 'decimal(6,2)', more: rules.length === 0 ? undefined : `quality: [${rules.map((rule) => `{ ${rule} }`).join(', ')}]` },
      { name: 'city', type: 'string' },
    ],
    ...more,
  };
}

/** Members of a result as docs/run-contract.md has them. */
function documentedMembers(): string[] {
  const text = readFileSync(join(__dirname, '../../../../../docs/run-contract.md'), 'utf8');
  const [table = ''] = text.slice(text.indexOf('| member of quality |')).split('\n\n');
  return [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!).sort();
}

const QUARANTINE = 'customProperties: [{ property: headraceAction, value: quarantine }]';

describe('quality rules of a run', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  const results = async () => (await bench.manifests())[0]!.quality!.map(({ rule, value, records, passed }) => ({ rule, value, records, passed }));

  test('count a batch as it was parsed, rejected records included, over all its parts', async () => {
    await bench.reset(specOf([
      'id: nulls, metric: nullValues, mustBeLessThan: 9',
      'id: missing, metric: missingValues, mustBe: 3, arguments: { missingValues: [null, "-1"] }, unit: rows',
      'id: blank, metric: missingValues, mustBe: 3, arguments: { missingValues: ["", "-1"] }',
      'id: invalid, metric: invalidValues, mustBe: 2, arguments: { validValues: ["1.5", "2", "-1"] }',
      'id: shaped, metric: invalidValues, mustBe: 0, arguments: { pattern: "^-?[0-9.]+$" }, severity: info',
      'id: share, metric: nullValues, unit: percent, mustBeLessOrEqualTo: 28.6',
    ], { quality: ['{ id: many, metric: rowCount, mustBe: 7 }', '{ id: same, metric: duplicateValues, arguments: { properties: [city, fare] }, mustBe: 1 }'] }));
    // Of the 7: two are NULL (one of them rejected for its id), one is no number, one did not frame. As a text, 1.50 is not 1.5.
    await bench.ingest('r1', [`${HEADER}1,1.5,a\n2,,a\nx,,a\n4,abc,a\n`, `${HEADER}5,-1,a\nx,1.50,a\n1,2\n`]);
    const output = await bench.run('s1');
    expect(output.datasets.trips).toMatchObject({ counts: { parsed: 7, kept: 3, rejected: 4 }, quality: { results: 8, failed: ['shaped'] } });
  });

  test('are in the manifest, in the log and in the output, and warn by a notice', async () => {
    await bench.reset(specOf(['id: nulls, metric: nullValues, mustBe: 0, severity: warning', 'name: note, metric: nullValues, mustBe: 0, severity: info', 'metric: nullValues, unit: percent, mustBeLessThan: 60']));
    await bench.ingest('r1', [`${HEADER}1,,a\n2,1,b\n`]);
    const output = await bench.run('s1');
    expect((await bench.manifests())[0]!.quality).toEqual([
      { rule: 'nulls', metric: 'nullValues', column: 'fare', value: '1', records: 1, unit: 'rows', operator: 'mustBe', limits: ['0'], passed: false, severity: 'warning' },
      { rule: 'note', metric: 'nullValues', column: 'fare', value: '1', records: 1, unit: 'rows', operator: 'mustBe', limits: ['0'], passed: false, severity: 'info' },
      { rule: 'schema[trips].properties[fare].quality[2]', metric: 'nullValues', column: 'fare', value: '50', records: 1, unit: 'percent', operator: 'mustBeLessThan', limits: ['60'], passed: true, severity: 'error' },
    ]);
    expect(Object.keys((await bench.manifests())[0]!.quality![0]!).sort()).toEqual(documentedMembers());
    expect(output.datasets.trips!.quality).toEqual({ results: 3, failed: ['nulls', 'note'] });
    expect(output.notice).toEqual({
      subject: 'Headrace: curate of lake warns of quality, slot s1',
      message: expect.stringContaining('did not hold:\n  trips, s1-a1-i1: nulls: nullValues of fare is 1, mustBe 0\n\nWhat is visible'),
    });
    const said = bench.lines.map((line) => JSON.parse(line) as { code: string; message: string });
    expect(said.filter(({ code }) => /I1304|I1305|W1302/.test(code)).map(({ code, message }) => [code, message])).toEqual([
      ['CURATE_I1304', 'trips: s1-a1-i1 keeps 1 of 3 quality rules'],
      ['CURATE_W1302', 'trips: s1-a1-i1 does not keep quality rule nulls: nullValues of fare is 1, mustBe 0'],
      ['CURATE_I1305', 'trips: s1-a1-i1 does not keep quality rule note: nullValues of fare is 1, mustBe 0'],
    ]);
    expect(await bench.view()).toHaveLength(2);
  });

  test('publish nothing of a run when one of its batches fails a rule with severity error', async () => {
    await bench.reset(specOf(['id: nulls, metric: nullValues, mustBe: 0']));
    await bench.ingest('r1', [`${HEADER}1,1,a\n`]);
    await bench.ingest('r2', [`${HEADER}2,,a\n`]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'QUALITY', message: expect.stringContaining('trips: 1 of 1 quality rules failed, with severity error, for 1 records: nulls: nullValues of fare is 1, mustBe 0. Nothing was published.') });
    expect(await bench.manifests()).toEqual([]);
  });

  test('send the records that they select to quarantine, after every other check, and count towards the threshold', async () => {
    const rules = [`id: known, metric: missingValues, mustBeLessThan: 5, arguments: { missingValues: [null, "-1"] }, ${QUARANTINE}`];
    await bench.reset(specOf(rules));
    await bench.ingest('r1', [`${HEADER}1,1,a\n2,,b\nx,-1,c\n4,-1,d\n`]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ counts: { parsed: 4, kept: 1, rejected: 3 } });
    const [manifest] = await bench.manifests();
    expect(manifest).toMatchObject({ quarantine: { byCode: { TYPE: 1, QUALITY: 2 } }, quality: [{ rule: 'known', value: '3', passed: true }] });
    expect(await bench.quarantine()).toEqual([
      ['3', 'QUALITY', 'fare', 'quality rule known (missingValues of fare) selects the record', '2,,b'],
      ['4', 'TYPE', 'id', 'id is no integer i32', 'x,-1,c'],
      ['5', 'QUALITY', 'fare', 'quality rule known (missingValues of fare) selects the record', '4,-1,d'],
    ]);
    await bench.reset(specOf(rules, { custom: { headraceThreshold: '{ rows: 2 }' } }));
    await bench.ingest('r1', [`${HEADER}1,1,a\n2,,b\nx,-1,c\n4,-1,d\n`]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'THRESHOLD', message: expect.stringContaining('by code: QUALITY 2, TYPE 1') });
  });

  test('see NULL before a default takes its place', async () => {
    const spec = specOf([]);
    await bench.reset({ ...spec, columns: spec.columns.map((column) => (column.name === 'fare' ? { ...column, more: 'customProperties: [{ property: headraceDefault, value: 0 }]\n        quality: [{ id: nulls, metric: nullValues, mustBe: 1 }]' } : column)) });
    await bench.ingest('r1', [`${HEADER}1,,a\n2,1,b\n`]);
    await bench.run('s1');
    expect(await results()).toEqual([{ rule: 'nulls', value: '1', records: 1, passed: true }]);
    expect((await bench.view()).map(([, fare]) => fare)).toEqual(['0.00', '1.00']);
  });

  test('count duplicates before rejection, NULL apart, in as many shares as the keys need', async () => {
    await bench.reset(specOf([], { quality: ['{ id: one, metric: duplicateValues, arguments: { properties: [city] }, mustBe: 0, severity: info }', '{ id: two, metric: duplicateValues, arguments: { properties: [city, fare] }, mustBe: 0, severity: info }'] }));
    await bench.ingest('r1', [`${HEADER}1,1,a\nx,1.00,a\n3,1,a\n4,,b\n5,,b\n6,2,\n7,2,\n`, `${HEADER}x,9,c\nx,9,c\n`]);
    const plan = await bench.plan('s1');
    await bench.rows(plan);
    await bench.shape(plan, { keysAtOnce: 2 });
    await bench.publish(plan, 's1');
    expect(await results()).toEqual([{ rule: 'one', value: '4', records: 4, passed: false }, { rule: 'two', value: '3', records: 3, passed: false }]);
  });

  test('ask SQL over the kept rows before a dedupe', async () => {
    await bench.reset({
      columns: [{ name: 'id', type: 'i32', more: 'primaryKey: true' }, { name: 'v', type: 'integer' }], custom: { headraceDedupe: '{ orderBy: [{ column: v }] }' },
      quality: ['{ id: total, type: sql, query: "SELECT sum(v) FROM {object}", mustBe: 6 }'],
    });
    await bench.ingest('r1', ['id,v\n1,1\n1,2\n2,3\nx,4\n']);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ counts: { written: 2, deduplicated: 1 }, quality: { results: 1, failed: [] } });
    await bench.ingest('r2', ['id,v\n']);
    await expect(bench.run('s2')).rejects.toMatchObject({ code: 'QUALITY', message: expect.stringContaining('total: sql is no number, mustBe 6') });
  });
});
