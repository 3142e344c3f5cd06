import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { draftContract } from '@headrace/runtime/contract/draft-contract';
import { isIdentifier } from '@headrace/runtime/run/ids';
import { packageVersions } from '../scaffold/package-versions';
import { readSample } from '../scaffold/read-sample';
import { drafted } from '../scaffold/sample-columns';
import { appText, packageText, testText, type ScaffoldInput } from '../scaffold/templates';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';

export interface InitOptions {
  readonly name: string;
  readonly from: string;
  readonly folder: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** `headrace init`: a contract drafted from a sample, an app, its test. Nothing that is there is overwritten. */
export async function init({ name, from, folder, terminal, signal }: InitOptions): Promise<ExitCode> {
  if (!isIdentifier(name)) throw new UsageError(`name must be 1 to 63 lower case letters, digits and _, beginning with a letter, got ${JSON.stringify(name)}`);
  const isUrl = /^https?:\/\//.test(from);
  if (!isUrl && !existsSync(from)) throw new UsageError(`--from ${from}: no such file`);
  const contract = `contracts/${name}.odcs.yaml`;
  const servedFile = isUrl ? undefined : path.basename(from);
  const input: ScaffoldInput = { name, contract, servedFile, sourceUrl: isUrl ? from : 'https://data.example.com', versions: packageVersions() };
  const serve = servedFile === undefined ? '' : ' --serve source';
  const sample = await readSample(from, signal);
  const drawn = draftContract(drafted(name, sample));
  const files: Array<[file: string, text: string]> = [
    [contract, drawn],
    ['app.mjs', appText(input)],
    ['app.test.mjs', testText(input).replace('$SERVE', servedFile === undefined ? '' : ", '--serve', 'source'")],
    ['cdk.json', `${JSON.stringify({ app: 'node app.mjs' }, null, 2)}\n`],
  ];
  const hasPackage = existsSync(path.join(folder, 'package.json'));
  if (!hasPackage) files.push(['package.json', packageText(input, serve)]);
  const taken = files.map(([file]) => file).filter((file) => existsSync(path.join(folder, file)));
  if (taken.length > 0) throw new UsageError(`${taken.join(', ')} would be overwritten; move ${taken.length === 1 ? 'it' : 'them'} away, or call init in another folder`);

  for (const [file, text] of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
    terminal.out(`wrote ${file}\n`);
  }
  if (servedFile !== undefined && path.resolve(from) !== path.resolve(folder, 'source', servedFile)) {
    mkdirSync(path.join(folder, 'source'), { recursive: true });
    copyFileSync(from, path.join(folder, 'source', servedFile));
    terminal.out(`copied ${from} to source/${servedFile}\n`);
  }
  const install = hasPackage ? `npm install ${Object.entries(input.versions).map(([each, range]) => (range === '*' ? each : `${each}@${range}`)).join(' ')}` : 'npm install';
  terminal.out(`\n${sample.records.length.toLocaleString('en-US')} records read; look at the guesses in ${contract}. Next:\n  ${install}\n  npx headrace run${serve}\n  npx headrace sql "SELECT * FROM ${name} LIMIT 10"\n`);
  return EXIT.done;
}
