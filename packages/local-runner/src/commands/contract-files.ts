import { existsSync, statSync } from 'node:fs';
import { UsageError } from './exit-code';

/** Refuses names of contract files that are none. */
export function requireContractFiles(files: readonly string[]): void {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new UsageError(`no such file: ${missing.join(', ')}`);
  const folders = files.filter((file) => statSync(file).isDirectory());
  if (folders.length > 0) throw new UsageError(`${folders.join(', ')}: a folder; name the contract files in it`);
}
