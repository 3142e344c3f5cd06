import { CASTS } from './cast-functions';
import { CHOICES } from './choice-functions';
import { COMPARISONS } from './comparison-functions';
import { DATES } from './date-functions';
import { MOST_DIGITS } from './expression';
import type { ExpressionFunction } from './expression-function';
import { ARITHMETIC } from './number-functions';
import { TEXTS } from './text-functions';

const GROUPS: readonly (readonly [title: string, note: string, list: readonly ExpressionFunction[]])[] = [
  ['Comparison and logic', 'Texts are compared by the bytes of UTF-8: `Z` before `a`, and no two texts are equal that differ in a byte. A float compares with floats of its width only, not with decimals: two NaN are equal and greater than all numbers; `0.0` and `-0.0` are equal.', COMPARISONS],
  ['Choice', 'Numbers come out in the size that holds all of them.', CHOICES],
  ['Arithmetic', `Exact, on integers and decimals. An integer column has the digits of its largest value: 3, 5, 10 and 19 for i8 to i64, 20 for u64. Every result has a size that nothing overflows; one of more than ${MOST_DIGITS} digits is refused before anything runs. Floats are not calculated with, and there is no division.`, ARITHMETIC],
  ['Texts', 'A character is a code point of Unicode: `😀` is one, `e` with a combining accent is two.', TEXTS],
  ['Dates', 'Of the Gregorian calendar, in UTC: an instant has the day that it has there.', DATES],
];

/** The page docs/expressions.md, made from the tables that the parser and the kernel use, so that it cannot be out of date. */
export function expressionsDocument(): string {
  return [
    '# Expressions',
    '',
    'Made from the code by `HEADRACE_WRITE_DOCS=1 npx jest contract/expressions-document` in `packages/runtime`; a test compares the two.',
    '',
    'A contract computes columns (`transformLogic` of a property) and leaves records out (`headraceFilter` of a dataset) with expressions in the',
    'manner of SQL, from this closed list. They are read and checked before anything is deployed, and never handed to an engine as text.',
    '',
    '```yaml',
    'schema:',
    '  - name: trips',
    '    customProperties:',
    '      - { property: headraceRecord, value: { format: csv } }',
    '      - { property: headraceFilter, value: "status <> \'test\'" }',
    '    properties:',
    '      - { name: trip_id, logicalType: string, primaryKey: true }',
    '      - { name: started_at, logicalType: timestamp, logicalTypeOptions: { timezone: true } }',
    '      - { name: status, logicalType: string, required: true }',
    '      - name: day',
    '        logicalType: date',
    '        partitioned: true',
    '        transformLogic: DATE_TRUNC(\'day\', started_at)',
    '```',
    '',
    'An expression reads columns of its own record: their typed values, with `headraceDefault` in place of NULL. Computed columns may read each',
    'other in any order, but not in a circle. One has no field in the source, so a header does not name it, and it has checks, keys, partitions and a',
    'place in a dedupe as any other. A value that its column does not hold, or that breaks a check, is a reject of that record with its bytes; codes of',
    'columns that are read come before those of computed ones.',
    '',
    'A filter keeps the records for which it is TRUE. FALSE and NULL leave a record out, and it is counted as `filtered`; a record that breaks the',
    'contract is a reject whatever the filter says, and thresholds count rejects only.',
    '',
    '## Values',
    '',
    '| Written | Is |',
    '| --- | --- |',
    '| `amount`, `"order"` | a column; in double quotes where its name is a word of the language. Names are written as the contract has them |',
    '| `\'it\'\'s\'` | a string; a quote inside is doubled |',
    '| `42`, `0.50` | an integer, a decimal of as many digits as are written |',
    '| `TRUE`, `FALSE`, `NULL` | booleans; the missing value |',
    '| `DATE \'2024-12-31\'` | a date |',
    '| `TIMESTAMP \'2024-12-31 23:59:59.5\'` | a timestamp; with `Z` or an offset behind it an instant, as columns with `timezone: true` have |',
    '',
    'Words of the language may have any case. From loosest to tightest: `OR`, `AND`, `NOT`, comparisons, `||`, `+` and `-`, `*`, the minus sign.',
    ...GROUPS.flatMap(([title, note, list]) => ['', `## ${title}`, '', note, '', table(list)]),
    '',
    '## Casts',
    '',
    '`CAST(a AS type)` converts where that loses nothing, and cuts a timestamp to its day.',
    '',
    '| From | To | Gives |',
    '| --- | --- | --- |',
    ...CASTS.map(({ from, to, gives }) => `| ${from} | ${to} | ${gives} |`),
    '',
    '## The declared type',
    '',
    'The expression must give what `logicalType` says. A number may be declared larger, or with fewer digits before the point: whether the value fits is',
    'seen record by record, and code RANGE says where it does not. It must be declared with at least as many digits after the point, since nothing is rounded.',
    '',
    '## Not in the list',
    '',
    'Division, remainders, calculation with floats, regular expressions, aggregates, subqueries, the current time: their results depend on an engine, its',
    'version or other records. Compute such at the source, or in a view.',
    '',
  ].join('\n');
}

function table(list: readonly ExpressionFunction[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = list.map(({ form, takes, gives, nulls }) => `| \`${cell(form)}\` | ${cell(takes)} | ${cell(gives)} | ${cell(nulls)} |`);
  return ['| Written | Takes | Gives | NULL |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
