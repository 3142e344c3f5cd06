import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { readSample } from '../../src/scaffold/read-sample';

describe('a sample of data', () => {
  let folder: string;
  beforeAll(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-sample-test-')); });
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  const sampleOf = async (content: string | Buffer, name = 'trips.json') => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return readSample(file, AbortSignal.timeout(10_000));
  };

  test.each([
    ['an array', '[{"a":1,"b":"x"},{"a":null}]', { format: 'json', recordsAt: '', fields: ['a', 'b'], records: [['1', 'x'], [null, null]] }],
    ['an array, with numbers as they are written', '[{"id":18446744073709551615,"price":1.10}]', { records: [['18446744073709551615', '1.10']] }],
    ['an array with a byte order mark', '\ufeff[{"a":1}]', { format: 'json', recordsAt: '' }],
    ['an object over several lines', '{\n "a": 1\n}\n', { format: 'json', recordsAt: '', records: [['1']] }],
    ['an envelope', '{"links":[{"rel":"next"}],"data":{"all items":[{"a":1},{"a":2},{"a":3}]}}', { format: 'json', recordsAt: '/data/all items', fields: ['a'] }],
    ['an envelope over several lines, with odd names', '{\n"a/b": {"m~n": [{"a":1},\n{"a":2}]}\n}', { format: 'json', recordsAt: '/a~1b/m~0n' }],
    ['objects in lines', '{"a":1}\n{"a":2}\n', { format: 'ndjson', fields: ['a'] }],
    ['one object in one line', '{"a":1}\n', { format: 'ndjson', fields: ['a'] }],
    ['objects in lines that hold lists', '{"a":[{"x":1}],"b":1}\n{"a":null}\n', { format: 'ndjson', fields: ['a', 'b'], nested: ['a'], records: [['[{"x":1}]', '1'], [null, null]] }],
    ['CSV', 'a,b\n1,x\n', { format: 'csv', fields: ['a', 'b'] }],
    ['CSV in Latin letters of one byte', Buffer.from('name;n\nZo\xeb;1\n', 'latin1'), { format: 'csv', encoding: 'iso-8859-1', fields: ['name', 'n'], records: [['Zoë', '1']] }],
    ['CSV of Windows', Buffer.from('name,n\n\x80,1\n', 'latin1'), { encoding: 'windows-1252', records: [['€', '1']] }],
    ['CSV in UTF-16', Buffer.from('\ufeffname,n\nZoë,1\n', 'utf16le'), { encoding: 'utf-16', fields: ['name', 'n'], records: [['Zoë', '1']] }],
    ['objects in lines, in Latin letters of one byte', Buffer.from('{"a":"Zo\xeb"}\n{"a":"b"}\n', 'latin1'), { format: 'ndjson', encoding: 'iso-8859-1', records: [['Zoë'], ['b']] }],
    ['an array in UTF-16', Buffer.from('\ufeff[{"ä":"Zoë"}]', 'utf16le'), { format: 'json', encoding: 'utf-16', fields: ['ä'], records: [['Zoë']] }],
    ['a last line of Latin letters without an end', Buffer.from('name\nb\nZo\xeb', 'latin1'), { encoding: 'iso-8859-1', records: [['b'], ['Zoë']] }],
  ])('is read as %s', async (_title, content, sample) => {
    expect(await sampleOf(content)).toMatchObject(sample);
  });

  test('of UTF-8 has no encoding', async () => {
    expect(await sampleOf('name,n\nZoë,1\n')).not.toHaveProperty('encoding');
  });

  test.each([
    ['XML', '<?xml version="1.0"?><rows><row/></rows>', 'is XML, and a contract is drafted from CSV, NDJSON, JSON and workbooks, also gzipped; .* write headraceRecord: { format: xml, recordsAt: /rows/row }'],
    ['Parquet', 'PAR1\x15', 'is a Parquet file'],
    ['Avro', 'Obj\x01\x04', 'is an Avro file'],
  ])('is not taken of %s', async (_title, content, message) => {
    await expect(sampleOf(Buffer.from(content, 'latin1'), 'trips.bin')).rejects.toThrow(new RegExp(message.replaceAll('/', '\\/')));
  });

  test.each(['', ' ', '  '])('is read of a long document that is one line, gzipped, as far as it is looked at, and be that within a character', async (before) => {
    const record = `{"a":1,"text":"${'é€'.repeat(800)}"}`;
    const sample = await sampleOf(gzipSync(`${before}{"total":3000,"items":[${Array.from({ length: 3_000 }, () => record).join(',')}]}`), 'trips.json.gz');
    expect(sample).toMatchObject({ format: 'json', recordsAt: '/items', fields: ['a', 'text'] });
    expect(sample).not.toHaveProperty('encoding');
    expect(sample.records.length).toBeGreaterThan(1_500);
    expect(sample.records.length).toBeLessThan(3_000);
  });

  test('is read of a workbook where its table begins, with days and times as ISO texts', async () => {
    const workbook = readFileSync(path.join(__dirname, '../_fixtures/orders.xlsx'));
    const sample = await sampleOf(workbook, 'orders.xlsx');
    expect(sample).toMatchObject({ format: 'excel', sheet: 'Orders 2024', range: 'B4', header: true, fields: ['Order No', 'Customer', 'Ordered', 'Shipped at', 'Total', 'Paid'] });
    expect([sample.records.length, sample.records[0], sample.records[3]]).toEqual([12, ['1001', 'Customer 0', '2024-02-27', '2024-03-01T08:30:00.000', '19.99', 'true'], ['1004', 'Customer 0', '2024-03-01', null, '20.29', 'false']]);
    await expect(sampleOf(workbook.subarray(0, -30), 'cut.xlsx')).rejects.toThrow(/cut\.xlsx cannot be read: it is not a whole workbook/);
  });

  test.each([
    ['nothing', ' \n', 'is empty: a contract cannot be drafted from it'],
    ['text after the document', '{"items":[]\n}\n{', 'is not one well-formed JSON document: expected nothing after the document, at byte 14, line 3'],
    ['an empty array', '[]', 'has no records'],
    ['records that are no objects', '[1,2]', 'record 1 at the top cannot be read: the record is not a JSON object'],
    ['a broken document', '[{"a":1},]', 'is not one well-formed JSON document: expected a value, at byte 9, line 1'],
  ])('fails with its name when there is %s', async (_title, content, message) => {
    await expect(sampleOf(content)).rejects.toThrow(message);
  });
});
