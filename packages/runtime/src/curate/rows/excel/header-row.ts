import type { ExcelFormat } from '../../../contract/contract';
import { columnLetters } from '../../../contract/cell-range';
import { ExcelFault } from './excel-fault';
import type { NumberFormat } from './number-format';
import type { Cell } from './sheet-rows';
import { LONGEST_NUMBER, numberText } from './stored-number';

/** The names in a row, up to the last one; a column without a name has an empty one. */
export function headerNames(cells: readonly Cell[], row: number, { range, numbers }: ExcelFormat, formats: readonly NumberFormat[]): string[] {
  const names: string[] = [];
  for (const cell of cells) {
    const at = cell.column - range.firstColumn;
    while (names.length < at) names.push('');
    names.push(nameOf(cell, numbers, formats) ?? refuse(cell, row));
  }
  while (names.at(-1) === '') names.pop();
  return names;
}

function nameOf({ kind, value, style }: Cell, numbers: ExcelFormat['numbers'], formats: readonly NumberFormat[]): string | undefined {
  if (kind === 'text') return value.toString();
  // Years are names too.
  const shown = formats[style]?.shown;
  return kind === 'number' && value.length <= LONGEST_NUMBER && (shown === 'general' || shown === 'whole') ? numberText(value.toString('latin1').trim(), numbers) : undefined;
}

function refuse({ column }: Cell, row: number): never {
  throw new ExcelFault(`cell ${columnLetters(column)}${row} of its header is no text`, 'say where the header is as headraceRecord.range, such as A4, or have the source write names as text');
}
