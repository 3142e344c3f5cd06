import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

/** What decides whether `npm run test:languages` is green; the run itself is a part of `npm test`, beside the checks. */
function evaluate(script: string, expression: string, env: NodeJS.ProcessEnv = {}): { result: any; printed: string } {
  const program = `import * as script from ${JSON.stringify(pathToFileURL(path.join(ROOT, 'scripts', script)).href)}; const result = ${expression}; console.log(JSON.stringify(result));`;
  const lines = execFileSync('node', ['--input-type=module', '-e', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }).trimEnd().split('\n');
  return { result: JSON.parse(lines.at(-1) as string), printed: lines.slice(0, -1).join('\n') };
}

test('templates of two languages are compared by resource, whatever the order of their members', () => {
  const text = 'a'.repeat(300);
  const one = { Resources: { A: { Type: 'T', Properties: { x: 1, y: [1, 2] } }, B: { Type: 'T' }, L: { Type: 'S', Properties: { Definition: `${text}b${text}` } } }, Outputs: { O: { Value: 1 } } };
  const same = {
    Outputs: { O: { Value: 1 } },
    Resources: { L: { Type: 'S', Properties: { Definition: `${text}b${text}` } }, B: { Type: 'T' }, A: { Properties: { y: [1, 2], x: 1 }, Type: 'T' } },
  };
  const other = {
    Resources: { A: { Type: 'T', Properties: { x: 1, y: [2, 1] } }, C: { Type: 'T' }, L: { Type: 'S', Properties: { Definition: `${text}c${text}` } } },
    Outputs: { O: { Value: 1, Export: 'E' } },
  };
  expect(evaluate('template-differences.mjs', `${JSON.stringify([same, other])}.map((each) => script.differences(${JSON.stringify(one)}, each))`).result).toEqual([[], [
    'Outputs.O differs: .Export is "E", in TypeScript it is missing',
    'Resources.A (T) differs: .Properties.y.0 is 2, in TypeScript 1',
    'Resources.B (T) is missing',
    "Resources.C (T) is not in TypeScript's",
    `Resources.L (S) differs: .Properties.Definition differs from character 300 on: around it stands "${'a'.repeat(40)}c${'a'.repeat(119)}", in TypeScript "${'a'.repeat(40)}b${'a'.repeat(119)}"`,
  ]]);
});

test('a language that differs fails by name, and one without its tools is skipped by name, which continuous integration does not take', () => {
  const report = (verdicts: object, ci = '') => evaluate('test-languages.mjs', `script.report(${JSON.stringify(verdicts)})`, { CI: ci });
  const fine = { typescript: { problems: [] }, go: { skipped: 'go not installed' } };
  expect(report(fine)).toEqual({
    result: true, printed: '- examples/languages/go skipped: go not installed\n✓ examples/languages/typescript: its template is that of TypeScript\n\n1 passed, 0 failed, 1 skipped',
  });
  expect(report(fine, 'true').result).toBe(false);
  const { result, printed } = report({ java: { problems: Array.from({ length: 30 }, (_, index) => `Resources.R${index} is missing`) } });
  expect(result).toBe(false);
  expect(printed).toContain('Resources.R19 is missing\n  and 10 more\n✗ examples/languages/java: its template is that of TypeScript\n\n0 passed, 1 failed, 0 skipped');
});

test('the README has commands for each language that has an app', () => {
  const folder = path.join(ROOT, 'examples/languages');
  const apps = readdirSync(folder).filter((name) => !name.includes('.') && name !== 'contracts').sort();
  expect(evaluate('test-languages.mjs', 'Object.keys(script.LANGUAGES).sort()').result).toEqual(apps);
  const commands = evaluate('test-languages.mjs', `${JSON.stringify(apps)}.map(script.readmeCommands)`).result as string[];
  for (const each of commands) expect(each).toContain('$DIST');
  const readme = JSON.stringify(readFileSync(path.join(folder, 'README.md'), 'utf8'));
  expect(() => evaluate('test-languages.mjs', `script.commandsOf(${readme}, 'Rust')`)).toThrow('the page has no sh block below ## Rust');
});

test('a Java package asks for the lower end of each range, whenever it is built', () => {
  expect(evaluate('package-java.mjs', "script.withFloors('<version>[2.258.0,3.0.0)</version><version>1.2</version><version>[16.0.3, 20.0.0)</version>')").result)
    .toBe('<version>2.258.0</version><version>1.2</version><version>16.0.3</version>');
});

test('a program that fails is named with the end of what it printed', () => {
  const failed = 'await script.runProgram("bash", ["-c", "echo it broke; exit 3"]).catch((error) => error.message)';
  expect(evaluate('run-program.mjs', failed).result).toBe('bash -c echo it broke; exit 3 ended with 3\nit broke');
});
