import type { Bump } from '../bump';

/** A change of what a command takes; one for each command, so that all are compared at once and told apart by it. */
export interface CommandMutation {
  readonly name: string;
  /** As it is typed, without the program. */
  readonly of: string;
  /** Text that stands once in {@link COMMANDS_FILE}, and what takes its place. */
  readonly from: string;
  readonly to: string;
  readonly bump: Bump;
}

export const COMMANDS_FILE = 'packages/local-runner/src/commands/program.ts';

export const COMMAND_MUTATIONS: readonly CommandMutation[] = [
  { name: 'a command has another name', of: 'put', from: "'put <file> <address>'", to: "'upload <file> <address>'", bump: 'major' },
  { name: 'an option has another name', of: 'quarantine show', from: "'--code <code>'", to: "'--reason <code>'", bump: 'major' },
  { name: 'an option is newly required', of: 'contract infer', from: ".option('--name <name>'", to: ".requiredOption('--name <name>'", bump: 'major' },
  { name: 'an argument is newly required', of: 'window suggest', from: "'suggest [file]'", to: "'suggest <file>'", bump: 'major' },
  { name: 'an option has another default', of: 'run', from: "after the run; 0 to stop it at once', '10'", to: "after the run; 0 to stop it at once', '0'", bump: 'major' },
  { name: 'an option takes no value any more', of: 'dms bottleneck', from: "'--dcu <units>'", to: "'--dcu'", bump: 'major' },
  { name: 'an option of several files takes one', of: 'contract check', from: "'check <file...>'", to: "'check <file>'", bump: 'major' },
  { name: 'a command has a new option', of: 'ls', from: "description('list executions')", to: "description('list executions').option('--failed', 'only failed ones')", bump: 'minor' },
  { name: 'another sentence of the help', of: 'down', from: "'stop what is still up'", to: "'stop all that is up'", bump: 'none' },
  { name: 'an option that the help does not show has another name', of: 'up', from: "'--minutes <n>'", to: "'--at-most <n>'", bump: 'none' },
];
