import { readFileSync } from 'node:fs';
import { aws_logs as logs, Duration, Size } from 'aws-cdk-lib';

const WORDS = { Size, Duration, RetentionDays: logs.RetentionDays };

/**
 * The literal defaults that doc comments of a file promise, by prop; those that begin with a dash are prose. `words` are classes of the
 * package itself.
 */
export function documentedDefaults(file: string, words: Record<string, unknown> = {}): Record<string, unknown> {
  const source = readFileSync(file, 'utf8');
  const found = source.matchAll(/@default (?!- )(.+)\n\s*\*\/\n\s*readonly (\w+)\?/g);
  return Object.fromEntries([...found].map(([, text, prop]) => [prop as string, comparable(evaluate(text as string, { ...WORDS, ...words }))]));
}

/** A value that jest can compare: durations in seconds, sizes in bytes. */
export function comparable(value: unknown): unknown {
  if (value instanceof Duration) return `${value.toSeconds()} s`;
  if (value instanceof Size) return `${value.toBytes()} bytes`;
  return value;
}

function evaluate(text: string, words: Record<string, unknown>): unknown {
  // Our own doc comments, in tests only.
  return new Function(...Object.keys(words), `return ${text};`)(...Object.values(words));
}
