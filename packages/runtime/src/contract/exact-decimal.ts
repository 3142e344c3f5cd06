/** A decimal number as unscaled integer and scale: `-1.50` is `{ unscaled: -150n, scale: 2 }`. */
export interface ExactDecimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
// More places than any supported type has; beyond it the text would only fill memory.
const MAX_PLACES = 400;

/** Reads decimal text, with or without exponent, exactly; undefined for anything else. */
export function parseDecimal(text: string): ExactDecimal | undefined {
  const match = NUMBER.exec(text.trim());
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const shift = Number(exponent);
  if (Math.abs(shift) > MAX_PLACES || whole.length + fraction.length > MAX_PLACES) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - shift;
  return trimmed(scale >= 0 ? { unscaled: digits, scale } : { unscaled: digits * 10n ** BigInt(-scale), scale: 0 });
}

/** Decimal text without exponent, plus sign or needless zeros; undefined if the text is no finite decimal number. */
export function normaliseDecimal(text: string): string | undefined {
  const value = parseDecimal(text);
  return value === undefined ? undefined : formatDecimal(value);
}

export function formatDecimal({ unscaled, scale }: ExactDecimal): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: ExactDecimal, b: ExactDecimal): number {
  const scale = Math.max(a.scale, b.scale);
  const left = a.unscaled * 10n ** BigInt(scale - a.scale);
  const right = b.unscaled * 10n ** BigInt(scale - b.scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

function trimmed(value: ExactDecimal): ExactDecimal {
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale -= 1;
  }
  return { unscaled, scale };
}
