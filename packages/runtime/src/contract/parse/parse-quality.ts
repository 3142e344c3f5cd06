import type { QualityMetric, QualityOperator, QualityRule } from '../contract';
import type { ParsedRule } from './check-quality';
import { readCustomProperties } from './custom-properties';
import { compareDecimals, parseDecimal, type ExactDecimal } from '../exact-decimal';
import type { MapReader } from './map-reader';
import { translatePattern } from '../translate-pattern';

const METRICS = ['nullValues', 'missingValues', 'invalidValues', 'duplicateValues', 'rowCount'] as const satisfies readonly QualityMetric[];
const SINGLE = ['mustBe', 'mustNotBe', 'mustBeGreaterThan', 'mustBeGreaterOrEqualTo', 'mustBeLessThan', 'mustBeLessOrEqualTo'] as const;
const BETWEEN = ['mustBeBetween', 'mustNotBeBetween'] as const;
const OPERATORS: readonly QualityOperator[] = [...SINGLE, ...BETWEEN];

/** Reads the `quality` list of a dataset, or of a column. */
export function parseQuality(owner: MapReader, column?: string): ParsedRule[] {
  return (owner.maps('quality') ?? []).flatMap((reader) => {
    const rule = parseRule(reader, column);
    return rule === undefined ? [] : [{ rule, reader }];
  });
}

function parseRule(rule: MapReader, column: string | undefined): QualityRule | undefined {
  const type = rule.choice('type', ['library', 'sql', 'text', 'custom']) ?? 'library';
  rule.ignore('description', 'dimension', 'businessImpact', 'method', 'tags', 'authoritativeDefinitions');
  if (type === 'text') {
    rule.noteIgnored(rule.path);
    return undefined;
  }
  if (type === 'custom') {
    rule.problem('type', { rule: 'quality-type', value: 'custom', message: 'rules of other engines are not run', fix: 'write it as a library or sql rule, or as type: text to keep it as a note' });
    return undefined;
  }
  const [named, called] = [rule.text('id'), rule.text('name')];
  const id = named ?? called ?? rule.path;
  rule.refuse('schedule', 'rules run with every batch', 'leave it out');
  rule.refuse('scheduler', 'rules run with every batch', 'leave it out');
  rule.refuse('rule', 'rule is the old name of metric', 'write metric: in its place');
  const severity = rule.choice('severity', ['info', 'warning', 'error']) ?? 'error';
  const unit = rule.choice('unit', ['rows', 'percent']) ?? 'rows';
  const comparison = parseComparison(rule);
  const what = type === 'sql' ? parseQuery(rule, column) : parseMetric(rule, column);
  const quarantine = parseAction(rule, what?.metric);
  rule.finish();
  if (comparison === undefined || what === undefined) return undefined;
  if (unit === 'percent' && (what.metric === 'rowCount' || what.metric === 'sql')) {
    rule.problem('unit', { rule: 'quality-unit', value: 'percent', message: `${what.metric} has no percent`, fix: 'write unit: rows' });
  }
  return { id, column, ...what, ...comparison, unit, severity, quarantine };
}

function parseMetric(rule: MapReader, column: string | undefined): Pick<QualityRule, 'metric' | 'arguments'> | undefined {
  rule.refuse('query', 'a library rule has no query', 'write type: sql, or leave it out');
  const metric = rule.choice('metric', METRICS);
  if (metric === undefined) {
    if (!rule.has('metric') && !rule.has('rule')) rule.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'metric is required', fix: `write metric: with one of ${METRICS.join(', ')}` });
    rule.ignore('arguments');
    return undefined;
  }
  const onColumn = metric !== 'rowCount' && metric !== 'duplicateValues';
  if (onColumn && column === undefined) rule.problem('metric', { rule: 'quality-place', value: metric, message: `${metric} belongs to a column`, fix: 'move the rule to the quality of a property' });
  if (metric === 'rowCount' && column !== undefined) rule.problem('metric', { rule: 'quality-place', value: metric, message: 'rowCount belongs to a dataset', fix: 'move the rule to the quality of the schema object' });
  const options = rule.object('arguments');
  const properties = options?.texts('properties');
  const result = {
    metric,
    arguments: options === undefined ? undefined : {
      missingValues: metric === 'missingValues' ? missingValues(options) : undefined,
      validValues: metric === 'invalidValues' ? options.texts('validValues') : undefined,
      pattern: metric === 'invalidValues' ? checkedPattern(options) : undefined,
      properties: metric === 'duplicateValues' ? properties : undefined,
    },
  };
  options?.finish();
  if (metric === 'invalidValues' && result.arguments?.validValues === undefined && result.arguments?.pattern === undefined) {
    rule.problem('arguments', { rule: 'quality-arguments', value: 'neither', message: 'invalidValues needs validValues or pattern', fix: 'write arguments: { validValues: [...] }' });
  }
  if (metric === 'duplicateValues' && column === undefined && (properties ?? []).length === 0) {
    rule.problem('arguments', { rule: 'quality-arguments', value: 'nothing', message: 'duplicateValues of a dataset needs properties', fix: 'write arguments: { properties: [column, column] }' });
  }
  return result;
}

