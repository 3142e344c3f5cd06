/** A decimal number as it is written, comparable without rounding: ids beyond 2^53 are common. */
interface Exact { readonly negative: boolean; readonly digits: string; /** Digits before the point; may be negative. */ readonly point: number }

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/;

export function isExactNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** Below 0, 0 or above 0. Both must be exact numbers. */
export function compareNumbers(one: string, other: string): number {
  const [a, b] = [exact(one), exact(other)];
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const size = compareSizes(a, b);
  return a.negative ? -size : size;
}

/** Takes a whole number off; undefined where the text is no whole number. What is not negative does not become so. */
export function minusWhole(text: string, values: number): string | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  const less = value - BigInt(values);
  return String(value >= 0n && less < 0n ? 0n : less);
}

function compareSizes(a: Exact, b: Exact): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.point !== b.point) return a.point - b.point;
  const length = Math.max(a.digits.length, b.digits.length);
  const [left, right] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

function exact(text: string): Exact {
  const [, sign, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const all = whole + fraction;
  const digits = all.replace(/^0+/, '').replace(/0+$/, '');
  const leading = all.length - all.replace(/^0+/, '').length;
  // Zero has no sign and no digits.
  return { negative: sign === '-' && digits !== '', digits, point: whole.length - leading + Number(exponent) };
}
