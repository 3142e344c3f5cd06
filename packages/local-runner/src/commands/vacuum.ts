import { curateOperation, type CurateOperationOptions } from './curate-operation';
import type { ExitCode } from './exit-code';

export interface VacuumOptions extends CurateOperationOptions {
  /** @default - all datasets */
  readonly dataset?: string;
}

/** `headrace vacuum`: removes curated files that no reader needs any more. */
export async function vacuum({ dataset, ...options }: VacuumOptions): Promise<ExitCode> {
  return curateOperation(options, 'vacuum', { operation: 'vacuum', ...(dataset === undefined ? {} : { only: [dataset] }) });
}
