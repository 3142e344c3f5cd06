import * as fc from 'fast-check';
import { columnLetters, parseCellRange } from '../../../src/contract/cell-range';
import { readFormat } from '../../../src/curate/rows/excel/number-format';
import { serialMoment } from '../../../src/curate/rows/excel/serial-moment';
import { numberText } from '../../../src/curate/rows/excel/stored-number';

test.each([
  ['General', 'general'], ['@', 'general'], ['0', 'whole'], ['0.00', 'number'], ['00000', 'number'], ['#,##0.00 "days"', 'number'], ['0.00E+00', 'number'], ['[Red]0;[Blue]-0', 'number'],
  ['[$€-407] #,##0', 'number'], ['\\d0', 'number'], ['0_d', 'whole'], ['0;@', 'whole'], ['General;(General)', 'number'], ['"m"0', 'number'], ['# ?/?', 'number'], ['[$AB-409]0', 'number'], ['[$EUR]General', 'number'], ['[DBNum1]0', 'number'], ['*x0', 'number'], ['[$-409]0', 'whole'], ['[Color 12]General', 'general'], ['', 'number'], [';;;', 'number'], ['0"x"', 'number'], ['[Yellow]General', 'general'],
  ['yyyy-mm-dd', 'moment'], ['[$-409]d\\-mmm\\-yy;@', 'moment'], ['[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy', 'moment'], ['hh:mm AM/PM', 'moment'], ['mm:ss.0', 'moment'], ['YYYY', 'moment'], ['[Red]d', 'moment'],
  ['ggge"年"m"月"', 'moment'], ['yyyy"-Q"0', 'moment'], ['[h]:mm', 'elapsed'], ['[HH]', 'elapsed'], ['[mm]:ss', 'elapsed'], ['[s].000', 'elapsed'], ['[h]:mm;@', 'elapsed'],
  ['[<1]h:mm;0', 'mixed'], ['[<1]h:mm;d.m.yy', 'moment'], ['0;yyyy', 'number'],
])('format %j shows %s', (code, shown) => {
  expect(readFormat(code)).toEqual({ shown, code });
});

test('any double that is written with 16 or 17 digits is told as the shortest digits that are it again', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
    const told = numberText(double.toPrecision(17), 'exact')!;
    expect(Number(told)).toBe(double === 0 ? Number(told) : double);
    expect(told).toBe(numberText(String(double), 'exact'));
    expect(told).not.toMatch(/e/i);
    if (Number(double.toPrecision(16)) === double) expect(numberText(double.toPrecision(16), 'exact')).toBe(told);
  }), { numRuns: 300 });
});

test('digits of any other number stay as they are', () => {
  const digits = (length: number) => fc.stringMatching(new RegExp(`^[1-9][0-9]{${length - 2}}[1-9]$`));
  fc.assert(fc.property(digits(20), fc.integer({ min: 1, max: 19 }), fc.boolean(), (number, point, negative) => {
    const lexeme = `${negative ? '-' : ''}${number.slice(0, point)}.${number.slice(point)}`;
    expect(numberText(lexeme, 'exact')).toBe(lexeme);
    expect(numberText(`${negative ? '-' : ''}${number}`, 'exact')).toBe(`${negative ? '-' : ''}${number}`);
    expect(numberText(`${negative ? '-' : ''}${number}E-${20 - point}`, 'exact')).toBe(lexeme);
  }), { numRuns: 200 });
  for (const lexeme of ['9007199254740993', '12345678901234567', '0.1234567890123456789', '-0']) expect(numberText(lexeme, 'exact')).toBe(lexeme);
  for (const lexeme of ['', '.', '-', 'e5', '1e', 'NaN', 'INF', '0x1', '1 2', '1,5']) expect(numberText(lexeme, 'exact')).toBeUndefined();
});

test('a number has one value, however it is written, with 15 digits too; one of absurd length is none, at no cost', () => {
  for (const lexeme of ['1234567890123456', '1234567890123456.0', '1.234567890123456E15']) expect(numberText(lexeme, '15-digits')).toBe('1234567890123460');
  for (const lexeme of ['1'.repeat(200_000) + 'x', `0.${'0'.repeat(200_000)}1`]) expect(numberText(lexeme, 'exact')).toBeUndefined();
});

test('any millisecond of the calendar comes back, however writers round it', () => {
  const [first, last] = [Date.UTC(1900, 2, 1), Date.UTC(9999, 11, 31, 23, 59, 59, 999)];
  fc.assert(fc.property(fc.integer({ min: first, max: last }), (instant) => {
    const day = Math.floor(instant / 86_400_000);
    const ms = instant - day * 86_400_000;
    const serial = day + 25_569 + ms / 86_400_000;
    for (const lexeme of [serial.toPrecision(17), serial.toPrecision(16), String(serial), ...(serial < 100_000 ? [serial.toPrecision(15)] : [])]) {
      expect([lexeme, serialMoment(lexeme, '1900', false)]).toEqual([lexeme, { day, ms, clock: false }]);
    }
    // Counted from 1904 at once: the difference of two doubles is not the nearest one.
    const from1904 = day + 24_107 + ms / 86_400_000;
    if (from1904 >= 1) expect(serialMoment(String(from1904), '1904', false)).toEqual({ day, ms, clock: false });
  }), { numRuns: 500, examples: [[first], [last]] });
});

test('a microsecond more or less is no millisecond, in this century', () => {
  const moments = [fc.integer({ min: 36_526, max: 65_535 }), fc.integer({ min: 0, max: 86_399_998 }), fc.integer({ min: 2, max: 998 })] as const;
  fc.assert(fc.property(...moments, (day, ms, micros) => {
    expect(typeof serialMoment((day + (ms + micros / 1_000) / 86_400_000).toPrecision(17), '1900', false)).toBe('string');
  }), { numRuns: 300 });
});

test('ranges are cells of a sheet', () => {
  expect(parseCellRange('B4')).toEqual({ firstColumn: 2, firstRow: 4 });
  expect(parseCellRange('A1:XFD1048576')).toEqual({ firstColumn: 1, firstRow: 1, lastColumn: 16_384, lastRow: 1_048_576 });
  expect(parseCellRange('B4:AA')).toEqual({ firstColumn: 2, firstRow: 4, lastColumn: 27 });
  for (const text of ['', 'A', '4', 'A0', 'B4:A9', 'B4:C3', 'XFE1', 'A1048577', 'a1', 'A1:B2:C3', '$A$1']) expect(parseCellRange(text)).toBeUndefined();
  expect([1, 26, 27, 702, 703, 16_384].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA', 'XFD']);
});
