import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';

jest.setTimeout(240_000);

const PACKAGES = ['ingest-construct', 'curate-construct', 'rds-loader-construct'];
const root = path.resolve(__dirname, '../..');

interface Snippet {
  readonly name: string;
  readonly text: string;
}

/** The packages' README blocks and the examples in doc comments, each inside the fixture that other languages are translated with. */
const snippets = PACKAGES.flatMap((name): Snippet[] => {
  const folder = path.join(root, 'packages', name);
  const fixture = readFileSync(path.join(folder, 'rosetta/default.ts-fixture'), 'utf8');
  const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
  const sources = readdirSync(path.join(folder, 'src')).filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(folder, 'src', file), 'utf8')).join('\n');
  return [...blocksOf(readme), ...examplesOf(sources)]
    .map((code, index) => ({ name: `${name} ${index + 1}: ${code.trim().split('\n')[0]}`, text: inside(fixture, code) }));
});

test('every snippet of the packages compiles as a user would write it', () => {
  const files = new Map(snippets.map((snippet, index) => [path.join(__dirname, `snippet-${index}.ts`), snippet]));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => files.has(path.normalize(file)) || fileExists.call(host, file);
  host.readFile = (file) => files.get(path.normalize(file))?.text ?? readFile.call(host, file);

  const program = ts.createProgram([...files.keys()], options, host);
  const problems = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const snippet = diagnostic.file && files.get(path.normalize(diagnostic.file.fileName));
    return `${snippet?.name ?? diagnostic.file?.fileName}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });

  expect(snippets.length).toBeGreaterThan(15);
  expect(problems).toEqual([]);
});

/** Declarations are legal only outside of a class; other languages get them moved in the same way. */
function inside(fixture: string, code: string): string {
  const lines = code.split('\n');
  const declared = lines.filter((line) => line.startsWith('declare '));
  const rest = lines.filter((line) => !line.startsWith('declare '));
  return [fixture.replace('/// here', rest.join('\n')), ...declared].join('\n');
}

function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string);
}

function examplesOf(source: string): string[] {
  return [...source.matchAll(/@example\n((?: \*.*\n)*?) \*\//g)].map(([, lines]) => (lines as string).replace(/^ \* ?/gm, ''));
}
