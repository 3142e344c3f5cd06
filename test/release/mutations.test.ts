import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { COMMAND_MUTATIONS } from '../../release/mutations/command-mutations';
import { CONTRACT_MUTATIONS } from '../../release/mutations/contract-mutations';
import { HARMLESS_RESOURCE_MUTATIONS, RESOURCE_MUTATIONS } from '../../release/mutations/resource-mutations';
import { runCommandMutations } from '../../release/mutations/run-command-mutations';
import { runContractMutations } from '../../release/mutations/run-contract-mutations';
import { runResourceMutations } from '../../release/mutations/run-resource-mutations';
import { ROOT } from '../repository';

/** One for each way in which an upgrade harms, all of the stage that is made fastest; `npm run release:mutations` runs the whole set. */
const SAMPLE = [
  'the curated bucket gets another construct id', 'the workgroup gets another name', 'results of queries are not encrypted', 'rejected records go after a week',
  'anybody may take the role of a function', 'a second function, with a role of its own', 'a service may read the curated bucket', 'publish may no longer correct partitions', 'functions get twice the memory', 'files that left go after two days',
];
const outdir = mkdtempSync(path.join(tmpdir(), 'headrace-mutations-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

test('harmful upgrades are found with their bump and in words that say what is wrong, and harmless ones are not', () => {
  const chosen = [...RESOURCE_MUTATIONS.filter(({ name }) => SAMPLE.includes(name)), ...HARMLESS_RESOURCE_MUTATIONS.filter(({ folder }) => folder === 'packages/curate-construct')];
  expect(chosen.length).toBe(SAMPLE.length + 2);
  const results = runResourceMutations(ROOT, chosen, outdir);
  expect(results.flatMap(({ mutation: { name }, wrong }) => (wrong === undefined ? [] : [`${name} ${wrong}`]))).toEqual([]);
}, 120_000);

test('documents that another release cannot read, and contracts that are no longer taken, are found', () => {
  const chosen = CONTRACT_MUTATIONS.filter(({ name }) => [
    'a manifest needs a new member', 'there is a new outcome', 'a manifest may have a note', 'fixed-width files are no longer valid', 'records may be longer',
  ].includes(name));
  const results = runContractMutations(ROOT, chosen);
  expect(results).toHaveLength(5);
  expect(results.flatMap(({ mutation: { name }, wrong }) => (wrong === undefined ? [] : [`${name} ${wrong}`]))).toEqual([]);
}, 120_000);

test('commands and options of the program that scripts can no longer call are found, and what is hidden or only words is not', async () => {
  const results = await runCommandMutations(ROOT, COMMAND_MUTATIONS);
  expect(results.flatMap(({ mutation: { name }, wrong }) => (wrong === undefined ? [] : [`${name} ${wrong}`]))).toEqual([]);
}, 120_000);
