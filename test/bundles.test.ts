import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CONSTRUCTS, ROOT, runScript } from './repository';

let folders: string[];

beforeAll(() => {
  // Different depths: a path that leaks into a bundle shows as a difference.
  const base = mkdtempSync(path.join(tmpdir(), 'bundles-'));
  folders = [path.join(base, 'a'), path.join(base, 'b/deeper/down')];
});

afterAll(() => rmSync(path.dirname(folders[0]), { recursive: true, force: true }));

describe.each(CONSTRUCTS)('%s', (construct) => {
  test('bundles to the same bytes each time', () => {
    const [first, second] = folders.map((folder) => {
      const out = path.join(folder, construct);
      runScript('bundle.mjs', construct, out);
      return hashes(out);
    });

    expect(Object.keys(first)).toContain('assets/task/Dockerfile');
    expect(second).toEqual(first);
  });

  test('bundles nothing of the machine that made it', () => {
    const out = path.join(folders[0], construct);

    const leaking = Object.keys(hashes(out)).filter((file) => readFileSync(path.join(out, file), 'utf8').includes(ROOT));

    expect(leaking).toEqual([]);
  });

  test('bundles in lines that a terminal can show, since Node prints that of an uncaught error', () => {
    const text = readFileSync(path.join(folders[0], construct, 'assets/contract/index.js'), 'utf8');

    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(1000);
  });
});

function hashes(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [path.relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')];
  }));
}
