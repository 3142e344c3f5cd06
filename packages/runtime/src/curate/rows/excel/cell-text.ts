import type { Column, ExcelFormat } from '../../../contract/contract';
import { typeName } from '../../../contract/engine-types';
import { falseTokens, trueTokens } from '../../../contract/lexical-grammar';
import { momentWriter } from './moment-text';
import type { NumberFormat } from './number-format';
import { isoMoment, serialMoment, type Moment } from './serial-moment';
import type { Cell } from './sheet-rows';
import { floatText, isNumber, LONGEST_NUMBER, numberText } from './stored-number';
import type { DateSystem } from './workbook';

/** What cells of a workbook are told by. */
export interface CellRules {
  readonly excel: ExcelFormat;
  readonly nullTokens: readonly string[];
  readonly formats: readonly NumberFormat[];
  readonly dates: DateSystem;
}

/** Why a cell has no text for its column, for people; holds no value. */
export class CellProblem {
  constructor(readonly reason: string) {}
}

/** The text of a cell in the grammar of the column, or null for NULL. */
export type CellText = Buffer | string | null | CellProblem;

/** What Excel calls them. */
const ERRORS = new Set(['#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A', '#GETTING_DATA', '#SPILL!', '#CALC!', '#FIELD!', '#BLOCKED!', '#CONNECT!', '#BUSY!', '#UNKNOWN!']);

/** Makes what tells cells of one column. */
export function cellTexts(column: Column, { excel, nullTokens, formats, dates }: CellRules): (cell: Cell) => CellText {
  const { type } = column;
  const nulls = nullTokens.map((token) => Buffer.from(token));
  const isNull = (value: Buffer): boolean => nulls.length > 0 && nulls.some((token) => token.equals(value));
  const isMoment = type.kind === 'date' || type.kind === 'time' || type.kind === 'timestamp';
  const write = isMoment ? momentWriter(column) : undefined;
  const wanted = typeName(type);
  const moment = (found: Moment | string): CellText => {
    if (typeof found === 'string') return new CellProblem(found);
    const told = write!(found);
    return 'text' in told ? told.text : new CellProblem(told.problem);
  };
  const number = (lexeme: string): CellText => {
    const text = type.kind !== 'float' ? numberText(lexeme, excel.numbers) : type.bits === 64 ? floatText(lexeme, excel.numbers) : numberText(lexeme, excel.numbers);
    if (text === undefined) return new CellProblem('holds a number that is not written as one');
    return isNull(Buffer.from(text)) ? null : text;
  };
  const numeric = ({ value, style }: Cell): CellText => {
    const format = formats[style];
    if (format === undefined) return new CellProblem('has a style that the workbook does not define');
    if (value.length > LONGEST_NUMBER) return new CellProblem(`holds a number of more than ${LONGEST_NUMBER.toLocaleString('en-US')} characters`);
    const lexeme = value.toString('latin1').trim();
    const { shown } = format;
    if (!isNumber(lexeme)) return new CellProblem('holds a number that is not written as one');
    if (shown === 'mixed') return new CellProblem(`has the format ${format.code}, which shows now a number and now a date`);
    if (isMoment) {
      if (shown === 'moment' || (shown === 'elapsed' && type.kind === 'time') || excel.dates === 'serials') return moment(serialMoment(lexeme, dates, excel.times === 'milliseconds'));
      // Days that are written as 20240229.
      if (column.format !== undefined) return number(lexeme);
      return new CellProblem(`holds a number that the sheet shows as ${shown === 'elapsed' ? 'a time span' : 'one'}, by format ${format.code}; declare headraceRecord.dates: serials if such numbers are dates`);
    }
    if (shown === 'moment' || shown === 'elapsed') return new CellProblem(`holds a ${shown === 'moment' ? 'date or time' : 'time span'}, by format ${format.code}, expected ${wanted}`);
    if (type.kind === 'uuid' || type.kind === 'binary') return new CellProblem(`holds a number, expected ${wanted}`);
    const text = number(lexeme);
    if (type.kind === 'string' && (shown === 'number' || (shown === 'whole' && typeof text === 'string' && text.includes('.')))) {
      return new CellProblem(`holds a number that the sheet shows otherwise, by format ${format.code}, expected ${wanted}; have the source keep it as text, or declare a number`);
    }
    return text;
  };
  return (cell) => {
    const { kind, value } = cell;
    switch (kind) {
      case 'text': return isNull(value) ? null : value;
      case 'number': return numeric(cell);
      case 'boolean': {
        if (type.kind !== 'boolean') return new CellProblem(`holds a boolean, expected ${wanted}`);
        const text = value.toString('latin1');
        if (text === '1' || text === 'true') return trueTokens(column)[0]!;
        return text === '0' || text === 'false' ? falseTokens(column)[0]! : new CellProblem('holds a boolean that is neither 0 nor 1');
      }
      case 'moment': return isMoment ? moment(isoMoment(value.toString('latin1').trim())) : new CellProblem(`holds a date or time, expected ${wanted}`);
      case 'error': {
        const error = value.toString();
        if (isNull(value)) return null;
        return new CellProblem(ERRORS.has(error) ? `holds the error ${error}` : 'holds an error');
      }
      case 'unknown': return new CellProblem(value.toString());
    }
  };
}
