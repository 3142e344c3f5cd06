import type { QualityRule } from './contract';
import { quoteLiteral } from './quote-identifier';
import { translatePattern } from './translate-pattern';

/** Metrics that one record decides on: the kernel counts them, for both shapers alike. */
const OF_ONE_RECORD: ReadonlySet<QualityRule['metric']> = new Set(['nullValues', 'missingValues', 'invalidValues']);

/** Whether a record alone says whether the rule counts it. */
export function isOfOneRecord({ metric }: QualityRule): boolean {
  return OF_ONE_RECORD.has(metric);
}

/** The columns whose values a rule on duplicates compares together. */
export function duplicateColumns({ column, arguments: options }: QualityRule): readonly string[] {
  return options?.properties ?? (column === undefined ? [] : [column]);
}

/**
 * A DuckDB predicate that is true for a record that the rule counts, and never NULL.
 *
 * @param text a reference to the field's text as parsed: NULL for the null tokens, and before any default
 * @param nullTokens of the record format: fields that hold one of them are NULL here
 */
export function countedBy(rule: QualityRule, text: string, nullTokens: readonly string[]): string {
  switch (rule.metric) {
    case 'nullValues': return `${text} IS NULL`;
    case 'missingValues': {
      const missing = rule.arguments?.missingValues ?? [null, ''];
      const texts = missing.filter((value) => value !== null);
      const isNull = missing.includes(null) || texts.some((value) => nullTokens.includes(value));
      const found = [...(isNull ? [`${text} IS NULL`] : []), ...(texts.length === 0 ? [] : [`coalesce(${oneOf(text, texts)}, false)`])];
      return found.length === 0 ? 'false' : `(${found.join(' OR ')})`;
    }
    case 'invalidValues': {
      const { validValues, pattern } = rule.arguments ?? {};
      const wrong = [
        ...(validValues === undefined ? [] : [validValues.length === 0 ? `${text} IS NOT NULL` : `NOT ${oneOf(text, validValues)}`]),
        ...(pattern === undefined ? [] : [`NOT regexp_matches(${text}, ${quoteLiteral(re2(pattern))})`]),
      ];
      return `coalesce(${wrong.join(' OR ')}, false)`;
    }
    case 'duplicateValues':
    case 'rowCount':
    case 'sql': throw new TypeError(`rule ${rule.id}: ${rule.metric} is not told by one record`);
  }
}

/** What a rule measures, for people: `nullValues of fare`. */
export function ruleSubject(rule: QualityRule): string {
  if (rule.metric === 'rowCount') return 'rowCount';
  const columns = rule.metric === 'duplicateValues' ? duplicateColumns(rule).join(', ') : rule.column;
  return columns === undefined ? rule.metric : `${rule.metric} of ${columns}`;
}

function oneOf(text: string, texts: readonly string[]): string {
  return `${text} IN (${texts.map(quoteLiteral).join(', ')})`;
}

function re2(source: string): string {
  const translated = translatePattern(source);
  if ('message' in translated) throw new TypeError(`pattern ${source} of a checked contract is malformed: ${translated.message}`);
  return translated.re2;
}
