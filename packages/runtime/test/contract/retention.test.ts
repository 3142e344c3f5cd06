import { parseContract, retainedSince } from '../../src/contract';

const dataset = (name: string) => [`  - name: ${name}`, '    customProperties: [{ property: headraceRecord, value: { format: csv } }]', '    properties: [{ name: id, logicalType: string }]'];

function parse(...levels: string[]) {
  return parseContract(['apiVersion: v3.1.0', 'kind: DataContract', 'id: t', 'version: "1"', 'status: active', 'schema:', ...dataset('trips'), ...dataset('zones'),
    'slaProperties:', ...levels.map((level) => `  - { ${level} }`)].join('\n'), 'c.yaml');
}

describe('the retention of a dataset', () => {
  test('is that of its element, or of the whole contract', () => {
    const { contract, problems, ignored } = parse('property: retention, value: 3, unit: y', 'property: retention, value: 400, unit: d, element: trips', 'property: latency, value: 1, unit: d');
    expect(problems).toEqual([]);
    expect(ignored).toEqual(['slaProperties[latency]']);
    expect(contract?.datasets.map(({ retention }) => retention)).toEqual([{ amount: 400, unit: 'days' }, { amount: 3, unit: 'years' }]);
  });

  test.each([
    ['property: retention, value: 0, unit: d', 'whole-number'],
    ['property: retention, value: 1.5, unit: d', 'whole-number'],
    ['property: retention, unit: d', 'required-key'],
    ['property: retention, value: 3, unit: h', 'retention-unit'],
    ['property: retention, value: 3, unit: d, element: other', 'unknown-dataset'],
    ['property: retention, value: 3, unit: d, elements: trips', 'unknown-key'],
  ])('is refused as %s', (level, rule) => {
    expect(parse(level).problems.map((problem) => problem.rule)).toEqual([rule]);
  });

  test.each([
    [{ amount: 30, unit: 'days' as const }, '2024-03-01T12:00:00Z', '2024-01-31T12:00:00.000Z'],
    [{ amount: 1, unit: 'months' as const }, '2024-03-31T12:00:00Z', '2024-02-29T12:00:00.000Z'],
    [{ amount: 13, unit: 'months' as const }, '2024-03-31T00:00:00Z', '2023-02-28T00:00:00.000Z'],
    [{ amount: 1, unit: 'years' as const }, '2024-02-29T00:00:00Z', '2023-02-28T00:00:00.000Z'],
  ])('of %j at %s reaches back to %s', (retention, now, since) => {
    expect(retainedSince(retention, new Date(now)).toISOString()).toBe(since);
  });
});
