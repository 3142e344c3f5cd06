import { Token } from 'aws-cdk-lib';
import { checkWhole, commonSettings, type CommonSourceProps, type SourceBinding } from './source-binding';

/** What every source takes that lists files. */
export interface FileSourceProps extends CommonSourceProps {
  readonly glob?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly ignoreSuffixes?: string[];
  readonly maxFiles?: number;
}

/** The settings that every source has that lists files. */
export function fileSettings(props: FileSourceProps, binding: SourceBinding): Record<string, unknown> {
  const { glob, prefix, suffix, ignoreSuffixes, maxFiles } = props;
  if (glob?.startsWith('/') === true) binding.problems.add(`${binding.prop}.glob must be a pattern of names below the folder, like *.csv, got ${JSON.stringify(glob)}`);
  for (const [name, text] of Object.entries({ suffix, prefix })) {
    if (text !== undefined && !Token.isUnresolved(text) && /[*?]/.test(text)) binding.problems.add(`${binding.prop}.${name} is no pattern and would be looked for as it stands, got ${JSON.stringify(text)}; write it without * and ?, or give glob`);
  }
  checkWhole(binding.problems, `${binding.prop}.maxFiles`, maxFiles, 1, 99_999);
  return { glob, suffix, ignoreSuffixes, maxFiles: maxFiles ?? 10_000, ...commonSettings(props, binding) };
}
