import { icebergPython } from '../../_fixtures/pyspark';
import type { ColumnSpec, DatasetSpec } from '../_fixtures/contract-text';
import { IcebergBench } from '../_fixtures/iceberg-bench';
import { csv, TYPE_VALUES } from '../_fixtures/type-values';

/** For all runs together; a quiet machine takes a small part of it. */
const TIMEOUT_MS = 600_000;

/** Every run of the job takes seconds: `npm run soak -- --only iceberg` has them all, tests of every day those in which most faults would show. */
const WHOLE = process.env.HEADRACE_ICEBERG === 'whole';
const wholeTest: typeof test = WHOLE ? test : Object.assign(() => undefined, { each: () => () => undefined }) as never;
const STATES = [
  ...['first rows', 'a batch that was ingested again', 'an added column', 'after kills'],
  ...['keys', 'changes and ties', 'changes that were superseded', 'another order', 'an older rule'],
  ...['objects and arrays', 'a removal alone'],
];
const FURTHER_STATES = [
  'two more batches', 'compacted', 'the last job', 'the last job, a week later', 'a snapshot', 'a newer snapshot', 'the older one again', 'an empty one', 'after rows of others', 'nothing new',
];

const column = (name: string, type: string, more?: string): ColumnSpec => ({ name, type, more });

/** Every type, in a partitioned dataset that is appended to. */
const EVENTS = [column('id', 'integer'), column('city', 'string', 'partitioned: true'), ...TYPE_VALUES.map((type) => type.column)];
const events = (more: readonly ColumnSpec[] = []): DatasetSpec => ({ columns: [...EVENTS, ...more], record: 'nullTokens: [""]' });
const eventRows = (first: number, count: number): string => csv(EVENTS.map(({ name }) => name), Array.from({ length: count }, (_, row) => [
  String(first + row), ['Berlin', null, 'a/b=c%d'][row % 3]!, ...TYPE_VALUES.map(({ values }, index) => values[(row + index) % (values.length + 1)]?.[0] ?? null),
]));
/** Batches of the contract that has one more column. */
const withRemark = (text: string): string => text.split('\n').map((line, index) => (line === '' ? '' : `${line},${index === 0 ? 'remark' : 'x'}`)).join('\n');

const PRICES: DatasetSpec = { columns: [column('id', 'integer'), column('price', 'decimal(10,2)')], custom: { headraceHistory: 'snapshot' } };

const CUSTOMERS: DatasetSpec = {
  columns: [column('id', 'integer', 'primaryKey: true'), column('region', 'string', 'primaryKey: true'), column('version', 'number'), column('name', 'string'), column('at', 'time')],
  record: 'nullTokens: [""]', custom: { headraceHistory: 'changes', headraceLineageColumns: 'true', headraceDedupe: '{ orderBy: [{ column: version, direction: desc, nulls: last }, { column: at, direction: asc }], keep: first }' },
};
/** A removal lets go of all of it when it is old. */
const ORDERS: DatasetSpec = {
  columns: [
    column('id', 'integer'), column('city', 'string', 'partitioned: true'),
    column('buyer', '{ logicalType: object, properties: [{ name: name, logicalType: string }, { name: since, logicalType: date }, { name: tags, logicalType: array, items: { logicalType: string } }] }'),
    column('lines', '{ logicalType: array, items: { logicalType: object, properties: [{ name: sku, logicalType: string }, { name: fare, logicalType: number, physicalType: "decimal(10,2)" }] } }'),
  ],
  record: 'format: ndjson', retention: 'value: 10, unit: d',
};
const ORDER_LINES = [
  '{"id": 1, "city": "Berlin", "buyer": {"name": "é", "since": "2024-02-29", "tags": ["a", "", null]}, "lines": [{"sku": "x", "fare": 1.5}, {"sku": null}, {"sku": "y", "fare": -0.01}]}',
  '{"id": 2, "city": null, "buyer": {"tags": []}, "lines": []}', '{"id": 3, "city": "a/b", "buyer": null, "lines": null}', '{"id": 4, "buyer": {}, "lines": [{"fare": 99999999.99}]}',
];

