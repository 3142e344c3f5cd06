import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Finding } from '../finding';
import { CONTRACT_SCHEMA, corpusFindings, documentFindings, loadContractModule, narrowedFindings } from '../gates/run-contract';
import { applied, type Mutation } from './mutation';
import { judged, type MutationResult } from './run-resource-mutations';

/** Holds the tree with each mutation of the runtime against the tree as it is. */
export function runContractMutations(root: string, mutations: readonly Mutation[]): MutationResult[] {
  const unchanged = loadContractModule(root);
  return mutations.map((mutation) => {
    const file = path.join(root, mutation.file);
    const source = readFileSync(file, 'utf8');
    return judged(mutation, findingsOf(root, mutation.file, file, source, applied(source, mutation), unchanged));
  });
}

function findingsOf(
  root: string, name: string, file: string, source: string, text: string, unchanged: ReturnType<typeof loadContractModule>,
): Finding[] {
  if (name === CONTRACT_SCHEMA) return narrowedFindings(JSON.parse(source), JSON.parse(text));
  // The types of documents and the parser of contracts have no file in common.
  return name.includes('/src/contract/') ? corpusFindings(root, unchanged, loadContractModule(root, new Map([[file, text]]))) : documentFindings(root, root, { file, text });
}
