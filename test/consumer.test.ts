import { execFileSync, execSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { V } from '../projenrc/versions';
import { packed, ROOT } from './repository';

/**
 * The packages as a user gets them: packed, installed by npm into a folder outside the repository, and used by the very
 * commands of the README. Only the registry's names are replaced by the tarballs, since what is tested is not published.
 * The CDK is the newest that is supported; every other test runs with the oldest (ADR-0067).
 */
const ROWS = 500;

let folder: string;
let commands: string[];
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-consumer-'));
  chmodSync(folder, 0o755);
  const block = /<!-- consumer-test -->\n```sh\n([\s\S]*?)```/.exec(readFileSync(path.join(ROOT, 'README.md'), 'utf8'))?.[1] ?? '';
  const tarballs = new Map(packed('--pack-destination', folder).map(({ name, filename }) => [name, `./${path.basename(filename)}`]));
  commands = block.trim().split('\n').map((line) => (!line.startsWith('npm install') ? line : line.split(' ').map((word) => tarballs.get(word) ?? pinned(word)).join(' ')));
  writeFileSync(path.join(folder, 'trips.csv'), ['id,started_at,fare,city', ...Array.from({ length: ROWS }, (_, i) =>
    `${i + 1},2026-01-${String((i % 28) + 1).padStart(2, '0')} 08:00:00,${(i / 4).toFixed(2)},"Zürich, ${i}"`)].join('\n') + '\n');
});
afterAll(() => {
  if (existsSync(path.join(folder, 'node_modules', '.bin', 'headrace'))) execFileSync('npx', ['headrace', 'down', '--delete'], { cwd: folder });
  rmSync(folder, { recursive: true, force: true });
});

test('the first pipeline of the README runs in a fresh app, from the packed packages', () => {
  expect(commands).toHaveLength(6);
  expect(commands.join(' ')).toContain(`aws-cdk-lib@${V.cdkLatest}`);
  const outputs = commands.map((command) => execSync(command, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CI: '' } }));
  expect(outputs[2]).toContain('wrote contracts/trips.odcs.yaml');
  expect(outputs[3]).toContain(`trips: Athena sees ${ROWS} rows, PostgreSQL sees ${ROWS} rows`);
  expect(outputs[4]).toMatch(new RegExp(`^\\s*${ROWS}$`, 'm'));
  expect(outputs[5]).toMatch(new RegExp(`^\\s*${ROWS}$`, 'm'));
}, 400_000);

test('the drafted app passes its own drafted test', () => {
  execFileSync('node', ['--test'], { cwd: folder, stdio: 'pipe' });
}, 120_000);

test('nothing of the assembly leads back into the repository', () => {
  const assembly = path.join(folder, '.headrace', 'cdk.out');
  const templates = readdirSync(assembly).filter((file) => /\.(template|assets)\.json$/.test(file) || file === 'manifest.json');
  expect(templates.length).toBeGreaterThan(2);
  for (const file of templates) expect(readFileSync(path.join(assembly, file), 'utf8')).not.toContain(ROOT);
});

/** The versions that the repository tests with: what is newest on the registry today proves nothing about tomorrow. */
function pinned(word: string): string {
  if (word === 'aws-cdk-lib') return `${word}@${V.cdkLatest}`;
  const file = path.join(ROOT, 'node_modules', word, 'package.json');
  return existsSync(file) ? `${word}@${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}` : word;
}
