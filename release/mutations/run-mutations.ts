import { API_MUTATIONS } from './api-mutations';
import { COMMAND_MUTATIONS } from './command-mutations';
import { CONTRACT_MUTATIONS } from './contract-mutations';
import { HARMLESS_RESOURCE_MUTATIONS, RESOURCE_MUTATIONS } from './resource-mutations';
import { runApiMutations } from './run-api-mutations';
import { runCommandMutations } from './run-command-mutations';
import { runContractMutations } from './run-contract-mutations';
import { runResourceMutations } from './run-resource-mutations';

export interface MutationVerdict {
  readonly name: string;
  readonly expected: string;
  readonly wrong?: string;
}

/** The whole set: every harmful change must be found with its bump, and no harmless one. */
export async function runMutations(root: string, outdir: string): Promise<MutationVerdict[]> {
  const results = [
    ...runResourceMutations(root, [...RESOURCE_MUTATIONS, ...HARMLESS_RESOURCE_MUTATIONS], outdir),
    ...await runApiMutations(root, API_MUTATIONS),
    ...await runCommandMutations(root, COMMAND_MUTATIONS),
    ...runContractMutations(root, CONTRACT_MUTATIONS),
  ];
  return results.map(({ mutation: { name, bump }, wrong }) => ({ name, expected: bump, wrong }));
}
