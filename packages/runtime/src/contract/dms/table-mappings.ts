import { DMS_SOURCE_SCHEMA } from './table-definition';

/** A source table and the staging table that it goes into. */
export interface DmsMapping {
  readonly source: string;
  readonly target: string;
}

export interface DmsRule {
  readonly 'rule-type': 'selection' | 'transformation';
  readonly 'rule-id': string;
  readonly 'rule-name': string;
  readonly 'rule-action': 'explicit' | 'rename';
  readonly 'rule-target'?: 'schema' | 'table';
  readonly 'object-locator': { readonly 'schema-name': string; readonly 'table-name'?: string };
  readonly value?: string;
}

/** The table mappings of one task: each table by name, and no more than one transformation of an object. */
export function dmsTableMappings(mappings: readonly DmsMapping[], targetSchema: string): { readonly rules: readonly DmsRule[] } {
  const rules: Omit<DmsRule, 'rule-id' | 'rule-name'>[] = [
    ...mappings.map(({ source }) => ({ 'rule-type': 'selection' as const, 'object-locator': locator(source), 'rule-action': 'explicit' as const })),
    ...(targetSchema === DMS_SOURCE_SCHEMA ? [] : [rename('schema', { 'schema-name': DMS_SOURCE_SCHEMA }, targetSchema)]),
    ...mappings.map(({ source, target }) => rename('table', locator(source), target)),
  ];
  return { rules: rules.map((rule, index) => ({ ...rule, 'rule-id': String(index + 1), 'rule-name': String(index + 1) })) };
}

function locator(table: string): { 'schema-name': string; 'table-name': string } {
  return { 'schema-name': DMS_SOURCE_SCHEMA, 'table-name': table };
}

function rename(target: 'schema' | 'table', where: DmsRule['object-locator'], value: string): Omit<DmsRule, 'rule-id' | 'rule-name'> {
  return { 'rule-type': 'transformation', 'rule-target': target, 'object-locator': where, 'rule-action': 'rename', value };
}
