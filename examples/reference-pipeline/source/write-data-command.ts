/** usage: node write-data-command.js <folder> [records] */
import * as path from 'node:path';
import { writeSourceFiles } from './write-data';

const [folder, records] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: node write-data-command.js <folder> [records]\n');
  process.exitCode = 2;
} else {
  void writeSourceFiles(path.resolve(folder), records === undefined ? undefined : Number(records)).then(
    ({ expected }) => process.stdout.write(`${Object.entries(expected).map(([term, count]) => `${term} ${count}`).join(', ')}\n`),
    (error: Error) => { process.stderr.write(`${error.message}\n`); process.exitCode = 1; });
}
