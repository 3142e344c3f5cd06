import { readFileSync } from 'node:fs';
import type { Contract } from '@headrace/runtime/contract/contract';
import type { ContractChange } from '@headrace/runtime/contract/diff/contract-changes';
import { diffContracts } from '@headrace/runtime/contract/diff/diff-contracts';
import { parseContract } from '@headrace/runtime/contract/parse-contract';
import { formatProblem } from '@headrace/runtime/contract/parse/problems';
import { requireContractFiles } from './contract-files';
import { EXIT, type ExitCode } from './exit-code';
import type { Terminal } from './program';

/** `headrace contract diff`: what changed between two versions, what that does, and what to do; fails where a change is breaking. */
export async function diffContract({ before, after, json, terminal }: {
  readonly before: string; readonly after: string; readonly json?: boolean; readonly terminal: Terminal;
}): Promise<ExitCode> {
  requireContractFiles([before, after]);
  const [old, now] = [before, after].map((file) => contractOf(file, terminal)) as [Contract | undefined, Contract | undefined];
  if (old === undefined || now === undefined) return EXIT.usage;
  const changes = diffContracts(old, now);
  terminal.out(json ? `${JSON.stringify({ schemaVersion: 1, changes }, null, 2)}\n` : described(changes));
  return changes.some(({ risk }) => risk === 'breaking') ? EXIT.failed : EXIT.done;
}

function contractOf(file: string, terminal: Terminal): Contract | undefined {
  const { contract, problems } = parseContract(readFileSync(file, 'utf8'), file);
  if (contract === undefined) for (const problem of problems) terminal.error(`${formatProblem(problem)}\n`);
  return contract;
}

function described(changes: readonly ContractChange[]): string {
  if (changes.length === 0) return 'no changes\n';
  const lines = changes.map(({ risk, kind, at, message, why, todo }) => `${risk}: ${at}: ${message} (${kind})\n    ${why}\n    To do: ${todo}\n`);
  const counts = (['breaking', 'risky', 'harmless'] as const).map((risk) => `${changes.filter((change) => change.risk === risk).length} ${risk}`);
  return `${lines.join('')}${counts.join(', ')}\n`;
}
