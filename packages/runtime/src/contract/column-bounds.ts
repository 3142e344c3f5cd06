import type { Column } from './contract';
import { duckdbType } from './engine-types';
import { quoteLiteral } from './quote-identifier';

/** One declared bound of a column, as SQL. */
export interface ColumnBound {
  readonly key: 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum';
  /** What a good value is to the bound. */
  readonly operator: '>=' | '<=' | '>' | '<';
  /** The bound as the contract has it. */
  readonly text: string;
  /** A DuckDB literal of the column's type. */
  readonly literal: string;
}

const OPERATORS = { minimum: '>=', exclusiveMinimum: '>', maximum: '<=', exclusiveMaximum: '<' } as const;

/** The declared bounds, lower ones first. */
export function columnBounds(column: Column): ColumnBound[] {
  return (Object.keys(OPERATORS) as ColumnBound['key'][]).flatMap((key) => {
    const text = column[key];
    return text === undefined ? [] : [{ key, operator: OPERATORS[key], text, literal: boundLiteral(column, text) }];
  });
}

function boundLiteral(column: Column, text: string): string {
  // Bounds are ISO texts without regard to the format of the data, so DuckDB reads them as they stand.
  if (column.type.kind === 'time') return `epoch_us(TIME ${quoteLiteral(text)})`;
  return `CAST(${quoteLiteral(text)} AS ${duckdbType(column.type)})`;
}
