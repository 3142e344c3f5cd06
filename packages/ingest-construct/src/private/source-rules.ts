import * as path from 'node:path';
import { assetPath } from './stage/asset-path';

/** The run time's own rules of what sources are given, as a bundle that the package carries. */
interface SourceRules {
  /** What is wrong with the template of an address, each as the rest of a sentence. */
  checkTemplate(template: string, step: string): string[];
  /** What is wrong with headers: name, and the rest of a sentence. */
  checkHeaders(headers: Readonly<Record<string, unknown>>): Array<[name: string, problem: string]>;
  /** Why a text cannot be read as one query, as the rest of a sentence; undefined where it can. */
  queryProblem(text: string, kind: 'postgres' | 'mysql'): string | undefined;
}

export function sourceRules(): SourceRules {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(assetPath(path.join('source-rules', 'index.js'))) as SourceRules;
}
