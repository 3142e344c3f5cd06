import type { CellRange } from './contract';

/** Of Excel. */
export const [LAST_ROW, LAST_COLUMN] = [1_048_576, 16_384];

const RANGE = /^([A-Z]{1,3})([1-9][0-9]{0,6})(?::([A-Z]{1,3})([1-9][0-9]{0,6})?)?$/;

/** Reads `B4`, `B4:F` or `B4:F200`; undefined where it is none of them. */
export function parseCellRange(text: string): CellRange | undefined {
  const [, firstColumn, firstRow, lastColumn, lastRow] = RANGE.exec(text) ?? [];
  if (firstColumn === undefined) return undefined;
  const range = {
    firstRow: Number(firstRow), firstColumn: columnNumber(firstColumn),
    ...(lastColumn === undefined ? {} : { lastColumn: columnNumber(lastColumn) }), ...(lastRow === undefined ? {} : { lastRow: Number(lastRow) }),
  };
  const { lastColumn: right = range.firstColumn, lastRow: bottom = range.firstRow } = range;
  return right < range.firstColumn || right > LAST_COLUMN || bottom < range.firstRow || bottom > LAST_ROW ? undefined : range;
}

/** 1 for A, 27 for AA. */
function columnNumber(letters: string): number {
  return [...letters].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0);
}

/** A for 1, AA for 27. */
export function columnLetters(column: number): string {
  const letters: string[] = [];
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) letters.unshift(String.fromCharCode(65 + ((rest - 1) % 26)));
  return letters.join('');
}
