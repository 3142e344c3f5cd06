import { readFileSync } from 'node:fs';
import { formatProblem } from '@headrace/runtime/contract/parse/problems';
import { parseContract } from '@headrace/runtime/contract/parse-contract';
import { requireContractFiles } from './contract-files';
import { EXIT, type ExitCode } from './exit-code';
import type { Terminal } from './program';

/** `headrace contract check`: every problem of every file, and what is read but has no effect. */
export async function checkContract(options: { files: readonly string[]; terminal: Terminal }): Promise<ExitCode> {
  requireContractFiles(options.files);
  let failed = false;
  for (const file of options.files) {
    const { contract, problems, ignored } = parseContract(readFileSync(file, 'utf8'), file);
    for (const problem of problems) options.terminal.out(`${formatProblem(problem)}\n`);
    if (ignored.length > 0) options.terminal.out(`${file}: without effect: ${ignored.join(', ')}\n`);
    failed ||= problems.some(({ severity }) => severity === 'error');
    if (contract) options.terminal.out(`${file}: ${contract.name} ${contract.version}, ${contract.datasets.map(({ name, columns }) => `${name} (${columns.length} columns)`).join(', ')}\n`);
  }
  return failed ? EXIT.failed : EXIT.done;
}
