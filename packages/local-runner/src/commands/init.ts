import { EXIT, type ExitCode } from './exit-code';
import type { Terminal } from './program';

/** `headrace init`. */
export async function init(options: { name: string; from: string; folder: string; terminal: Terminal; signal: AbortSignal }): Promise<ExitCode> {
  void options;
  return EXIT.failed;
}
