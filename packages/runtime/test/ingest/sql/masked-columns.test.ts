import { exportFields } from '../../../src/ingest/sql/source-columns';
import { testContract } from '../../curate/_fixtures/contract-text';

test('an export has masked columns as the source has them, dropped ones too: they are masked on the way to Curated', () => {
  const mask = (method: string): string => `customProperties: [{ property: headraceMask, value: { method: ${method} } }]`;
  const [dataset] = testContract({ columns: [{ name: 'id', type: 'integer', more: mask('hash') }, { name: 'iban', type: 'string', more: mask('drop') }] }).datasets;
  const there = [{ name: 'id', type: 'bigint', family: 'integer' }, { name: 'iban', type: 'text', family: 'text' }] as const;
  expect(exportFields(dataset!, there).map(({ column: { name, type } }) => [name, type.kind])).toEqual([['id', 'integer'], ['iban', 'string']]);
});
