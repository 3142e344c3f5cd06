import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Finding } from '../../finding';
import { git } from '../../history';
import { loadSources, type Edits } from '../../load-sources';

interface ContractModule {
  requireContract(text: string, file: string): unknown;
}

const ENTRY = 'packages/runtime/src/contract/index.ts';

/** The contract parser of a tree, from its sources. */
export function loadContractModule(root: string, edits?: Edits): ContractModule {
  return loadSources(path.join(root, ENTRY), edits);
}

/** Every data contract of the repository, read by both releases: what the last one takes, this one must take, and read as the same. */
export function corpusFindings(root: string, before: ContractModule, now: ContractModule): Finding[] {
  const files = git(root, 'ls-files', '*.odcs.yaml').split('\n').filter((file) => file !== '');
  return files.flatMap((file): Finding[] => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const [was, is] = [before, now].map((module) => read(module, text, path.basename(file)));
    if ('error' in was! || JSON.stringify(was) === JSON.stringify(is)) return [];
    const refused = 'error' in is!;
    const place = refused ? undefined : firstDifference(was!.contract, is!.contract);
    if (!refused && place === undefined) return [];
    return [{
      gate: 'run contract', subject: `data contract ${file}`, what: refused ? 'is refused now' : `is read as something else: ${place!.place}`,
      was: refused ? undefined : place!.was, is: refused ? String((is as { error: string }).error) : place!.is,
      consequence: refused ? 'Apps with a contract like it are refused after the upgrade.' : 'The same contract gives other columns, names or rules, so tables and files of users no longer fit.',
      advice: 'Take it as before; a new meaning needs a new word in the contract.', bump: 'major',
    }];
  });
}

function read(module: ContractModule, text: string, file: string): { contract: unknown } | { error: string } {
  try {
    return { contract: module.requireContract(text, file) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** The first member that another one took the place of; new members are no difference. */
function firstDifference(was: unknown, is: unknown, place = ''): { place: string; was: string; is: string } | undefined {
  if (typeof was !== 'object' || was === null) return was === is ? undefined : { place, was: JSON.stringify(was), is: JSON.stringify(is) ?? 'nothing' };
  for (const [key, inner] of Object.entries(was)) {
    const found = firstDifference(inner, (is as Record<string, unknown> | null | undefined)?.[key], place === '' ? key : `${place}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
