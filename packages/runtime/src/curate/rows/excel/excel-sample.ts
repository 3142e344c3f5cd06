import { columnLetters } from '../../../contract/cell-range';
import type { ZipSource } from '../packed/zip-member';
import { ExcelFault } from './excel-fault';
import { readElements } from './read-elements';
import { readNumberFormats } from './number-formats';
import type { NumberFormat } from './number-format';
import { isoMoment, serialMoment, type Moment } from './serial-moment';
import { SharedStrings } from './shared-strings';
import { SheetRows, type Cell } from './sheet-rows';
import { numberText } from './stored-number';
import { readWorkbook, type DateSystem, type Sheet } from './workbook';
import { WorkbookArchive } from './workbook-archive';

/** The beginning of a table in a workbook, as a contract could be drafted from it. */
export interface ExcelSample {
  /** Where there are several visible ones. */
  readonly sheet?: string;
  /** Where the table does not begin in column A of the first row that holds something. */
  readonly range?: string;
  /** `subset` where columns have no name. */
  readonly header: 'exact' | 'subset' | 'none';
  readonly fields: readonly string[];
  /** Days and times are ISO texts; what no contract could read is null. */
  readonly records: readonly (readonly (string | null)[])[];
}

/** Titles may stand above the header, in so many rows. */
const ROWS_ABOVE = 20;
const LONGEST_ROW = 16 * 1024 * 1024;

/** Reads the first visible sheet that holds something. Throws an error that says why it cannot. */
export async function sampleWorkbook(source: ZipSource, mostRecords: number): Promise<ExcelSample | undefined> {
  const archive = await WorkbookArchive.open(source);
  try {
    const workbook = await readWorkbook(archive);
    const strings = await SharedStrings.read(archive, workbook.strings);
    const formats = await readNumberFormats(archive, workbook.styles);
    const visible = workbook.sheets.filter((sheet): sheet is Sheet & { readonly part: string } => sheet.visible && sheet.part !== undefined);
    for (const { name, part } of visible) {
      const rows = await firstRows(archive, part, new SheetRows(part, strings, workbook.recompute), mostRecords + ROWS_ABOVE);
      if (rows.length > 0) return { ...(visible.length > 1 ? { sheet: name } : {}), ...tableOf(rows, formats, workbook.dates, mostRecords) };
    }
    return undefined;
  } catch (error) {
    throw error instanceof ExcelFault ? new Error(`${error.reason}; ${error.cure}`, { cause: error }) : error;
  } finally {
    archive.close();
  }
}

interface Row { readonly row: number; readonly cells: readonly Cell[] }

class Enough extends Error {}

async function firstRows(archive: WorkbookArchive, part: string, reader: SheetRows, most: number): Promise<Row[]> {
  const rows: Row[] = [];
  const stop = new Enough();
  try {
    await readElements(archive.read(part), {
      part, path: ['worksheet', 'sheetData', 'row'], only: true, longest: LONGEST_ROW,
      head: (bytes) => { reader.head(bytes); },
      element: (bytes) => {
        const cells = reader.read(bytes).map((cell) => ({ ...cell, value: Buffer.from(cell.value) }));
        if (cells.length > 0) rows.push({ row: reader.row, cells });
        if (rows.length === most) throw stop;
      },
    });
  } catch (error) {
    if (error !== stop) throw error;
  }
  return rows;
}

function tableOf(rows: readonly Row[], formats: readonly NumberFormat[], dates: DateSystem, most: number): Omit<ExcelSample, 'sheet'> {
  // The header is the first of the widest rows: titles are narrow.
  const widest = Math.max(...rows.slice(0, ROWS_ABOVE).map(({ cells }) => cells.length));
  const at = rows.findIndex(({ cells }) => cells.length === widest);
  const { row, cells } = rows[at]!;
  const first = cells[0]!.column;
  const last = cells.at(-1)!.column;
  const names = Array.from({ length: last - first + 1 }, (_, index) => {
    const cell = cells.find(({ column }) => column === first + index);
    return cell?.kind === 'text' ? cell.value.toString() : '';
  });
  const named = cells.every(({ kind, value }) => kind === 'text' && value.length > 0) && new Set(cells.map(({ value }) => value.toString())).size === cells.length;
  const columns = names.map((_, index) => first + index).filter((_, index) => !named || names[index] !== '');
  const records = rows.slice(named ? at + 1 : at).slice(0, most);
  const texts = columns.map((column) => columnTexts(records.map((one) => one.cells.find((cell) => cell.column === column)), formats, dates));
  return {
    ...(at > 0 || first > 1 ? { range: `${columnLetters(first)}${row}` } : {}),
    header: !named ? 'none' : columns.length < names.length ? 'subset' : 'exact',
    fields: columns.map((column, index) => (named ? names[column - first]! : `column_${index + 1}`)),
    records: (texts[0] ?? []).map((_, record) => texts.map((column) => column[record]!)),
  };
}

/** Where one cell has a time, the days of a column have one too. A few texts among days and times are dirt: no column takes both. */
function columnTexts(cells: readonly (Cell | undefined)[], formats: readonly NumberFormat[], dates: DateSystem): (string | null)[] {
  const values = cells.map((cell) => (cell === undefined ? null : valueOf(cell, formats, dates)));
  const timed = values.some((value) => typeof value === 'object' && value !== null && value.day !== undefined && value.ms !== 0);
  const moments = values.filter((value) => typeof value === 'object' && value !== null).length;
  const dirty = 2 * moments > values.filter((value) => value !== null).length;
  return values.map((value) => {
    if (value === null || typeof value === 'string') return dirty ? null : value;
    const iso = new Date((value.day ?? 0) * 86_400_000 + value.ms).toISOString();
    return value.day === undefined ? iso.slice(11, 23) : timed ? iso.slice(0, 23) : iso.slice(0, 10);
  });
}

function valueOf({ kind, value, style }: Cell, formats: readonly NumberFormat[], dates: DateSystem): string | Moment | null {
  const lexeme = value.toString('latin1').trim();
  const moment = (found: Moment | string): Moment | null => (typeof found === 'string' ? null : found);
  switch (kind) {
    case 'text': return value.toString();
    case 'boolean': return lexeme === '1' || lexeme === 'true' ? 'true' : 'false';
    case 'moment': return moment(isoMoment(lexeme));
    case 'number': return formats[style]?.shown === 'moment' ? moment(serialMoment(lexeme, dates, true)) : numberText(lexeme, 'exact') ?? null;
    default: return null;
  }
}
