const MINUS = 0x2d;
const ZERO = 0x30;
const SIGN_NEGATIVE_HIGH_BYTE = 0x40;
const HEAD_BYTES = 8;

/**
 * PostgreSQL's binary `numeric`: four 16-bit words (digit count, weight, sign, display scale), then base-10000 digits
 * with the decimal point between two of them. Leading and trailing zero digits are allowed; the server removes them.
 *
 * The input is decimal text as DuckDB writes it: an optional minus, digits, and for scale > 0 a point and exactly
 * `scale` digits. It is read byte by byte.
 */
export function numericSize(text: Uint8Array, start: number, end: number, scale: number): number {
  return HEAD_BYTES + 2 * (groups(wholeDigits(firstDigit(text, start), end, scale)) + groups(scale));
}

/** Writes what {@link numericSize} measured, at `at`; returns the offset after it. */
export function writeNumeric(out: Uint8Array, at: number, text: Uint8Array, start: number, end: number, scale: number): number {
  const first = firstDigit(text, start);
  const whole = wholeDigits(first, end, scale);
  const wholeGroups = groups(whole);
  const count = wholeGroups + groups(scale);
  const weight = wholeGroups - 1;
  out[at] = count >> 8;
  out[at + 1] = count;
  out[at + 2] = weight >> 8;
  out[at + 3] = weight;
  out[at + 4] = first === start ? 0 : SIGN_NEGATIVE_HIGH_BYTE;
  out[at + 5] = 0;
  out[at + 6] = scale >> 8;
  out[at + 7] = scale;
  let to = at + HEAD_BYTES;
  let from = first;
  // The first group takes what is left over, so that the last one ends at the point.
  let size = whole - 4 * (wholeGroups - 1);
  for (let group = 0; group < wholeGroups; group += 1) {
    to = writeGroup(out, to, text, from, size, 0);
    from += size;
    size = 4;
  }
  from = first + whole + 1;
  for (let left = scale; left > 0; left -= 4) {
    const digits = left < 4 ? left : 4;
    to = writeGroup(out, to, text, from, digits, 4 - digits);
    from += digits;
  }
  return to;
}

function firstDigit(text: Uint8Array, start: number): number {
  return text[start] === MINUS ? start + 1 : start;
}

function wholeDigits(first: number, end: number, scale: number): number {
  return end - first - (scale === 0 ? 0 : scale + 1);
}

function groups(digits: number): number {
  return (digits + 3) >> 2;
}

function writeGroup(out: Uint8Array, at: number, text: Uint8Array, from: number, digits: number, zeros: number): number {
  let value = 0;
  for (let index = 0; index < digits; index += 1) value = value * 10 + ((text[from + index] as number) - ZERO);
  for (let index = 0; index < zeros; index += 1) value *= 10;
  out[at] = value >> 8;
  out[at + 1] = value;
  return at + 2;
}
