import { LAST_COLUMN, LAST_ROW } from '../../../contract/cell-range';
import { readString, unescaped } from './cell-string';
import { ElementReader } from './element-reader';
import { ExcelFault } from './excel-fault';
import { SPREADSHEET } from './namespaces';
import type { SharedStrings } from './shared-strings';

/** `error`: such as #N/A. `moment`: ISO 8601. `unknown`: no value can be told; `value` says why. */
export type CellKind = 'number' | 'text' | 'boolean' | 'error' | 'moment' | 'unknown';

export interface Cell {
  /** 1-based. */
  readonly column: number;
  readonly kind: CellKind;
  /** Of a text its characters, of others the lexeme of the file. */
  readonly value: Buffer;
  /** Index into the number formats. */
  readonly style: number;
  /** Of a cell whose value cannot be told: its XML, or that of the shared string that it names. */
  readonly xml?: Buffer;
}

/** Reads rows of a sheet into the cells that hold something. */
export class SheetRows {
  /** 1-based number of the row that was read last. */
  row = 0;
  private readonly reader = new ElementReader(SPREADSHEET);
  private column = 0;
  private style = 0;

  /** @param recompute whether the values beside formulas are not theirs */
  constructor(private readonly part: string, private readonly strings: SharedStrings, private readonly recompute: boolean) {}

  head(bytes: Buffer): void {
    const open: string[] = [];
    this.reader.begin(bytes);
    for (let token = this.reader.next(); token !== 'end'; token = this.reader.next()) {
      if (token === 'open') open.push(this.reader.name);
      if (open[0] === '') throw new ExcelFault(`${this.part} is of another kind of document: its root element is in no namespace of workbooks`);
    }
  }

  read(bytes: Buffer): Cell[] {
    const { reader, part } = this;
    reader.begin(bytes);
    reader.next();
    const { name } = reader;
    if (name !== 'row') throw new ExcelFault(`${part} has rows of another namespace`);
    const number = reader.attribute('r');
    const row = number === undefined ? this.row + 1 : /^\d{1,7}$/.test(number) ? Number(number) : NaN;
    if (!(Number.isInteger(row) && row > this.row && row <= LAST_ROW)) throw new ExcelFault(`${part} has row ${number ?? row} behind row ${this.row}, and rows must be in order, from 1 to ${LAST_ROW}`);
    this.row = row;
    this.column = 0;
    const cells: Cell[] = [];
    for (let token = reader.next(); token !== 'close'; token = reader.next()) {
      if (token !== 'open') continue;
      if (reader.name === 'extLst') {
        reader.skip();
        continue;
      }
      if (reader.name !== 'c') throw new ExcelFault(`${part} has something else than cells in row ${row}`);
      this.place(reader.attribute('r'));
      this.style = Number(reader.attribute('s') ?? 0);
      const from = reader.opened;
      const cell = this.cell(reader.attribute('t') ?? 'n');
      if (cell !== undefined) cells.push(cell.kind === 'unknown' ? { xml: reader.since(from), ...cell } : cell);
    }
    return cells;
  }

  /** Finds the column of a cell, which may leave out where it is. */
  private place(reference: string | undefined): void {
    const before = this.column;
    if (reference === undefined) this.column++;
    else {
      let at = 0;
      let column = 0;
      for (let code = reference.charCodeAt(0); code >= 65 && code <= 90; code = reference.charCodeAt(++at)) column = column * 26 + code - 64;
      if (at === 0 || reference.slice(at) !== String(this.row)) throw new ExcelFault(`${this.part} has a cell ${JSON.stringify(reference)} in row ${this.row}`);
      this.column = column;
    }
    if (this.column <= before || this.column > LAST_COLUMN) throw new ExcelFault(`${this.part} has cells of row ${this.row} that are not in order, or twice, or behind column XFD`);
  }

  private cell(type: string): Cell | undefined {
    const { reader } = this;
    let value: Buffer | undefined;
    let inline: Buffer | 'broken' | undefined;
    let [formula, twice, other] = [false, false, false];
    for (let token = reader.next(); token !== 'close'; token = reader.next()) {
      if (token !== 'open') continue;
      switch (reader.name) {
        case 'v': {
          twice ||= value !== undefined;
          const content = reader.content();
          other ||= content === undefined;
          value = content;
          break;
        }
        case 'is':
          twice ||= inline !== undefined;
          inline = readString(reader) ?? 'broken';
          break;
        case 'f':
          formula = true;
          this.array(reader.attribute('t'), reader.attribute('ref'));
          reader.skip();
          break;
        default:
          other ||= reader.name !== 'extLst';
          reader.skip();
      }
    }
    if (other) return this.unknown('holds something that cells do not have');
    if (twice || (inline !== undefined && value !== undefined)) return this.unknown('has two values');
    if (type === 'inlineStr' ? value !== undefined : inline !== undefined) return this.unknown(`is of type ${type} and has the value of another`);
    if (formula && this.recompute) return this.unknown('holds a formula, and the workbook says that formulas must be computed when it is opened; open and save it in Excel, or have the source write values');
    if (formula && (value === undefined || (value.length === 0 && type !== 'str'))) return this.unknown('holds a formula without a stored value; open and save it in Excel, or have the source write values');
    if (type === 'inlineStr') return inline === undefined ? undefined : this.text(inline);
    return value === undefined ? undefined : this.typed(type, value);
  }

  private typed(type: string, value: Buffer): Cell | undefined {
    switch (type) {
      case 's': return value.length === 0 ? undefined : this.shared(value);
      case 'str': return this.text(unescaped(value) ?? 'broken');
      case 'n': return value.length === 0 ? undefined : this.of('number', value);
      case 'b': return value.length === 0 ? undefined : this.of('boolean', value);
      case 'e': return this.of('error', value);
      case 'd': return value.length === 0 ? undefined : this.of('moment', value);
      default: return this.unknown('is of a type that workbooks do not have');
    }
  }

  private shared(value: Buffer): Cell {
    let number = 0;
    for (const byte of value) number = byte >= 48 && byte <= 57 ? number * 10 + byte - 48 : NaN;
    const text = this.strings.get(number);
    if (text === 'missing') return this.unknown('names a shared string that there is not');
    return text === 'broken' ? { ...this.text(text), xml: this.strings.xmlOf(number) } : this.text(text);
  }

  private text(text: Buffer | 'broken'): Cell {
    return text === 'broken' ? this.unknown('holds half of a surrogate pair, or something else that is no text') : this.of('text', text);
  }

  /** Cells that an array formula fills hold no formula of their own. */
  private array(type: string | undefined, area: string | undefined): void {
    if (!this.recompute || (type !== 'array' && type !== 'dataTable') || area?.includes(':') !== true) return;
    throw new ExcelFault(`${this.part} has an array formula over ${area}, and the workbook says that formulas must be computed when it is opened`, 'open and save it in Excel, or have the source write values');
  }

  private of(kind: CellKind, value: Buffer): Cell {
    return { column: this.column, kind, value, style: this.style };
  }

  private unknown(why: string): Cell {
    return this.of('unknown', Buffer.from(why));
  }
}
