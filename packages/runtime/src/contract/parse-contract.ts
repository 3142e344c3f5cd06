import { createHash } from 'node:crypto';
import type { Contract, ContractProblem, Dataset } from './contract';
import { ContractError } from './contract-error';
import { asRecorded } from './mask';
import { readCustomProperties } from './parse/custom-properties';
import { MapReader } from './parse/map-reader';
import { checkMaskDefaults, readMaskDefaults, type MaskDefaults } from './parse/parse-mask';
import { parseDataset } from './parse/parse-dataset';
import { withRetention } from './parse/parse-retention';
import { ProblemList } from './parse/problems';
import { readYaml } from './parse/yaml-value';

export interface ParsedContract {
  /** Absent when a problem is an error. */
  readonly contract?: Contract;
  /** Errors and warnings in the order of the file. */
  readonly problems: ContractProblem[];
  /** Paths of keys that were read and have no effect. */
  readonly ignored: string[];
}

/**
 * Reads a data contract: the supported subset of ODCS 3.1 with `headrace*` custom properties.
 *
 * Everything wrong is reported at once. A key is read, listed as ignored, or refused by name: nothing is dropped.
 *
 * @param text the YAML text
 * @param file the name that problems carry
 */
export function parseContract(text: string, file: string): ParsedContract {
  const list = new ProblemList(file);
  const yaml = readYaml(text);
  for (const { at, ...finding } of yaml.trouble) list.add(at, '', finding);
  if (yaml.value === undefined) return { problems: list.sorted(), ignored: [] };
  if (yaml.value.kind !== 'map') {
    list.add({ line: 1, column: 1 }, '', { rule: 'kind', value: yaml.value.kind, message: 'a contract must be an object', fix: 'begin with apiVersion: v3.1.0 and kind: DataContract' });
    return { problems: list.sorted(), ignored: [] };
  }
  const root = new MapReader(yaml.value, '', list);
  const head = readHead(root);
  const declared = readCustomProperties(root, 'contract').get('headraceMasks');
  const masks = readMaskDefaults(declared);
  const datasets = withRetention(root, readDatasets(root, masks));
  const columns = datasets.flatMap((dataset) => asRecorded(dataset).columns);
  checkMaskDefaults(declared, masks, new Set(columns.flatMap(({ classification }) => classification ?? [])));
  root.finish();

  const ignored = [...list.ignored].sort();
  if (list.failed || head === undefined) return { problems: list.sorted(), ignored };
  const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
  return { contract: { ...head, sha256, schemaVersion: 1, datasets, ignored }, problems: list.sorted(), ignored };
}

/** Like {@link parseContract}, but throws a ContractError that lists every problem; warnings pass. */
export function requireContract(text: string, file: string): Contract {
  const { contract, problems } = parseContract(text, file);
  if (contract === undefined) throw new ContractError(problems);
  return contract;
}

function readHead(root: MapReader): Pick<Contract, 'id' | 'name' | 'version' | 'status'> | undefined {
  readApiVersion(root);
  if (root.requiredText('kind', 'write kind: DataContract') !== undefined) root.choice('kind', ['DataContract']);
  const id = root.requiredText('id', 'write id: with a name or UUID that no other contract has');
  const version = root.requiredText('version', 'write version: "1.0.0"');
  const status = root.requiredText('status', 'write status: active');
  const name = root.text('name');
  root.ignore(
    'tenant', 'tags', 'servers', 'dataProduct', 'description', 'domain', 'support', 'price', 'team', 'roles',
    'slaDefaultElement', 'authoritativeDefinitions', 'contractCreatedTs',
  );
  if (id === undefined || version === undefined || status === undefined) return undefined;
  return { id, name: name ?? id, version, status };
}

function readApiVersion(root: MapReader): void {
  const apiVersion = root.requiredText('apiVersion', 'write apiVersion: v3.1.0');
  if (apiVersion === undefined || apiVersion === 'v3.1.0') return;
  const earlier = /^v3\.0\.\d+$/.test(apiVersion);
  root.problem('apiVersion', {
    rule: 'api-version', value: JSON.stringify(apiVersion), severity: earlier ? 'warning' : 'error',
    message: earlier ? 'this is read as v3.1.0' : 'this version of the standard is not supported', fix: 'write apiVersion: v3.1.0',
  });
}

function readDatasets(root: MapReader, masks: MaskDefaults): Dataset[] {
  const objects = root.maps('schema') ?? [];
  if (objects.length === 0) {
    root.problem('schema', { rule: 'required-key', value: 'nothing', message: 'a contract needs at least one dataset', fix: 'write schema: with one entry per dataset' });
  }
  const seen = new Map<string, string>();
  return objects.flatMap((object) => {
    const dataset = parseDataset(object, masks);
    if (dataset === undefined) return [];
    for (const [what, value] of [['dataset', dataset.name], ['target table', dataset.table]] as const) {
      if (seen.has(`${what} ${value}`)) {
        object.problem(what === 'dataset' ? 'name' : 'physicalName', { rule: 'duplicate-name', value: JSON.stringify(value), message: `another entry of schema has this ${what} name`, fix: 'rename one of them' });
      }
      seen.set(`${what} ${value}`, value);
    }
    return [dataset];
  });
}
