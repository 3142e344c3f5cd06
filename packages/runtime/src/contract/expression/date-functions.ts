import type { Operand } from './same-type';
import { numberOf, type Expression, type ExpressionType } from './expression';
import { ofKind, type ExpressionFunction } from './expression-function';
import { ExpressionProblem } from './expression-problem';

const NULL_GIVES_NULL = 'NULL gives NULL';
const DATE: ExpressionType = { kind: 'date' };
const UNITS = ['day', 'month', 'year', 'hour'] as const;
const CURE = 'declare the column as date or timestamp';

/** Functions of the calendar, in UTC: an instant has the day that it has there. */
export const DATES: readonly ExpressionFunction[] = [
  ...([['YEAR', 4], ['MONTH', 2], ['DAY', 2]] as const).map(([name, digits]): ExpressionFunction => ({
    name, form: `${name}(a)`, takes: 'a date or timestamp', gives: `integer of ${digits} digits`, nulls: NULL_GIVES_NULL, arity: [1, 1],
    check: (operands) => ({ type: numberOf(digits), args: ofKind(name, operands, ['date', 'timestamp'], CURE) }),
    sql: ([value], { args }) => `CAST(${name.toLowerCase()}(${inUtc(value!, args[0]!)}) AS DECIMAL(${digits},0))`,
  })),
  {
    name: 'DATE_TRUNC', form: 'DATE_TRUNC(\'day\' | \'month\' | \'year\' | \'hour\', a)', takes: 'the unit as text; a date or timestamp, for hour a timestamp',
    gives: 'date: the first day of the unit; for hour the type of a', nulls: NULL_GIVES_NULL, arity: [2, 2],
    check: (operands) => {
      const [unit, value] = operands as [Operand, Operand];
      const name = unitOf(unit);
      if (name !== 'hour') return { type: DATE, args: [unit.expression, ...ofKind('DATE_TRUNC', [value], ['date', 'timestamp'], CURE)] };
      const [timestamp] = ofKind('DATE_TRUNC to the hour', [value], ['timestamp'], "a date has no hour; write 'day', 'month' or 'year'");
      return { type: timestamp!.type, args: [unit.expression, timestamp!] };
    },
    // Not the engine's function of this name: its optimizer makes TRUE of date_trunc(…) <> … where a NULL stands in it.
    sql: ([, value], { args: [unit, argument] }) => {
      const name = unit!.node === 'literal' ? unit!.text : '';
      if (name === 'hour') return wholeHour(value!, isZoned(argument!));
      const at = inUtc(value!, argument!);
      if (name === 'day') return `CAST(${at} AS DATE)`;
      return `make_date(year(${at}), ${name === 'month' ? `month(${at})` : '1'}, 1)`;
    },
  },
];

/** The clock time in UTC, whatever the zone of the session. */
export function inUtc(sql: string, expression: Expression): string {
  return isZoned(expression) ? `make_timestamp(epoch_us(${sql}))` : sql;
}

const HOUR_US = 3_600_000_000;

/** The remainder has the sign of what is divided, so before 1970 it is made positive. */
function wholeHour(sql: string, zoned: boolean): string {
  const microseconds = `epoch_us(${sql})`;
  return `make_timestamp${zoned ? 'tz' : ''}(${microseconds} - (${microseconds} % ${HOUR_US} + ${HOUR_US}) % ${HOUR_US})`;
}

function isZoned({ type }: Expression): boolean {
  return type.kind === 'timestamp' && type.zoned;
}

function unitOf({ expression, at, text }: Operand): (typeof UNITS)[number] {
  const unit = expression.node === 'literal' && expression.type.kind === 'string' ? UNITS.find((name) => name === expression.text) : undefined;
  if (unit !== undefined) return unit;
  throw new ExpressionProblem(at, text, "DATE_TRUNC takes its unit first: 'day', 'month', 'year' or 'hour'", "write DATE_TRUNC('day', column)");
}
