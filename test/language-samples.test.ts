import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from './repository';

const PAGE = path.join(ROOT, 'docs/languages.md');
const BLOCK = /(<!-- from (\S+): (.+) -->\n```(\w+)\n)([\s\S]*?)(```)/g;

test('the samples of each language are lines of the app that is tested in it', () => {
  const page = readFileSync(PAGE, 'utf8');
  const renewed = page.replace(BLOCK, (_, head: string, file: string, begin: string, _fence: string, _old: string, end: string) => `${head}${statement(file, begin)}${end}`);
  if (process.env.HEADRACE_WRITE_DOCS === '1') writeFileSync(PAGE, renewed);
  else expect(page).toBe(renewed);
});

test('every language of the page has samples of all that it shows, and nothing that is not tested', () => {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m).slice(1);
  expect(sections.map((section) => section.split('\n')[0])).toEqual(['TypeScript', 'Python', 'Java', 'Go']);
  for (const section of sections) {
    const fences = [...section.matchAll(/^```(\w+)$/gm)].map(([, language]) => language).filter((language) => language !== 'sh');
    expect(fences).toHaveLength([...section.matchAll(BLOCK)].length);
    expect([...section.matchAll(BLOCK)].map(([, , , , , code = '']) => /IngestStage|CurateStage/.exec(code)?.[0])).toEqual(['IngestStage', 'CurateStage']);
  }
});

/** From the line that begins so to the next empty one, moved to the left. */
function statement(file: string, begin: string): string {
  const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  const first = lines.findIndex((line) => line.trim().startsWith(begin));
  if (first < 0) throw new Error(`${file} has no line that begins with ${JSON.stringify(begin)}; docs/languages.md names it`);
  const indent = /^\s*/.exec(lines[first] ?? '')?.[0].length ?? 0;
  const last = lines.findIndex((line, index) => index > first && line.trim() === '');
  return lines.slice(first, last).map((line) => `${line.slice(indent)}\n`).join('');
}
