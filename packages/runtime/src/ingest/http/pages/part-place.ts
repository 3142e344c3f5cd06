import { createHash } from 'node:crypto';
import type { SinceSettings } from './since-settings';

/** Longer values stand in addresses of parts as a digest, as do tokens. */
const SHOWN_CHARACTERS = 64;

/** The beginning of a part's place: the source, and what was asked beyond its address. */
export function partPlace(source: string, by: SinceSettings['by'] | undefined, parameters: Readonly<Record<string, string>>): string {
  const asked = Object.entries(parameters).map(([name, value]) => {
    const short = by !== 'token' && value.length <= SHOWN_CHARACTERS;
    return `${encodeURIComponent(name)}=${short ? encodeURIComponent(value) : `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`}&`;
  });
  return `${source}#${asked.join('')}`;
}
