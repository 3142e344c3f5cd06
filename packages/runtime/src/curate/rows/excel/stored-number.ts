import type { ExcelFormat } from '../../../contract/contract';

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** Bytes of a lexeme: a double needs 24, and no column holds so many digits. */
export const LONGEST_NUMBER = 1_000;
const PLAIN = /^(?:-?(?:0|[1-9]\d*)(?:\.\d{0,13}[1-9])?)$/;
/** Of numbers that are written in full; all that a double holds lie within. */
const LONGEST_EXPONENT = 400;
/** Fewer digits than these are the shortest of their double anyhow. */
const WRITTEN_DIGITS = [16, 17];

/**
 * The digits of a number, as its grammar has them: without an exponent, and without zeros that say nothing.
 *
 * Excel keeps doubles and writes 17 digits of each, other programs 16, so that 19.99 stands in the file as 19.989999999999998. Such a lexeme
 * is told by the shortest digits that are the same double; any other one is told digit by digit, however many it has.
 *
 * @returns undefined for what is no number
 */
export function numberText(lexeme: string, numbers: ExcelFormat['numbers']): string | undefined {
  // Up to 15 digits are those of their double; a point is no digit.
  if (lexeme.length <= (numbers === 'exact' ? 16 : 15) && PLAIN.test(lexeme)) return lexeme;
  const whole = plain(lexeme);
  if (whole === undefined) return undefined;
  const double = Number(lexeme);
  if (!Number.isFinite(double) || (double === 0 && /[1-9]/.test(whole))) return whole;
  if (numbers === '15-digits') return plain(double.toPrecision(15));
  return WRITTEN_DIGITS.some((digits) => plain(double.toPrecision(digits)) === whole) ? plain(signed(double)) : whole;
}

/** Whether a lexeme is one of a number. */
export function isNumber(lexeme: string): boolean {
  return lexeme.length <= LONGEST_NUMBER && NUMBER.test(lexeme) && /\d/.test(lexeme);
}

/** The text of a number for a column of doubles. */
export function floatText(lexeme: string, numbers: ExcelFormat['numbers']): string | undefined {
  const whole = plain(lexeme);
  const double = Number(numbers === '15-digits' ? Number(lexeme).toPrecision(15) : lexeme);
  // What is too large or too small for a double is for the check to refuse.
  if (whole === undefined || !Number.isFinite(double) || (double === 0 && /[1-9]/.test(whole))) return whole;
  return signed(double);
}

function signed(double: number): string {
  return Object.is(double, -0) ? '-0.0' : String(double);
}

function plain(lexeme: string): string | undefined {
  if (lexeme.length > LONGEST_NUMBER) return undefined;
  const [, sign, before, after = '', power = '0'] = NUMBER.exec(lexeme) ?? [];
  if (before === undefined || before + after === '') return undefined;
  const exponent = Number(power);
  if (Math.abs(exponent) > LONGEST_EXPONENT) return lexeme;
  const digits = exponent < 0 ? '0'.repeat(-exponent) + before + after : before + after + '0'.repeat(exponent);
  const point = exponent < 0 ? before.length : before.length + exponent;
  const whole = digits.slice(0, point).replace(/^0+(?=\d)/, '');
  const fraction = digits.slice(point).replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
}