const customers = (...rows: string[]): string => `id,region,version,name,at\n${rows.join('\n')}\n`;

/** Further jobs, and whose rows their tables have. */
const SEEN: Readonly<Record<string, string>> = { 'the last job, a week later': 'the last job', 'nothing new': 'after rows of others', 'an older rule': 'another order' };

(icebergPython === undefined ? describe.skip : describe)('Iceberg tables (needs scripts/install-engines.sh and Java)', () => {
  let tables: IcebergBench;

  beforeAll(async () => {
    tables = await IcebergBench.start();
    await ingestEvents(tables);
    if (WHOLE) await ingestPrices(tables);
    await ingestCustomers(tables);
    await ingestOrders(tables);
    await tables.run(icebergPython!);
  }, TIMEOUT_MS);
  afterAll(async () => { await tables?.close(); });

  const seqs = (title: string): (string | null)[] => tables.state(title).snapshots.map(([, seq]) => seq);
  const last = (title: string): readonly [string, string | null] => tables.state(title).snapshots.at(-1)!;

  test.each(WHOLE ? [...STATES, ...FURTHER_STATES] : STATES)('have the rows of the view, cell by cell: %s', async (title) => {
    expect(await tables.rows(title)).toEqual(tables.view(SEEN[title] ?? title));
    // A reader that knows no delete files, and one that reads the branch by mistake, see the same.
    expect(tables.state(title)).toMatchObject({ deletes: 0 });
    expect(tables.state(title).failure).toBeUndefined();
  });

  test('have the types of the contract, and columns that tell where a row came from', () => {
    expect(tables.state('an added column').columns).toEqual([
      'id bigint', 'city string', 'i8 int', 'i16 int', 'i32 int', 'i64 bigint', 'u8 int', 'u16 int', 'u32 bigint', 'u64 decimal(20,0)', 'money decimal(10,2)',
      'small decimal(4,4)', 'big decimal(38,10)', 'whole decimal(38,0)', 'f32 float', 'f64 double', 'ok boolean', 'day date', 'at timestamp_ntz', 'instant timestamp',
      'clock string', 'note string', 'tag string', 'iso string', 'uid string', 'bytes binary', '_headrace_attempt string', '_headrace_ingest_seq bigint', '_headrace_seq bigint', 'remark string',
    ]);
  });

  wholeTest('get one snapshot for all commits since the last, none where there are none, and one without rows for a compaction', () => {
    expect(seqs('two more batches')).toEqual(['0', '1', '3']);
    expect(tables.state('the same again')).toEqual({ ...tables.state('two more batches'), files: expect.anything() as unknown });
    expect(tables.state('an older run').snapshots).toEqual(tables.state('two more batches').snapshots);
    expect(last('compacted')).toEqual(['append', '4']);
  });

  test.each(WHOLE ? ['branch', 'rows', 'visible'] : ['rows', 'visible'])('hold each row once when a job is killed at %s', async (place) => {
    const title = `after kills, killed at ${place}`;
    expect(tables.state(title).failure).toBe('killed');
    expect(await tables.rows(title)).toEqual(tables.view(place === 'visible' ? 'after kills' : 'an added column'));
  });

  test('do not change again when the job that was killed had come to its end', () => {
    const ours = (title: string): unknown => tables.state(title).snapshots.filter(([operation]) => operation !== 'replace');
    expect(ours('after kills')).toEqual(ours('after kills, killed at visible'));
  });

  wholeTest('hold each row once when a job is met by another one', async () => {
    const title = 'the last job, met by a job that waits';
    expect(tables.state(title).failure).toBeUndefined();
    expect(await tables.rows(title)).toEqual(tables.view('the last job'));
    expect(await tables.rows('the last job')).toEqual(tables.view('the last job'));
  });

  wholeTest('drop the branches of jobs that end, and of those that died when they are old', () => {
    expect(tables.state('after kills').branches).toHaveLength(3);
    expect(tables.state('the last job').branches).toEqual(tables.state('after kills').branches);
    expect(tables.state('the last job, a week later').branches).toEqual([]);
    expect(tables.state('keys').branches).toEqual([]);
  });

  test('merge by key what is new, and write all rows again only where a batch was superseded or the rule is another', () => {
    expect(seqs('changes and ties').slice(-2)).toEqual([null, '3']);
    expect(last('changes that were superseded')).toEqual(['overwrite', '4']);
    expect(last('another order')[0]).toBe('overwrite');
  });

  wholeTest('lose files of small batches and snapshots that are too old, but no row, and still say how far they are', () => {
    expect(tables.state('the last job').snapshots.some(([operation]) => operation === 'replace')).toBe(true);
    // Nothing was published since: an expiry needs no news.
    expect(tables.state('nothing new').snapshots).toEqual([last('after rows of others')]);
    // Rewrites since then have the same rows, and do not name a commit.
    expect(tables.state('the last job, a week later').snapshots).toEqual(tables.state('the last job').snapshots.slice(seqs('the last job').map((seq) => seq !== null).lastIndexOf(true)));
  });

  test('are never taken back by a job of an older rule', () => {
    expect(tables.state('an older rule').failure).toBeUndefined();
    expect(tables.state('an older rule').snapshots).toEqual(tables.state('another order').snapshots);
  });

  test('hold objects and arrays with the types of the contract, and nothing of what a removal let go', () => {
    expect(tables.state('objects and arrays').columns.slice(2, 4)).toEqual(['buyer struct<name:string,since:date,tags:array<string>>', 'lines array<struct<sku:string,fare:decimal(10,2)>>']);
    expect(tables.view('objects and arrays')).toHaveLength(ORDER_LINES.length);
    expect(tables.view('a removal alone')).toEqual([]);
    expect(tables.state('a removal alone').snapshots.slice(-2)).toEqual([['delete', null], ['append', '2']]);
  });

  test('lose files that dead jobs left a week ago, and no younger ones or others beside the table', () => {
    expect(tables.state('an older rule').orphans).toEqual(['data/of-6-days.parquet', '../beside-of-8-days.parquet']);
  });

  test('refuse columns that the contract does not have', () => {
    expect(tables.state('a column that went').failure).toBe(
      'customers.trips_iceberg has columns that the contract does not have: name. Fix: declare them again, or remove them with ALTER TABLE customers.trips_iceberg DROP COLUMN name and start the next attempt',
    );
  });
});

