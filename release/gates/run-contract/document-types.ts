import * as path from 'node:path';
import * as ts from 'typescript';
import type { Finding } from '../../finding';

/** Documents that one stage writes and another one, perhaps of another release, reads: their types, below the runtime's sources. */
export const DOCUMENTS = [
  { file: 'run/manifest', type: 'RawManifest', written: 'ingest', read: 'curate' },
  { file: 'run/manifest', type: 'CuratedManifest', written: 'curate', read: 'loads and vacuum' },
  { file: 'run/stage-io', type: 'StageInput', written: 'who starts a stage', read: 'every stage' },
  { file: 'run/stage-io', type: 'StageOutput', written: 'every stage', read: 'the next stage' },
] as const;

const RUNTIME = 'packages/runtime/src';

/**
 * Whether every document of one release is a document of the other one, which the compiler tells by the types of both: a reader may have been
 * upgraded
 * before the writer, or after it.
 *
 * @param edit text of one of the files in place of what the current tree has there
 */
export function documentFindings(before: string, now: string, edit?: { readonly file: string; readonly text: string }): Finding[] {
  // Beside the file itself, which may be the last release's too.
  const edited = edit?.file.replace(/\.ts$/, '.edited.ts');
  const placeOf = (file: string) => {
    const place = path.join(now, RUNTIME, file);
    return `${place}.ts` === edit?.file ? `${place}.edited` : place;
  };
  const check = path.join(now, '.cache/release/documents.ts');
  const text = DOCUMENTS.map(({ file, type }, index) => [
    `import type { ${type} as Old${index} } from ${JSON.stringify(path.join(before, RUNTIME, file))};`,
    `import type { ${type} as New${index} } from ${JSON.stringify(placeOf(file))};`,
    `export const reads${index}: New${index} = null! as Old${index};`,
    `export const isRead${index}: Old${index} = null! as New${index};`,
  ].join('\n')).join('\n');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, strict: true, skipLibCheck: true, noEmit: true, types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const texts = new Map([[check, text], ...(edit === undefined ? [] : [[edited!, edit.text] as const])]);
  const read = host.readFile.bind(host);
  const exists = host.fileExists.bind(host);
  const open = host.getSourceFile.bind(host);
  host.readFile = (file) => texts.get(file) ?? read(file);
  host.fileExists = (file) => texts.has(file) || exists(file);
  host.getSourceFile = (file, language, ...rest) => {
    const known = texts.get(file);
    return known === undefined ? open(file, language, ...rest) : ts.createSourceFile(file, known, language, true);
  };
  const program = ts.createProgram([check], options, host);
  const source = program.getSourceFile(check)!;
  const broken = program.getSyntacticDiagnostics(source);
  if (broken.length > 0) throw new Error(ts.formatDiagnostics([...broken], { getCanonicalFileName: (name) => name, getCurrentDirectory: () => now, getNewLine: () => '\n' }));
  return program.getSemanticDiagnostics(source).map((diagnostic): Finding => {
    const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
    const { type, written, read: reader } = DOCUMENTS[Math.floor(line / 4)]!;
    const forward = line % 4 === 2;
    return {
      gate: 'run contract', subject: type,
      what: forward ? 'of the last release is no document of this one' : 'of this release is no document of the last one',
      is: reason(diagnostic.messageText).replace(/import\("([^"]+)"\)\.(\w+)/g, (_, file: string, name: string) => `${name} of ${file.startsWith(path.join(now, RUNTIME)) ? 'now' : 'the last release'}`),
      consequence: forward
        ? `What ${written} of the last release wrote, and lies in buckets, cannot be relied on by ${reader} of this one.`
        : `What ${written} writes after an upgrade cannot be relied on by ${reader} of the last release, which other stacks still run.`,
      advice: 'Make a new member optional, keep writing an old one, and raise schemaVersion where neither will do.', bump: 'major',
    };
  });
}

/** The innermost sentences of the compiler say which member it is. */
function reason(message: string | ts.DiagnosticMessageChain): string {
  if (typeof message === 'string') return message;
  const inner = message.next?.[0];
  return inner === undefined ? message.messageText : `${message.messageText.split('\n')[0]} ${reason(inner)}`.slice(0, 800);
}