function missingValues(options: MapReader): (string | null)[] | undefined {
  return options.items('missingValues')?.flatMap(({ value, path }) => {
    if (value.kind === 'null') return [null];
    if (value.kind === 'text') return [value.text];
    options.problem('missingValues', { rule: 'kind', value: value.kind === 'map' || value.kind === 'list' ? value.kind : value.text, message: `${path} must be text or null`, fix: 'write it in quotes' });
    return [];
  });
}

function checkedPattern(options: MapReader): string | undefined {
  const pattern = options.text('pattern');
  const translated = pattern === undefined ? undefined : translatePattern(pattern);
  if (translated !== undefined && 'message' in translated) {
    options.problem('pattern', { rule: 'pattern', value: JSON.stringify(pattern), message: `pattern: ${translated.message}`, fix: translated.fix });
  }
  return pattern;
}

function parseQuery(rule: MapReader, column: string | undefined): Pick<QualityRule, 'metric' | 'query'> | undefined {
  rule.refuse('metric', 'an sql rule has no metric', 'leave it out, or write type: library');
  rule.refuse('arguments', 'an sql rule has no arguments', 'leave it out');
  const query = rule.requiredText('query', 'write query: SELECT …, one number, with {object} for the table');
  if (query === undefined) return undefined;
  for (const [placeholder, name] of query.matchAll(/\$?\{([A-Za-z_]\w*)\}/g)) {
    const known = (name === 'object' || (name === 'property' && column !== undefined)) && !placeholder.startsWith('$');
    if (!known) {
      rule.problem('query', { rule: 'quality-placeholder', value: placeholder, message: `${placeholder} is not known here`, fix: column === undefined ? 'write {object}' : 'write {object} or {property}' });
    }
  }
  return { metric: 'sql', query };
}

function parseComparison(rule: MapReader): Pick<QualityRule, 'operator' | 'values'> | undefined {
  const given = OPERATORS.filter((operator) => rule.has(operator));
  const read = given.map((operator) => ({ operator, values: operands(rule, operator) }));
  const [first, second] = read;
  if (first === undefined || second !== undefined) {
    rule.problem(undefined, { rule: 'quality-operator', value: given.length === 0 ? 'none' : given.join(', '), message: 'a rule has exactly one operator', fix: given.length === 0 ? `write one of ${OPERATORS.join(', ')}` : 'write one rule per operator' });
    return undefined;
  }
  if (first.values === undefined) return undefined;
  if (first.operator === 'mustBeBetween' || first.operator === 'mustNotBeBetween') {
    rule.problem(first.operator, {
      rule: 'quality-between', value: first.values.join(' and '), severity: 'warning',
      message: `${first.operator} leaves both limits out, as the text of the standard says`, fix: 'no change if that is meant; otherwise two rules with OrEqualTo',
    });
  }
  return { operator: first.operator, values: first.values };
}

function operands(rule: MapReader, operator: QualityOperator): string[] | undefined {
  if ((SINGLE as readonly string[]).includes(operator)) {
    const value = rule.number(operator);
    return value === undefined ? undefined : [value];
  }
  const values = rule.items(operator)?.flatMap(({ value }) => (value.kind === 'number' ? [parseDecimal(value.text)] : [undefined]));
  const [low, high] = (values ?? []) as (ExactDecimal | undefined)[];
  if (values?.length === 2 && low !== undefined && high !== undefined && compareDecimals(low, high) < 0) {
    return rule.items(operator)?.map(({ value }) => (value.kind === 'number' ? value.text : ''));
  }
  rule.problem(operator, { rule: 'quality-operator', value: 'see file', message: `${operator} needs two numbers, the smaller one first`, fix: `write ${operator}: [0, 10]` });
  return undefined;
}

function parseAction(rule: MapReader, metric: QualityRule['metric'] | undefined): boolean {
  const action = readCustomProperties(rule, 'quality rule').get('headraceAction');
  if (action === undefined) return false;
  const chosen = action.reader.choice('value', ['quarantine']);
  if (chosen === 'quarantine' && (metric === 'rowCount' || metric === 'sql')) {
    action.reader.problem('value', { rule: 'quality-action', value: 'quarantine', message: `${metric} selects no records to quarantine`, fix: 'leave headraceAction out; severity: error stops the run' });
    return false;
  }
  if (chosen === 'quarantine' && metric === 'duplicateValues') {
    action.reader.problem('value', {
      rule: 'quality-action', value: 'quarantine', message: 'duplicateValues counts records, and this version does not quarantine them',
      fix: 'leave headraceAction out; headraceDedupe keeps one record per key, and severity: error stops the run',
    });
    return false;
  }
  return chosen === 'quarantine';
}
