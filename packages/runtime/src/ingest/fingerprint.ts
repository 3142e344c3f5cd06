import { createHash } from 'node:crypto';
import type { CountRule } from './record-counter';
import type { Shard, SourceKind, SourceSettings } from './source/source-kind';

/** Settings of every source that say how it is read, and nothing of what. */
const HOW: readonly string[] = ['timeoutSeconds', 'retries', 'minRows', 'maxConcurrency', 'maxShrinkPercent', 'ladder', 'requestsPerMinute'];

const HEX_DIGITS = 32;

export interface Described {
  readonly dataset: string;
  /** What the run is to read: kind of commit, range, replayed run, and the cursor where the source goes by one. */
  readonly asked: object;
  readonly source: SourceSettings;
  readonly kind: SourceKind;
  readonly count: CountRule;
}

/**
 * A digest of all that makes a shard the same work in two attempts, apart from the version that the source has of it. Code of another version that
 * describes a shard in another way gives another digest, and the shard is then pulled again.
 */
export function fingerprint({ dataset, asked, source, kind, count }: Described, shard: Shard): string {
  const decides = kind.decides?.(source, shard.read) ?? { read: shard.read, source: what(source) };
  const text = canonicalJson({ dataset, asked, kind: source.kind, count, url: shard.url, cursor: shard.cursor, decides });
  return createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS);
}

function what(source: SourceSettings): object {
  return Object.fromEntries(Object.entries(source).filter(([key]) => !HOW.includes(key)));
}

/** JSON whose members stand in the order of their names. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member
  ));
}
