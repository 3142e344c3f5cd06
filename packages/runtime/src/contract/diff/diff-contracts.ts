import type { Contract, Dataset, QualityRule, SchemaPolicy, Threshold } from '../contract';
import { contractChange, type ChangeRisk, type ContractChange } from './contract-changes';
import { diffColumns, otherKeys, same, shown } from './diff-columns';

const POLICIES: readonly SchemaPolicy[] = ['strict', 'evolve', 'permissive'];
const RISKS: readonly ChangeRisk[] = ['breaking', 'risky', 'harmless'];

/** What has a rule of its own below. */
const JUDGED: ReadonlySet<string> = new Set([
  'name', 'table', 'record', 'history', 'schemaPolicy', 'columns', 'recordColumns', 'primaryKey', 'partitionColumns', 'dedupe', 'sort', 'threshold', 'filter', 'quality',
  'lineageColumns',
]);

/** Every change from one version of a contract to another, the breaking ones first, then in the order of the contract. */
export function diffContracts(before: Contract, after: Contract): ContractChange[] {
  const changes: ContractChange[] = [];
  if (before.id !== after.id) changes.push(contractChange('contract-id', 'contract', `id was ${before.id}, is ${after.id}`));
  if (before.name !== after.name) changes.push(contractChange('contract-name', 'contract', `name was ${before.name}, is ${after.name}`));
  for (const key of ['version', 'status'] as const) if (before[key] !== after[key]) changes.push(contractChange('contract-text', 'contract', `${key} was ${before[key]}, is ${after[key]}`));
  for (const dataset of before.datasets) {
    const now = after.datasets.find(({ name }) => name === dataset.name);
    changes.push(...(now === undefined ? [contractChange('dataset-removed', dataset.name, 'the dataset is gone')] : diffDataset(dataset, now)));
  }
  for (const { name } of after.datasets) {
    if (before.datasets.every((dataset) => dataset.name !== name)) changes.push(contractChange('dataset-added', name, 'the dataset is new'));
  }
  return changes.sort((a, b) => RISKS.indexOf(a.risk) - RISKS.indexOf(b.risk));
}

function diffDataset(before: Dataset, after: Dataset): ContractChange[] {
  const changes: ContractChange[] = [];
  const add = (kind: ContractChange['kind'], message: string): void => { changes.push(contractChange(kind, after.name, message)); };
  const was = (what: string, old: unknown, now: unknown): string => `${what} was ${shown(old)}, is ${shown(now)}`;
  if (before.table !== after.table) add('table-renamed', was('physicalName', before.table, after.table));
  for (const key of otherKeys(before.record, after.record, new Set())) {
    add('record-changed', was(`headraceRecord.${key}`, before.record[key as keyof Dataset['record']], after.record[key as keyof Dataset['record']]));
  }
  if (before.history !== after.history) add('history-changed', was('headraceHistory', before.history, after.history));
  if (before.schemaPolicy !== after.schemaPolicy) {
    const looser = POLICIES.indexOf(after.schemaPolicy) > POLICIES.indexOf(before.schemaPolicy);
    add(looser ? 'policy-loosened' : 'policy-tightened', was('headraceSchemaPolicy', before.schemaPolicy, after.schemaPolicy));
  }
  if (!same(before.primaryKey, after.primaryKey)) add('key-changed', was('primaryKey', before.primaryKey, after.primaryKey));
  if (!same(before.partitionColumns, after.partitionColumns)) add('partitions-changed', was('the column partitions', before.partitionColumns, after.partitionColumns));
  if (!same(before.dedupe, after.dedupe)) add('dedupe-changed', was('headraceDedupe', before.dedupe, after.dedupe));
  if (!same(before.sort, after.sort)) add('sort-changed', was('headraceSort', before.sort, after.sort));
  if (!same(before.threshold, after.threshold)) add(lower(before.threshold, after.threshold) ? 'threshold-lowered' : 'threshold-raised', was('headraceThreshold', before.threshold, after.threshold));
  if (!same(before.filter, after.filter)) add('filter-changed', `headraceFilter ${after.filter === undefined ? 'is gone' : before.filter === undefined ? 'is new' : 'is another condition'}`);
  if (before.lineageColumns !== after.lineageColumns) add(after.lineageColumns ? 'lineage-added' : 'lineage-removed', `headraceLineageColumns is ${after.lineageColumns ? 'new' : 'gone'}`);
  for (const key of otherKeys(before, after, JUDGED)) add('dataset-other', was(key, before[key as keyof Dataset], after[key as keyof Dataset]));
  return [...changes, ...diffRules(before, after), ...diffColumns(before, after)];
}

/** Whether a run that passed the old threshold may fail the new one. */
function lower(before: Threshold | undefined, after: Threshold | undefined): boolean {
  return (['rows', 'percent'] as const).some((key) => (after?.[key] ?? Infinity) < (before?.[key] ?? Infinity));
}

function diffRules(before: Dataset, after: Dataset): ContractChange[] {
  const stops = ({ severity, quarantine }: QualityRule): boolean => severity === 'error' || quarantine;
  const changes = after.quality.flatMap((rule): ContractChange[] => {
    const old = before.quality.find(({ id }) => id === rule.id);
    if (old === undefined) return [contractChange(stops(rule) ? 'rule-stops' : 'rule-added', after.name, `quality rule ${rule.id} is new (severity ${rule.severity})`)];
    return same(old, rule) ? [] : [contractChange(stops(rule) ? 'rule-stops' : 'rule-changed', after.name, `quality rule ${rule.id} was ${shown(old)}, is ${shown(rule)}`)];
  });
  const removed = before.quality.filter(({ id }) => after.quality.every((rule) => rule.id !== id));
  return [...changes, ...removed.map(({ id }) => contractChange('rule-removed', after.name, `quality rule ${id} is gone`))];
}
