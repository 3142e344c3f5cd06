import * as path from 'node:path';
import type { Finding } from '../../finding';
import { readJson } from '../../packages';
import { corpusFindings, loadContractModule } from './contract-corpus';
import { narrowedFindings } from './contract-schema';
import { documentFindings } from './document-types';

export { corpusFindings, loadContractModule } from './contract-corpus';
export { narrowedFindings } from './contract-schema';
export { documentFindings } from './document-types';

export const CONTRACT_SCHEMA = 'packages/runtime/src/contract/headrace-properties.schema.json';

/** What stages of two releases can make of each other's documents, and of the same data contract. */
export function runContractFindings(root: string, baseline: string): Finding[] {
  return [
    ...documentFindings(baseline, root),
    ...narrowedFindings(readJson(path.join(baseline, CONTRACT_SCHEMA)), readJson(path.join(root, CONTRACT_SCHEMA))),
    ...corpusFindings(root, loadContractModule(baseline), loadContractModule(root)),
  ];
}
