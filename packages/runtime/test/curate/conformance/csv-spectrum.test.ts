import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RowsBench } from '../_fixtures/rows-bench';

const SPECTRUM = dirname(require.resolve('csv-spectrum'));

let bench: RowsBench;
beforeAll(async () => { bench = await RowsBench.start(); });
afterAll(async () => { await bench.close(); });

/** What is not CSV by RFC 4180, as readers differ on it; and the code of its records. */
const REFUSED: Readonly<Record<string, string>> = {
  // A quote inside of a field without quotes; what the collection expects of it are the values of another file.
  location_coordinates: 'QUOTE',
};

test.each(readdirSync(join(SPECTRUM, 'csvs')).map((file) => file.replace('.csv', '')))('csv-spectrum %s', async (name) => {
  const csv = readFileSync(join(SPECTRUM, 'csvs', `${name}.csv`));
  const json = JSON.parse(readFileSync(join(SPECTRUM, 'json', `${name}.json`), 'utf8')) as Record<string, string> | Record<string, string>[];
  const records = Array.isArray(json) ? json : [json];
  const fields = Object.keys(records[0]!);
  const columns = fields.map((field, index) => ({ name: `c${index}`, type: 'string', more: `customProperties: [{ property: headraceSource, value: { field: ${JSON.stringify(field)} } }]` }));
  const { rows, quarantine } = await bench.curate({ columns, record: 'format: csv, multiline: true, nullTokens: []' }, csv);
  const refused = REFUSED[name];
  expect(quarantine.map(({ code }) => code)).toEqual(refused === undefined ? [] : records.map(() => refused));
  expect(rows).toEqual(refused === undefined ? records.map((record) => fields.map((field) => record[field])) : []);
});
