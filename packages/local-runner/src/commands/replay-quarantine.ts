import { curateOperation, type CurateOperationOptions } from './curate-operation';
import type { ExitCode } from './exit-code';

export interface ReplayQuarantineOptions extends CurateOperationOptions {
  /** @default - all datasets */
  readonly dataset?: string;
  /** The run whose batches are curated again. @default - all with rejected records */
  readonly run?: string;
}

/** `headrace quarantine replay`: curates batches with rejected records again, under the contract as it is now. */
export async function replayQuarantine({ dataset, run, ...options }: ReplayQuarantineOptions): Promise<ExitCode> {
  return curateOperation(options, 'replay', {
    operation: 'rerun', rejected: true, ...(dataset === undefined ? {} : { only: [dataset] }), ...(run === undefined ? {} : { run }),
  });
}
