/**
 * A number from 0 up to but not including 1 that depends on the seed only.
 *
 * AWS does not say which generator it uses, so equal seeds give equal numbers here, but not those of AWS.
 */
export function seededRandom(seed: number): number {
  let state = (Math.trunc(seed) ^ 0x9e3779b9) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97) >>> 0;
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}
