import type { Bump } from './bump';

export type Gate = 'API' | 'resources' | 'run contract' | 'dependencies';

/** What a gate found between the last release and now, in words for somebody who has not seen the change. */
export interface Finding {
  readonly gate: Gate;
  /** The resource, member or document: `AWS::S3::Bucket IngestRawBucket… (default)`. */
  readonly subject: string;
  /** What became of it: `would be replaced`. */
  readonly what: string;
  readonly was?: string;
  readonly is?: string;
  /** What users would meet. */
  readonly consequence: string;
  /** What the author of the change can do about it. */
  readonly advice: string;
  /** The lowest bump that it allows. */
  readonly bump: Exclude<Bump, 'none'>;
}

export function describeFinding(finding: Finding): string {
  const { gate, subject, what, was, is, consequence, advice, bump } = finding;
  const change = was === undefined && is === undefined ? '' : `\n      was: ${was ?? 'nothing'}\n      is:  ${is ?? 'nothing'}`;
  return `[${gate}] ${subject} ${what} (${bump === 'major' ? 'breaking' : bump})${change}\n      ${consequence}\n      ${advice}`;
}
