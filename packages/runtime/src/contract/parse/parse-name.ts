import type { MapReader } from './map-reader';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** DuckDB reads no Parquet file with such a column once it is asked for the numbers of rows. */
const ENGINE_WORD = 'file_row_number';

/** Reads a `name` that becomes a key, a table or a column, so it must be safe everywhere. */
export function parseName(reader: MapReader, what: 'column' | 'member' | 'dataset'): string | undefined {
  const name = reader.requiredText('name', `write name: of the ${what}`);
  if (name === undefined) return undefined;
  if (what === 'column' && name === ENGINE_WORD) {
    reader.problem('name', {
      rule: 'name', value: JSON.stringify(name), message: 'the engine counts the rows of a file by this name, and reads no file that has such a column',
      fix: `write another name and, with headraceSource, field: ${JSON.stringify(name)}`,
    });
    return undefined;
  }
  if (NAME.test(name)) return name;
  const cured = name.toLowerCase().replace(/[^a-z0-9_]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 63);
  const legal = cured === '' ? 'name' : cured;
  reader.problem('name', {
    rule: 'name', value: JSON.stringify(name), message: `a ${what} name has 1 to 63 lower case letters, digits and _, and begins with a letter`,
    fix: what !== 'dataset' ? `write name: ${legal} and, with headraceSource, field: ${JSON.stringify(name)}` : `write name: ${legal}`,
  });
  return undefined;
}
