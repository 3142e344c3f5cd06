import { parseCellRange } from '../cell-range';
import type { CellRange, ExcelFormat } from '../contract';
import type { MapReader } from './map-reader';

/** Reads what `headraceRecord` says of a workbook. */
export function parseExcelFormat(record: MapReader): ExcelFormat {
  const sheet = record.text('sheet');
  if (sheet !== undefined && (sheet === '' || sheet.length > LONGEST_SHEET_NAME)) {
    record.problem('sheet', { rule: 'excel-sheet', value: JSON.stringify(sheet), message: `a sheet has a name of 1 to ${LONGEST_SHEET_NAME} characters`, fix: 'write it as the tab shows it, or leave it out for the only visible sheet' });
  }
  return {
    ...(sheet === undefined ? {} : { sheet }), range: readRange(record),
    numbers: record.choice('numbers', ['exact', '15-digits']) ?? 'exact',
    dates: record.choice('dates', ['formatted', 'serials']) ?? 'formatted',
    times: record.choice('times', ['exact', 'milliseconds']) ?? 'exact',
  };
}

/** Of Excel. */
const LONGEST_SHEET_NAME = 31;

function readRange(record: MapReader): CellRange {
  const text = record.text('range');
  if (text === undefined) return { firstRow: 1, firstColumn: 1 };
  const range = parseCellRange(text);
  if (range !== undefined) return range;
  record.problem('range', {
    rule: 'excel-range', value: JSON.stringify(text), message: 'range must be a cell, or a cell and the last column, or a cell and the last cell',
    fix: 'write A4 where title rows stand above the header, B4:F for some columns, or B4:F200 for some rows',
  });
  return { firstRow: 1, firstColumn: 1 };
}