async function ingestEvents(tables: IcebergBench): Promise<void> {
  const { bench } = tables;
  await tables.begin('events', events());
  await bench.ingest('r1', [eventRows(0, 40)]);
  await tables.step('first rows', 's1-a1', await bench.run('s1'));
  await bench.ingest('r2', [eventRows(100, 20), eventRows(200, 3)]);
  await bench.ingest('r3', [eventRows(300, 5)]);
  await tables.step('two more batches', 's2-a1', await bench.run('s2'), [], WHOLE);
  if (WHOLE) {
    tables.job('the same again', 'two more batches');
    tables.job('an older run', 'first rows');
    await tables.step('compacted', 'm1-a1', await bench.run('m1', 1, { operation: 'compact' }));
  }
  await bench.ingest('r4', [eventRows(400, 7)], ['r2']);
  await tables.step('a batch that was ingested again', 's3-a1', await bench.run('s3'));
  await bench.mend(events([column('remark', 'string')]));
  await bench.ingest('r5', [withRemark(eventRows(500, 4))]);
  await tables.step('an added column', 's4-a1', await bench.run('s4'));
  await bench.ingest('r6', [withRemark(eventRows(600, 3))]);
  await tables.step('after kills', 's5-a1', await bench.run('s5'), [...(WHOLE ? [{ killed: 'branch' as const }] : []), { killed: 'rows' }, { killed: 'visible' }]);
  if (!WHOLE) return;
  const further = async (title: string, run: number, fates: Parameters<IcebergBench['step']>[3], runs = true): Promise<void> => {
    await bench.ingest(`r${run + 1}`, [withRemark(eventRows(100 * run + 1_000, 2))]);
    await tables.step(title, `s${run}-a1`, await bench.run(`s${run}`), fates, runs);
  };
  await further('a job that waits', 6, [], false);
  await further('the last job', 7, [{ meets: 'a job that waits' }]);
  tables.job('the last job, a week later', 'the last job', { weekLater: true, retentionHours: 0 });
}

