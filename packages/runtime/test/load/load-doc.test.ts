import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { mysqlGrantScript } from '../../src/load/mysql/ledger/ledger-ddl';
import { OLDEST } from '../../src/load/mysql/server-version';
import { grantScript } from '../../src/load/postgres/ledger/ledger-ddl';
import { WRITE_MODES } from '../../src/load/write-modes';

const ROOT = path.resolve(__dirname, '../../../..');
const DOC = readFileSync(path.join(ROOT, 'docs/load.md'), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    return entry.isDirectory() ? sources(name) : [readFileSync(name, 'utf8')];
  });
}

describe('docs/load.md', () => {
  test('has the script that the code makes', () => {
    expect(DOC).toContain(grantScript({ ledgerSchema: 'headrace', targetSchema: 'app', tables: ['trips'], role: 'loader' }));
  });

  test('has the script for MySQL that the code makes', () => {
    expect(DOC).toContain(mysqlGrantScript({ ledgerSchema: 'headrace', targetSchema: 'app', tables: ['trips', 'zones'], replaced: ['zones'], role: 'loader', flavour: 'mysql' }));
  });

  test('has the oldest servers', () => {
    expect(DOC).toContain(`MySQL ${OLDEST.mysql.join('.')}, MariaDB ${OLDEST.mariadb.slice(0, 2).join('.')} or later`);
  });

  test('has every error code that a load can end with', () => {
    const text = sources(path.join(ROOT, 'packages/runtime/src/load')).join('\n');
    const made = text.matchAll(/(?:userError|transientError|new PipelineError|partError)\(\s*'([A-Z_]+)'|\['(TARGET[A-Z_]*)'|\], '(TARGET[A-Z_]*)'/g);
    const codes = new Set([...made].map((match) => (match[1] ?? match[2] ?? match[3]) as string));
    for (const elsewhere of ['WINDOW', 'START', 'EVENT', 'CONFIG']) codes.delete(elsewhere);
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].filter((code) => !DOC.includes(`\`${code}\``))).toEqual([]);
  });

  test.each(Object.entries(WRITE_MODES))('has the write modes of history %s', (history, modes) => {
    const line = DOC.split('\n').find((candidate) => candidate.startsWith(`| \`${history}\` |`));
    expect(line?.split('|').slice(2, 4).join(',').split(',').map((mode) => mode.trim()).filter((mode) => mode !== '')).toEqual([...modes]);
  });
});
