import * as path from 'node:path';
import type { Finding } from '../../finding';
import { readJson } from '../../packages';
import { commandLineFindings } from './command-line-findings';
import { describeProgram } from './describe-program';

export { commandLineFindings } from './command-line-findings';
export { describeProgram, type CommandLine, type CommandOption } from './describe-program';

/** The programs of a package as two builds of it have them; one that goes or comes is told with the names that a package publishes. */
export function programFindings(before: string, now: string): Finding[] {
  const [old, next] = [before, now].map(programsOf);
  return Object.keys(old!).filter((name) => next![name] !== undefined).flatMap((name) => (
    commandLineFindings(describeProgram(path.join(before, old![name]!)), describeProgram(path.join(now, next![name]!)))
  ));
}

function programsOf(folder: string): Readonly<Record<string, string>> {
  return readJson<{ bin?: Readonly<Record<string, string>> }>(folder, 'package.json').bin ?? {};
}
