import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

/** A command as users type it: the program itself, or one below it. */
export interface CommandLine {
  /** With the names of those above it: `headrace quarantine show`. */
  readonly name: string;
  readonly arguments: ReadonlyArray<{ readonly name: string; readonly required: boolean; readonly many: boolean }>;
  readonly options: readonly CommandOption[];
}

export interface CommandOption {
  /** `--out`, or `-o` where there is no long form. */
  readonly name: string;
  readonly short?: string;
  readonly value: 'none' | 'optional' | 'required';
  readonly mandatory: boolean;
  readonly default?: unknown;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
}

/** Runs the program up to where it has declared all that it takes, and prints that in place of obeying. */
const DESCRIBE = `
  const [file, folder] = process.argv.slice(1);
  const { Command } = require(require.resolve('commander', { paths: [folder] }));
  Command.prototype.parseAsync = Command.prototype.parse = function () {
    const found = [];
    const walk = (command, above) => {
      if (command._hidden) return;
      const name = [above, command.name()].filter(Boolean).join(' ');
      found.push({
        name,
        arguments: command.registeredArguments.map((each) => ({ name: each.name(), required: each.required, many: each.variadic })),
        options: command.options.filter((each) => !each.hidden).map((each) => ({
          name: each.long ?? each.short, ...(each.long && each.short ? { short: each.short } : {}), value: each.required ? 'required' : each.optional ? 'optional' : 'none',
          mandatory: each.mandatory, default: each.defaultValue, choices: each.argChoices,
        })),
      });
      for (const each of command.commands) walk(each, name);
    };
    walk(this, '');
    process.stdout.write(JSON.stringify(found), () => process.exit(0));
    return new Promise(() => {});
  };
  require(file);
`;

/**
 * What a program that is made with commander takes: every command with its arguments and options, without those that it hides.
 *
 * @param file of the program, built
 */
export function describeProgram(file: string): CommandLine[] {
  const text = execFileSync(process.execPath, ['-e', DESCRIBE, file, path.dirname(file)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return JSON.parse(text) as CommandLine[];
}
