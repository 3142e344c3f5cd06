import picomatch from 'picomatch';
import type { Fields } from '../../run/settings';
import { DEFAULT_MAX_FILES, MAX_FILES, type FileSettings } from './file-selection';
import type { SourceSettings } from './source-kind';

/** Reads what all settings of kinds that list files have in common. */
export function parseFileSettings(fields: Fields, common: Omit<SourceSettings, 'kind'>): Omit<FileSettings, 'kind'> {
  const [glob, suffix] = [fields.text('glob', { optional: true }), fields.text('suffix', { optional: true })];
  if (glob !== undefined && (glob.startsWith('/') || !compiles(glob))) {
    fields.problem('glob', `must be a pattern of names relative to the folder, like *.csv or 2026/**/*.csv, got ${JSON.stringify(glob)}`);
  }
  return {
    ...(glob === undefined ? {} : { glob }),
    ...(suffix === undefined ? {} : { suffix }),
    ignoreSuffixes: textList(fields, 'ignoreSuffixes'),
    order: fields.choice('order', ['name', 'modified'], { optional: true }) ?? 'name',
    maxFiles: fields.integer('maxFiles', { min: 1, max: MAX_FILES, optional: true }) ?? DEFAULT_MAX_FILES,
    ...common,
  };
}

/** A list of texts; an absent one is empty. */
export function textList(fields: Fields, key: string): readonly string[] {
  const value = fields.any(key) ?? [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')) return value as string[];
  fields.problem(key, 'must be a list of texts');
  return [];
}

function compiles(glob: string): boolean {
  try {
    picomatch.makeRe(glob, { dot: true });
    return true;
  } catch {
    return false;
  }
}
