import type { ExternalTable } from './external-tables';
import { DmsRefusal, parseDocument, refuseOthers, type Document } from './refusal';

/** A source table of a task, and where it goes. */
export interface MappedTable {
  readonly table: ExternalTable;
  readonly schema: string;
  readonly target: string;
}

const MEMBERS = ['rule-type', 'rule-id', 'rule-name', 'rule-action', 'rule-target', 'object-locator', 'value', 'old-value', 'filters', 'load-order'];

/**
 * Reads the table mappings of a task. Served are selection rules, and renames of schemas and tables; other rules are refused by name.
 *
 * Refused as documented: rules without an id or name of their own, an explicit selection with a wildcard, two transformations of one object,
 * two source tables that end in one.
 */
export function mappedTables(text: unknown, tables: readonly ExternalTable[]): MappedTable[] {
  const document = parseDocument(text, 'TableMappings');
  refuseOthers(document, ['rules'], 'TableMappings');
  const rules = (document.rules ?? []) as Document[];
  checkRules(rules);
  const selections = rules.filter((rule) => rule['rule-type'] === 'selection');
  if (selections.length === 0) throw new DmsRefusal('define at least one selection rule when specifying a table mapping');
  const renames = rules.filter((rule) => rule['rule-type'] === 'transformation');
  const mapped = tables.filter((table) => isSelected(table, selections)).map((table): MappedTable => {
    const schema = renames.find((rule) => rule['rule-target'] === 'schema' && matches(rule, table, false))?.value ?? table.owner;
    const target = renames.find((rule) => rule['rule-target'] === 'table' && matches(rule, table, true))?.value ?? table.name;
    return { table, schema: String(schema), target: String(target) };
  });
  const names = mapped.map(({ schema, target }) => `${schema}.${target}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DmsRefusal(`AWS DMS doesn't support replicating two source tables to a single target table: ${twice}`);
  return mapped;
}

function checkRules(rules: readonly Document[]): void {
  const seen = { 'rule-id': new Set<string>(), 'rule-name': new Set<string>() };
  const objects = new Set<string>();
  for (const rule of rules) {
    refuseOthers(rule, MEMBERS, `rule ${rule['rule-id'] ?? 'without an id'}`);
    if (!/^\d+$/.test(String(rule['rule-id'] ?? ''))) throw new DmsRefusal(`each rule must have a unique numeric rule-id, got ${JSON.stringify(rule['rule-id'])}`);
    for (const key of ['rule-id', 'rule-name'] as const) {
      const value = String(rule[key] ?? '');
      if (value === '' || seen[key].has(value)) throw new DmsRefusal(`each rule must have a unique ${key}, got ${JSON.stringify(rule[key])}${value === '' ? '' : ' twice'}`);
      seen[key].add(value);
    }
    const locator = rule['object-locator'] as Document | undefined;
    if (typeof locator?.['schema-name'] !== 'string') throw new DmsRefusal(`rule ${rule['rule-id']} must have an object-locator with a schema-name`);
    const object = JSON.stringify([rule['rule-target'], locator['schema-name'], locator['table-name']]);
    if (rule['rule-type'] === 'transformation') {
      if (rule['rule-action'] !== 'rename' || !['schema', 'table'].includes(rule['rule-target'])) throw new DmsRefusal(`rule ${rule['rule-id']}: the local runner serves renames of schemas and tables, got ${rule['rule-action']} of ${rule['rule-target']}`);
      if (objects.has(object)) throw new DmsRefusal(`rule ${rule['rule-id']}: you cannot apply more than one transformation rule action against the same object, ${object}`);
      objects.add(object);
    } else if (rule['rule-type'] === 'selection') {
      const action = rule['rule-action'];
      if (!['include', 'exclude', 'explicit'].includes(action)) throw new DmsRefusal(`rule ${rule['rule-id']}: rule-action must be include, exclude or explicit, got ${action}`);
      if (action === 'explicit' && `${locator['schema-name']}${locator['table-name'] ?? '%'}`.includes('%')) throw new DmsRefusal(`rule ${rule['rule-id']}: explicit takes the exact name of a single table and its schema, with no wildcards`);
    } else throw new DmsRefusal(`rule ${rule['rule-id']}: the local runner serves rule-type selection and transformation, got ${rule['rule-type']}`);
  }
}

function isSelected(table: ExternalTable, selections: readonly Document[]): boolean {
  const hits = selections.filter((rule) => matches(rule, table, true));
  return hits.some((rule) => rule['rule-action'] !== 'exclude') && !hits.some((rule) => rule['rule-action'] === 'exclude');
}

/** Names in rules are case-sensitive; `%` stands for any characters. */
function matches(rule: Document, table: ExternalTable, byName: boolean): boolean {
  const locator = rule['object-locator'] as Document;
  return like(String(locator['schema-name']), table.owner) && (!byName || like(String(locator['table-name'] ?? '%'), table.name));
}

function like(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's').test(name);
}
