import type { QualityOperator, QualityRule } from '../../../src/contract';
import { describeResult, judgeQuality, requireQuality } from '../../../src/curate/quality/judge-quality';
import { columnOf, datasetOf } from '../../_fixtures/dataset';

function ruleOf(rest: Partial<QualityRule>): QualityRule {
  return { id: 'r', column: 'a', metric: 'nullValues', operator: 'mustBe', values: ['0'], unit: 'rows', severity: 'error', quarantine: false, ...rest };
}

const judged = (rule: Partial<QualityRule>, count: number, parsed = 10) => judgeQuality(
  datasetOf({ columns: [columnOf('a', { kind: 'string' })], quality: [ruleOf(rule)] }), { parsed, counted: { 0: count }, shaped: {} },
)[0]!;

test.each<[QualityOperator, string[], number[], number[]]>([
  ['mustBe', ['3'], [3], [2, 4]], ['mustNotBe', ['3'], [2, 4], [3]],
  ['mustBeGreaterThan', ['3'], [4], [3]], ['mustBeGreaterOrEqualTo', ['3'], [3, 4], [2]],
  ['mustBeLessThan', ['2.5'], [2], [3]], ['mustBeLessOrEqualTo', ['3'], [3], [4]],
  ['mustBeBetween', ['2', '4'], [3], [2, 4]], ['mustNotBeBetween', ['2', '4'], [2, 4], [3]],
])('%s %j holds for %j and not for %j', (operator, values, good, bad) => {
  for (const count of good) expect([count, judged({ operator, values }, count).passed]).toEqual([count, true]);
  for (const count of bad) expect([count, judged({ operator, values }, count).passed]).toEqual([count, false]);
});

test('compares shares as counts and shows them with four places', () => {
  const third = (limit: string) => judged({ unit: 'percent', operator: 'mustBeLessOrEqualTo', values: [limit] }, 1, 3);
  expect(third('33.333333333333333333')).toMatchObject({ passed: false, value: '33.3333', records: 1 });
  expect(third('33.333333333333333334')).toMatchObject({ passed: true });
  expect(judged({ unit: 'percent', operator: 'mustBe', values: ['12.5'] }, 1, 8)).toMatchObject({ passed: true, value: '12.5' });
});

test('calls every share of nothing 0', () => {
  expect(judged({ unit: 'percent', operator: 'mustBeLessThan', values: ['0.0001'] }, 0, 0)).toMatchObject({ passed: true, value: '0' });
});

test('compares what SQL gave exactly, and a missing number with nothing', () => {
  const dataset = datasetOf({ columns: [columnOf('a', { kind: 'string' })], quality: [ruleOf({ metric: 'sql', query: 'q', column: undefined, values: ['0.1'] })] });
  const [value, none] = ['0.1000', null].map((text) => judgeQuality(dataset, { parsed: 1, counted: {}, shaped: { 0: text } })[0]!);
  expect(value).toMatchObject({ passed: true, value: '0.1000' });
  expect(none).toMatchObject({ passed: false, value: null });
  expect(none).not.toHaveProperty('records');
  expect(describeResult(dataset, none!)).toBe('r: sql is no number, mustBe 0.1');
  expect(() => judgeQuality(dataset, { parsed: 1, counted: {}, shaped: {} })).toThrow(expect.objectContaining({ code: 'RESULT_MISSING' }));
});

test('refuses a unit with every rule of severity error that does not hold, its value and its limits', () => {
  const quality = [ruleOf({ id: 'known', values: ['5'], operator: 'mustBeLessThan', unit: 'percent' }), ruleOf({ id: 'many', metric: 'rowCount', column: undefined, operator: 'mustBeBetween', values: ['10', '20'] }), ruleOf({ id: 'mild', severity: 'warning' })];
  const dataset = datasetOf({ columns: [columnOf('a', { kind: 'string' })], quality });
  const results = judgeQuality(dataset, { parsed: 8, counted: { 0: 1, 2: 1 }, shaped: {} });
  expect(() => requireQuality(dataset, 's1-a1-i1', 8, results)).toThrow(expect.objectContaining({
    code: 'QUALITY', fault: 'user',
    message: 'trips: 2 of 3 quality rules failed, with severity error, for 8 records: known: nullValues of a is 12.5 percent (1 records), mustBeLessThan 5; many: rowCount is 8, mustBeBetween 10 and 20. '
      + 'Nothing was published. Fix: mend the source and ingest it again, or correct the rule in the contract and start the next attempt of this slot',
  }));
  expect(() => requireQuality(dataset, 's1-a1-i1', 8, results.slice(2))).not.toThrow();
});
