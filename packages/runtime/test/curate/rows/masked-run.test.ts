import { createHmac } from 'node:crypto';
import type { Dataset } from '../../../src/contract';
import { readMaskSalt } from '../../../src/curate/rows/mask-salt';
import { Report } from '../../../src/report/report';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';

const SALT = 'salt of the tests, 28 bytes.';
const hash = (text: string): string => createHmac('sha256', SALT).update(text).digest('hex');
const mask = (value: string): string => `customProperties: [{ property: headraceMask, value: ${value} }]`;

const PEOPLE: DatasetSpec = {
  columns: [
    { name: 'id', type: 'i32', more: `primaryKey: true\n        ${mask('{ method: hash }')}` },
    { name: 'iban', type: 'string', more: `logicalTypeOptions: { pattern: "^DE[0-9]+$" }\n        quality: [{ id: ibans, metric: nullValues, mustBe: 1 }]\n        ${mask('{ method: drop }')}` },
    { name: 'street', type: 'string', more: `required: true\n        ${mask('{ method: redact, text: "***" }')}` },
    { name: 'born', type: 'date', more: `required: true\n        ${mask('{ method: redact }')}` },
    { name: 'fee', type: 'decimal(6,2)', more: mask('{ method: hash }') },
    { name: 'city', type: 'string' },
  ],
};
const LINES = ['1,DE11,Alleestrasse,1999-01-01,1.5,Bonn', '2,,Birkenweg,1999-01-02,1.50,', '3,FR33,Cedernweg,1999-01-03,2,Bonn', 'x,DE44,Dorfplatz,1999-01-04,2,Bonn'];
const HEADER = 'id,iban,street,born,fee,city\n';
const CLEAR = /DE11|DE44|FR33|strasse|weg|Dorfplatz|1999/;

describe('a run with masked columns', () => {
  let bench: CurateBench;

  beforeAll(async () => {
    bench = await CurateBench.start();
    bench.maskSalt = SALT;
  });
  afterAll(async () => { await bench.close(); });

  const EXPECTED = [[hash('1'), '***', null, hash('1.50'), 'Bonn'], [hash('2'), '***', null, hash('1.50'), null]].sort();

  test.each([['1,DE11,Alleestrasse,1999-01-01,1.5,Bonn\n'], ['id,iban,street,born,fee,Alleestrasse\n'], ['1,"DE11"x,Alleestrasse,1999-01-01,1.5,Bonn\n']])('tells nothing of a first line that is no header: %#', async (line) => {
    await bench.reset(PEOPLE);
    await bench.ingest('r1', [line]);
    const failure = await bench.run('s1').catch((error: Error) => error) as Error & { facts?: unknown };
    expect(failure.message).toMatch(/header/);
    expect(`${failure.message} ${JSON.stringify(failure.facts)} ${bench.lines.join()}`).not.toMatch(CLEAR);
  });

  test('stores masks alone, checks the clear values, and keeps rejected bytes in quarantine only', async () => {
    await bench.reset(PEOPLE);
    await bench.ingest('r1', [`${HEADER}${LINES.join('\n')}\n`]);
    await bench.run('s1');
    expect((await bench.view()).sort()).toEqual(EXPECTED);
    const [manifest] = await bench.manifests();
    expect(manifest).toMatchObject({ masks: { id: 'hash', iban: 'drop', street: 'redact', born: 'redact', fee: 'hash' }, quality: [{ rule: 'ibans', value: '1', passed: true }] });
    expect(manifest!.columns.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      ['id', { kind: 'string', length: 64 }, false], ['street', { kind: 'string' }, false], ['born', { kind: 'date' }, true], ['fee', { kind: 'string', length: 64 }, true], ['city', { kind: 'string' }, true],
    ]);
    expect((await bench.quarantine()).map(([, code, column, , raw]) => [code, column, raw])).toEqual([['PATTERN', 'iban', LINES[2]], ['TYPE', 'id', LINES[3]]]);
    expect((await bench.quarantine()).map(([,,, reason]) => reason).join()).not.toMatch(CLEAR);
    expect(bench.lines.join('\n')).not.toMatch(CLEAR);
  });

  test('never writes a clear value or the salt into a work document', async () => {
    await bench.reset(PEOPLE);
    await bench.ingest('r1', [`${HEADER}${LINES[0]}\n`]);
    const plan = await bench.plan('s1');
    await bench.rows(plan);
    expect(await bench.work('rows/')).toEqual([[hash('1'), '***', null, hash('1.50'), 'Bonn', false, null].map(String)]);
    const documents = bench.s3.keys('curated', 'lake/work/').filter((key) => key.endsWith('.json')).map((key) => bench.s3.objects.get(`curated/${key}`)!.body.toString());
    expect([...documents, ...bench.lines].join('\n')).not.toContain(SALT);
    expect(documents.join('\n')).not.toMatch(CLEAR);
  });

  test('gives the same for JSON', async () => {
    await bench.reset({ ...PEOPLE, record: 'format: ndjson' });
    const names = HEADER.trim().split(',');
    const record = (line: string) => JSON.stringify(Object.fromEntries(line.split(',').map((text, index) => [names[index], text === '' ? null : index === 0 ? Number(text) : index === 4 ? Number(text) : text])));
    await bench.ingest('r1', [LINES.slice(0, 2).map((line) => `${record(line)}\n`).join('')]);
    await bench.run('s1');
    expect((await bench.view()).sort()).toEqual(EXPECTED);
  });

  test('compares hashed keys, and shows none of their values when one stands twice', async () => {
    await bench.reset(PEOPLE);
    await bench.ingest('r1', [`${HEADER}${LINES[0]}\n${LINES[0]}\n`]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'KEY', message: expect.stringContaining(`for example id ${hash('1')}`) });
  });
});

describe('the salt', () => {
  const hashed = { name: 'people', columns: [{ name: 'a', mask: { method: 'hash' } }] } as unknown as Dataset;
  const lines: string[] = [];
  const report = new Report({ write: (line) => { lines.push(line); } });
  const read = (dataset: Dataset, arn: string | undefined, text: string) => readMaskSalt(dataset, arn, async () => text, { report });

  test('is not read where nothing is hashed', async () => {
    const clear = { ...hashed, columns: [{ name: 'a', mask: { method: 'drop' } }] } as unknown as Dataset;
    expect(await readMaskSalt(clear, 'arn:x', async () => { throw new Error('read'); }, { report })).toBeUndefined();
  });

  test('must be there, and long', async () => {
    await expect(read(hashed, undefined, SALT)).rejects.toMatchObject({ code: 'MASK_SALT', fault: 'user', message: expect.stringContaining('give maskSalt to the stage and deploy it') });
    await expect(read(hashed, 'arn:x', 'k'.repeat(15))).rejects.toMatchObject({ code: 'MASK_SALT', message: 'the secret arn:x has 15 bytes, and a mask salt at least 16; make one by random, and keep it: hashes of another are others' });
    expect(await read(hashed, 'arn:x', 'ü'.repeat(8))).toBe('ü'.repeat(8));
  });

  test('never stands in a line of the log', async () => {
    await read(hashed, 'arn:x', SALT);
    report.say('TASK_W0002', { key: SALT, reason: 'x' });
    expect(lines.join()).toContain('***');
    expect(lines.join()).not.toContain(SALT);
  });
});
