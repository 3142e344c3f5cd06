import { columnLetters } from '../../../contract/cell-range';
import type { Column, Dataset } from '../../../contract/contract';
import { isRead, mapNames, mapPositions, type FieldMap } from '../csv/csv-header';
import { tooLong } from '../framed-records';
import { TextFiles } from '../typed/text-files';
import { toldRecord, toldText } from '../typed/told-record';
import type { TypedPart } from '../typed/typed-part';
import { CellProblem, cellTexts, type CellText } from './cell-text';
import { ExcelFault, excelError } from './excel-fault';
import { headerNames } from './header-row';
import { readElements } from './read-elements';
import { readNumberFormats } from './number-formats';
import type { NumberFormat } from './number-format';
import { SharedStrings } from './shared-strings';
import { SheetRows, type Cell } from './sheet-rows';
import { chooseSheet, readWorkbook, type Workbook } from './workbook';
import { WorkbookArchive } from './workbook-archive';

/** Texts that wait for a flush: a cell of a few bytes may name a long shared string. */
const FLUSH_BYTES = 1024 * 1024;

/** Of its XML; what precedes the rows has widths and views. */
const LONGEST_ROW = 32 * 1024 * 1024;

/**
 * Curates a sheet of a workbook as it streams; true where it has no header.
 *
 * Throws `EXCEL` where the file breaks its format or is of another one, and `HEADER` where the names do not fit the contract.
 */
export async function readExcel(part: TypedPart): Promise<boolean> {
  const { dataset, source, signal } = part;
  const files = new TextFiles(part);
  let archive: WorkbookArchive | undefined;
  try {
    archive = await WorkbookArchive.open(part);
    const workbook = await readWorkbook(archive);
    const sheet = chooseSheet(workbook, dataset.record.excel!.sheet);
    const strings = await SharedStrings.read(archive, workbook.strings);
    const formats = await readNumberFormats(archive, workbook.styles);
    const rows = new SheetRows(sheet.part, strings, workbook.recompute);
    const records = new SheetRecords(part, files, workbook, formats);
    await readElements(archive.read(sheet.part), {
      part: sheet.part, path: ['worksheet', 'sheetData', 'row'], only: true, longest: LONGEST_ROW,
      head: (bytes) => { rows.head(bytes); },
      element: (bytes) => {
        records.take(rows.read(bytes), rows.row);
        return records.taken > FLUSH_BYTES;
      },
      flush: async () => {
        signal?.throwIfAborted();
        records.taken = 0;
        await files.flush();
        await part.flush();
      },
    });
    await files.flush();
    await part.flush();
    await files.finish();
    return records.headerMissing;
  } catch (error) {
    throw error instanceof ExcelFault ? excelError(source, error) : error;
  } finally {
    await files.discard();
    archive?.close();
  }
}

/** Makes records of rows: the first that holds something is the header, and others that hold nothing are none. */
class SheetRecords {
  private readonly dataset: Dataset;
  private readonly columns: readonly Column[];
  private readonly texts: readonly ((cell: Cell) => CellText)[];
  /** Bytes that were handed on since this was last set. */
  taken = 0;
  private map?: FieldMap;
  /** For each column that is read, its field; and for each field the columns that read it. */
  private places: readonly number[] = [];

  constructor(
    private readonly part: TypedPart, private readonly files: TextFiles, workbook: Workbook, private readonly formats: readonly NumberFormat[],
  ) {
    const { dataset } = part;
    this.dataset = dataset;
    this.columns = dataset.columns.filter(isRead);
    const { excel, nullTokens, header } = dataset.record;
    this.texts = this.columns.map((column) => cellTexts(column, { excel: excel!, nullTokens, formats, dates: workbook.dates }));
    if (header === 'none') this.use(mapPositions(dataset));
  }

  get headerMissing(): boolean {
    return this.map === undefined;
  }

  take(all: readonly Cell[], row: number): void {
    const { excel, header } = this.dataset.record;
    const { firstRow, lastRow = Infinity, firstColumn, lastColumn = Infinity } = excel!.range;
    if (row < firstRow || row > lastRow) return;
    const cells = all.filter(({ column }) => column >= firstColumn && column <= lastColumn);
    if (cells.length === 0) return;
    if (this.map === undefined) {
      const map = mapNames(this.dataset, headerNames(cells, row, excel!, this.formats), this.part.source);
      this.part.useColumns(map.names, map.unused);
      this.use(map);
      return;
    }
    this.files.moveTo(row - 1);
    const byField = new Map(cells.map((cell) => [cell.column - firstColumn, cell]));
    const told = this.columns.map((_, index) => {
      const cell = byField.get(this.places[index]!);
      return cell === undefined ? null : this.texts[index]!(cell);
    });
    const beyond = header === 'subset' ? undefined : cells.find(({ column }) => column - firstColumn >= this.map!.fields);
    this.record(told, cells, byField, beyond);
  }

  private record(told: readonly CellText[], cells: readonly Cell[], byField: ReadonlyMap<number, Cell>, beyond: Cell | undefined): void {
    const { files, part, columns, dataset: { record: { maxRecordBytes } } } = this;
    const row = files.place + 1;
    const problem = told.findIndex((text) => text instanceof CellProblem);
    const values = told.map((text) => (typeof text === 'string' ? Buffer.from(text) : text));
    const length = values.reduce((sum, value) => sum + (Buffer.isBuffer(value) ? value.length : 0), 0);
    this.taken += length;
    if (problem < 0 && beyond === undefined && length <= maxRecordBytes) {
      files.write(values as (Buffer | null)[]);
      return;
    }
    const raw = columns.map((column, index): [Column, unknown] => {
      const value = values[index]!;
      return [column, value instanceof CellProblem ? toldCell(byField.get(this.places[index]!)!) : value];
    });
    const extra = beyond === undefined ? [] : cells.filter(({ column }) => column >= beyond.column).map((cell): [string, unknown] => [`${columnLetters(cell.column)}${row}`, toldCell(cell)]);
    const at = problem < 0 ? undefined : byField.get(this.places[problem]!)!;
    const bytes = toldRecord(raw, extra);
    this.taken += bytes.length;
    part.bad({
      ...(beyond !== undefined ? { code: 'FIELDS' as const, reason: `cell ${columnLetters(beyond.column)}${row} holds something, and the header ends before it` }
        : at !== undefined ? { code: 'CELL' as const, column: columns[problem]!.name, reason: `cell ${columnLetters(at.column)}${row} ${(told[problem] as CellProblem).reason}` }
          : { code: 'RECORD_SIZE' as const, reason: tooLong(length, maxRecordBytes) }),
      bytes, offset: files.place, line: row,
    });
    files.skip();
  }

  private use(map: FieldMap): void {
    this.map = map;
    const { columns } = this.dataset;
    this.places = this.columns.map((column) => map.byColumn[columns.indexOf(column)]!);
    const { firstColumn } = this.dataset.record.excel!.range;
    this.files.where = (column, line) => {
      const field = map.byColumn[columns.findIndex(({ name }) => name === column)];
      return field === undefined ? undefined : `cell ${columnLetters(field + firstColumn)}${line}`;
    };
  }
}

/** What quarantine holds of a cell that has no text for its column: its lexeme, or its XML where it has no value. */
function toldCell({ value, xml }: Cell): unknown {
  return xml === undefined ? toldText(value) : { xml: toldText(xml) };
}