async function ingestPrices(tables: IcebergBench): Promise<void> {
  const { bench } = tables;
  await tables.begin('prices', PRICES);
  await bench.ingest('r1', ['id,price\n1,1.50\n2,2.5\n']);
  await tables.step('a snapshot', 's1-a1', await bench.run('s1'));
  await bench.ingest('r2', ['id,price\n1,1.75\n3,3\n']);
  await tables.step('a newer snapshot', 's2-a1', await bench.run('s2'));
  await bench.mend(PRICES, { codeVersion: '2.0.0' });
  await tables.step('the older one again', 'm1-a1', await bench.run('m1', 1, { operation: 'rerun', run: 's1' }));
  await bench.ingest('r3', ['id,price\n']);
  await tables.step('an empty one', 's3-a1', await bench.run('s3'));
  await bench.ingest('r4', ['id,price\n4,4\n']);
  await tables.step('after rows of others', 's4-a1', await bench.run('s4'), [], false);
  tables.job('after rows of others', 'after rows of others', { sql: 'INSERT INTO headrace.prices.trips_iceberg VALUES (9, 9.99, \'by hand\', 0, 0)' });
  tables.job('nothing new', 'after rows of others', { retentionHours: 0 });
}

async function ingestCustomers(tables: IcebergBench): Promise<void> {
  const { bench } = tables;
  await tables.begin('customers', CUSTOMERS);
  await bench.ingest('r1', [customers('1,x,1,one,', '2,x,5,two,', '3,x,,three,', '4,x,NaN,four,', '5,x,2,five,10:00:00.5')]);
  await tables.step('keys', 's1-a1', await bench.run('s1'));
  await bench.ingest('r2', [customers('1,x,2,one newer,', '2,x,4,two older,', '3,x,,three tie,', '4,x,1e300,four,', '5,x,2.0,five earlier,09:59:59', '6,x,1,six,', '1,y,0,other,')]);
  await bench.ingest('r3', [customers('6,x,1,six tie,', '6,y,,,', '2,x,-0.0,two,')]);
  await tables.step('changes and ties', 's2-a1', await bench.run('s2'));
  await bench.ingest('r4', [customers('1,x,1,one later,', '7,x,1,seven,')], ['r2']);
  await tables.step('changes that were superseded', 's3-a1', await bench.run('s3'));
  await bench.mend({ ...CUSTOMERS, custom: { ...CUSTOMERS.custom, headraceDedupe: '{ orderBy: [{ column: name, direction: asc }], keep: last }' } });
  await bench.ingest('r5', [customers('1,x,0,zz,', '2,x,9,aa,')]);
  await tables.step('another order', 's4-a1', await bench.run('s4'));
  tables.job('an older rule', 'changes that were superseded', { orphans: true });
  await bench.mend({ ...CUSTOMERS, columns: CUSTOMERS.columns.filter(({ name }) => name !== 'name') });
  await bench.ingest('r6', ['id,region,version,at\n1,x,0,\n']);
  await tables.step('a column that went', 's5-a1', await bench.run('s5'));
}

async function ingestOrders(tables: IcebergBench): Promise<void> {
  const { bench } = tables;
  await tables.begin('orders', ORDERS);
  await bench.ingest('r1', [`${ORDER_LINES.join('\n')}\n`]);
  await tables.step('objects and arrays', 's1-a1', await bench.run('s1'));
  await tables.step('a removal alone', 'v1-a1', await bench.vacuum('v1', 30));
}
