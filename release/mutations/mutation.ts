import type { Bump } from '../bump';
import type { Gate } from '../finding';

/** A change of one file that somebody could make, and what the gates must say of it. */
export interface Mutation {
  readonly name: string;
  /** Package whose users would meet it. */
  readonly folder: string;
  /** Relative to the root. */
  readonly file: string;
  /** Text that stands in the file once, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** Which gate must find it; undefined where the change harms nobody. */
  readonly gate?: Gate;
  /** The lowest bump that the gates allow; `none` where the change harms nobody. */
  readonly bump: Bump;
  /** What the finding must say, so that a stranger knows what is wrong. */
  readonly says?: RegExp;
  /** Upgrade fixtures that show it. */
  readonly fixtures?: readonly string[];
}

export function applied(source: string, { name, file, from, to }: Pick<Mutation, 'name' | 'file' | 'from' | 'to'>): string {
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`mutation "${name}": ${JSON.stringify(from)} stands ${parts.length - 1} times in ${file}, and must stand there once`);
  return parts.join(to);
}
