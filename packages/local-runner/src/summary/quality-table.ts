import { table } from '../commands/table';
import type { RunSummary } from './run-summary';

/** A row for each quality rule of the datasets that were curated; empty where there are none. */
export function qualityTable({ datasets }: Pick<RunSummary, 'datasets'>): string {
  const rows = Object.entries(datasets).flatMap(([dataset, { stages }]) => (stages.curate?.quality ?? []).map((result) => [
    dataset, result.rule, result.column ?? '', result.metric, result.value ?? 'no number', result.unit, `${result.operator} ${result.limits.join(' and ')}`,
    result.passed ? 'holds' : result.severity,
  ]));
  return rows.length === 0 ? '' : `Quality\n${table(['dataset', 'rule', 'column', 'metric', 'value', 'unit', 'limit', 'verdict'], rows)}`;
}
