import type { Dataset, QualityRule } from '../../contract/contract';
import { compareDecimals, formatDecimal, parseDecimal, type ExactDecimal } from '../../contract/exact-decimal';
import { isOfOneRecord, ruleSubject } from '../../contract/quality-metrics';
import { PipelineError, userError } from '../../errors/pipeline-error';
import type { QualityResult } from '../../run/manifest';

/** What was measured of one unit. */
export interface Measured {
  /** Records as parsed, those that did not frame included. */
  readonly parsed: number;
  /** By Rows: records that each rule counts, by its number. */
  readonly counted: Readonly<Record<number, number>>;
  /** By Shape: what each rule over all rows gave, by its number. */
  readonly shaped: Readonly<Record<number, string | null>>;
}

/** Judges the quality rules of a dataset by what was measured of one unit, exactly: shares are compared as counts and never rounded. */
export function judgeQuality({ name, quality }: Dataset, { parsed, counted, shaped }: Measured): QualityResult[] {
  return quality.map((rule, number) => {
    const text = rule.metric === 'rowCount' ? String(parsed) : isOfOneRecord(rule) ? String(counted[number] ?? 0) : shaped[number];
    if (text === undefined) throw new PipelineError('RESULT_MISSING', `step shape measured nothing for quality rule ${rule.id} of ${name}; start a new attempt`, { facts: { dataset: name, rule: rule.id } });
    const share = rule.unit === 'percent';
    return {
      rule: rule.id, metric: rule.metric, ...(rule.column === undefined ? {} : { column: rule.column }),
      value: share ? percent(text!, parsed) : text, unit: rule.unit, ...(rule.metric === 'sql' ? {} : { records: Number(text) }),
      operator: rule.operator, limits: rule.values, passed: text !== null && holds(rule, text, share ? parsed : undefined), severity: rule.severity,
    };
  });
}

/** Throws `QUALITY` when a rule whose severity is error does not hold. */
export function requireQuality(dataset: Dataset, unitId: string, parsed: number, results: readonly QualityResult[]): void {
  const failed = results.filter(({ passed, severity }) => !passed && severity === 'error');
  if (failed.length === 0) return;
  throw userError(
    'QUALITY',
    `${dataset.name}: ${failed.length} of ${results.length} quality rules failed, with severity error, for ${parsed} records: ${failed.map((result) => describeResult(dataset, result)).join('; ')}. `
      + 'Nothing was published. Fix: mend the source and ingest it again, or correct the rule in the contract and start the next attempt of this slot',
    { dataset: dataset.name, unitId, parsed, rules: failed },
  );
}

/** One result in a line: `fare_known: nullValues of fare is 12.5 percent (3 records), mustBeLessThan 5`. */
export function describeResult({ quality }: Dataset, { rule: id, metric, value, unit, records, operator, limits }: QualityResult): string {
  const rule = quality.find((candidate) => candidate.id === id);
  const found = value === null ? 'no number' : unit === 'percent' ? `${value} percent (${records} records)` : value;
  return `${id}: ${rule === undefined ? metric : ruleSubject(rule)} is ${found}, ${operator} ${limits.join(' and ')}`;
}

/** @param whole the records that are 100 percent; undefined where the value is compared as it is */
function holds({ operator, values }: QualityRule, text: string, whole: number | undefined): boolean {
  // A share is compared as count × 100 with limit × whole. Of nothing, every share is 0.
  const value = whole === undefined ? exact(text) : times(exact(text), 100n);
  const limits = values.map((limit) => (whole === undefined ? exact(limit) : times(exact(limit), BigInt(Math.max(1, whole)))));
  const [first, second] = limits.map((limit) => compareDecimals(value, limit)) as [number, number?];
  switch (operator) {
    case 'mustBe': return first === 0;
    case 'mustNotBe': return first !== 0;
    case 'mustBeGreaterThan': return first > 0;
    case 'mustBeGreaterOrEqualTo': return first >= 0;
    case 'mustBeLessThan': return first < 0;
    case 'mustBeLessOrEqualTo': return first <= 0;
    case 'mustBeBetween': return first > 0 && second! < 0;
    case 'mustNotBeBetween': return !(first > 0 && second! < 0);
  }
}

/** For people: four places, half up. */
function percent(count: string, whole: number): string {
  const scaled = whole === 0 ? 0n : (BigInt(count) * 2_000_000n + BigInt(whole)) / (2n * BigInt(whole));
  return formatDecimal(parseDecimal(`${scaled}e-4`)!);
}

function exact(text: string): ExactDecimal {
  const value = parseDecimal(text);
  if (value === undefined) throw new TypeError(`${text} is no decimal number`);
  return value;
}

function times({ unscaled, scale }: ExactDecimal, factor: bigint): ExactDecimal {
  return { unscaled: unscaled * factor, scale };
}
