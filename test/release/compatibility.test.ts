import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { compatibility, compatibilityTable } from '../../release/compatibility';
import { git } from '../../release/history';
import { ROOT } from '../repository';

test('the page says what the tags and the sources of now say', () => {
  const page = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8');
  const rows = compatibility(ROOT);
  const hasTags = git(ROOT, 'tag', '--list', '@headrace/*').trim() !== '';
  if (hasTags) expect(page).toContain(compatibilityTable(rows));
  // A clone without tags knows no versions, and of each stage only what holds now.
  const withoutVersions = (text: string) => text.replace(/\| (from|after) [\d.]+ \|/g, '|');
  for (const row of rows) expect(withoutVersions(page)).toContain(withoutVersions(compatibilityTable([row])).split('\n').at(-1));
});

test('a row begins where a release writes other documents or asks for another CDK, and stays the same when the next release is tagged', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'headrace-compatibility-'));
  try {
    const run = (...args: string[]) => execFileSync('git', ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.com', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const write = (documents: number, cdk: string) => {
      for (const [file, text] of Object.entries({
        'package.json': JSON.stringify({ workspaces: ['packages/tap'] }),
        'packages/tap/package.json': JSON.stringify({ name: 'tap', jsii: { targets: {} }, peerDependencies: { 'aws-cdk-lib': cdk }, engines: { node: '>= 20' } }),
        'packages/runtime/src/run/manifest.ts': `export const SCHEMA_VERSION = ${documents};\n`, 'packages/runtime/src/contract/parse-contract.ts': "apiVersion === 'v3.1.0'\n",
      })) {
        mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
        writeFileSync(path.join(root, file), text);
      }
      run('add', '.');
      run('commit', '-q', '--allow-empty', '-m', 'feat: a');
    };
    run('init', '-q', '-b', 'main');
    write(1, '^2.1.0');
    expect(compatibility(root).map(({ since }) => since)).toEqual(['from 0.1.0']);
    for (const version of ['0.9.0', '0.10.0']) run('tag', `tap@${version}`);
    write(2, '^2.1.0');
    const before = compatibilityTable(compatibility(root));
    expect(before.split('\n').slice(2)).toEqual([
      '| `tap` | from 0.9.0 | 1 | 1 | v3.1.0 | ^2.1.0 | >= 20 |', '| `tap` | after 0.10.0 | 2 | 1 and 2 | v3.1.0 | ^2.1.0 | >= 20 |',
    ]);
    run('tag', 'tap@0.11.0');
    expect(compatibilityTable(compatibility(root))).toBe(before);
    write(2, '^2.5.0');
    expect(compatibility(root).map(({ since }) => since)).toEqual(['from 0.9.0', 'after 0.10.0', 'after 0.11.0']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
