import { isXmlCharacter } from './xml-bytes';

const ENTITIES = new Set(['amp', 'lt', 'gt', 'apos', 'quot']);
const NUMBER = /^#(?:x0*([\da-fA-F]{1,6})|0*(\d{1,7}))$/;

/** What is wrong with a reference, given what stands between & and ;. */
export function referenceProblem(name: string): string | undefined {
  if (!name.startsWith('#')) return ENTITIES.has(name) ? undefined : 'an entity other than the five that XML defines: amp, lt, gt, apos and quot';
  const [, hexadecimal, decimal] = NUMBER.exec(name) ?? [];
  const code = hexadecimal === undefined ? Number.parseInt(decimal ?? '0', 10) : Number.parseInt(hexadecimal, 16);
  return isXmlCharacter(code) ? undefined : 'a reference to no character that XML can hold';
}
