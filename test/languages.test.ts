import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

/** What decides whether `npm run test:languages` is green; the run itself needs a network and the tools of all languages. */
function evaluate(script: string, expression: string): any {
  const program = `import * as script from ${JSON.stringify(pathToFileURL(path.join(ROOT, 'scripts', script)).href)}; console.log(JSON.stringify(${expression}));`;
  return JSON.parse(execFileSync('node', ['--input-type=module', '-e', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
}

test('templates of two languages are compared by resource, whatever the order of their members', () => {
  const one = { Resources: { A: { Type: 'T', Properties: { x: 1, y: [1, 2] } }, B: { Type: 'T' } } };
  const same = { Resources: { B: { Type: 'T' }, A: { Properties: { y: [1, 2], x: 1 }, Type: 'T' } } };
  const other = { Resources: { A: { Type: 'T', Properties: { x: 1, y: [2, 1] } }, C: { Type: 'T' } } };
  expect(evaluate('test-languages.mjs', `${JSON.stringify([same, other])}.map((each) => script.differences(${JSON.stringify(one)}, each))`)).toEqual([[], [
    'Resources.A differs: .Properties.y.0 is 2, in TypeScript 1', 'Resources.B is missing', "Resources.C is not in TypeScript's",
  ]]);
});

test('the README has commands for each language that has an app', () => {
  const folder = path.join(ROOT, 'examples/languages');
  const readme = JSON.stringify(readFileSync(path.join(folder, 'README.md'), 'utf8'));
  const headings: Record<string, string> = { typescript: 'TypeScript', python: 'Python', java: 'Java', go: 'Go' };
  const apps = readdirSync(folder).filter((name) => !name.includes('.') && name !== 'contracts');
  expect(apps.sort()).toEqual(Object.keys(headings).sort());
  const commands: string[] = evaluate('test-languages.mjs', `${JSON.stringify(apps.map((app) => headings[app]))}.map((heading) => script.commandsOf(${readme}, heading))`);
  for (const each of commands) expect(each).toContain('$DIST');
  expect(() => evaluate('test-languages.mjs', `script.commandsOf(${readme}, 'Rust')`)).toThrow('no sh block below ## Rust');
});

test('a Java package asks for the lower end of each range, whenever it is built', () => {
  expect(evaluate('package-java.mjs', "script.withFloors('<version>[2.258.0,3.0.0)</version><version>1.2</version><version>[16.0.3, 20.0.0)</version>')"))
    .toBe('<version>2.258.0</version><version>1.2</version><version>16.0.3</version>');
});
