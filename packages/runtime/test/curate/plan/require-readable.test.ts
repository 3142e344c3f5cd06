import { READABLE_FORMATS, requireContract } from '../../../src/contract';
import { requireOpenable, requireReadable } from '../../../src/curate/plan/require-readable';
import { contractText } from '../../_fixtures/ingest-stage';

const contract = (record: string) => requireContract(contractText(['trips'], record), 'c.yaml');

test('curate refuses a format that only lands, by name and with the cure', () => {
  expect(() => { requireReadable(contract('{ format: text }')); }).toThrow(/curate reads csv, ndjson, json, xml with recordsAt, fixed-width with fields, parquet, avro and excel; trips \(text\).*a contract of their own/);
  for (const format of READABLE_FORMATS) expect(() => { requireReadable(contract(`{ format: ${format}${{ xml: ', recordsAt: /rows/row', 'fixed-width': ', fields: [{ name: id, start: 1, length: 8 }, { name: note, start: 9, length: 8 }]' }[format as string] ?? ''} }`)); }).not.toThrow();
});

test.each(['zip', 'zstd'] as const)('curate refuses a part in %s where another archive is declared, and opens it otherwise', (compression) => {
  const [dataset] = contract('{ format: csv, compression: gzip }').datasets;
  expect(() => { requireOpenable(dataset!, 'k', compression); }).toThrow(`k of trips begins as ${compression}, and the contract says gzip`);
  expect(() => { requireOpenable(dataset!, 'k', 'gzip'); }).not.toThrow();
  for (const declared of ['auto', 'none', compression]) {
    const [open] = contract(`{ format: csv, compression: ${declared} }`).datasets;
    expect(() => { requireOpenable(open!, 'k', compression); }).not.toThrow();
  }
});
