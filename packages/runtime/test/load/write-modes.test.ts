import type { Dataset } from '../../src/contract/contract';
import { requireContract } from '../../src/contract/parse-contract';
import { writeModesOf } from '../../src/load/write-modes';
import { contractText, PEOPLE } from './_fixtures/load-stage';

function datasets(history: 'append' | 'snapshot' | 'changes', properties = PEOPLE.properties): readonly Dataset[] {
  return requireContract(contractText({ people: { history, properties } }), 'demo').datasets;
}

describe('write modes', () => {
  test.each([['append', 'append'], ['snapshot', 'replace'], ['changes', 'merge']] as const)('of history %s default to %s', (history, mode) => {
    expect(writeModesOf({ writeModes: {} }, datasets(history)).get('people')).toEqual({ mode });
  });

  test.each([
    ['append', { mode: 'replace' }, 'history append, which allows append or merge or partitions, got replace'],
    ['changes', { mode: 'append' }, 'history changes, which allows merge, got append'],
    ['snapshot', { mode: 'append' }, 'history snapshot, which allows replace or merge or partitions, got append'],
    ['changes', { mode: 'merge', newerBy: 'changed' }, 'no column "changed" for newerBy'],
    ['changes', { mode: 'merge', newerBy: 'name' }, 'newerBy column name of dataset people must be required'],
    ['append', { mode: 'partitions' }, 'no partition columns to replace by'],
    ['append', { mode: 'partitions', partitionBy: ['ratio', 'day'] }, /partition column ratio of dataset people must be a string, integer, boolean or date, got float; .*no column "day" for partitions/],
    ['snapshot', { mode: 'merge', deletes: { kind: 'marker', column: 'name', values: ['D'] } }, 'which allows deletes by absentFromSnapshot, got marker'],
    ['append', { mode: 'merge', deletes: { kind: 'absentFromSnapshot' } }, 'which allows no deletes, got absentFromSnapshot'],
    ['changes', { mode: 'merge', deletes: { kind: 'marker', column: 'ratio', values: ['D'] } }, 'marker column ratio of dataset people must be a string, boolean or integer, got float'],
    ['changes', { mode: 'merge', newerBy: 'id', deletes: { kind: 'marker', column: 'id', values: ['D'] } }, /marker value "D" is no integer.*newerBy column id of dataset people must not be part of the key/],
  ] as const)('fail for history %s and %j', (history, mode, message) => {
    expect(() => writeModesOf({ writeModes: { people: mode } }, datasets(history))).toThrow(message);
  });

  test('fail once with every problem', () => {
    const keyless = datasets('append', ['{ name: name, logicalType: string }']);
    expect(() => writeModesOf({ writeModes: { others: { mode: 'append' }, people: { mode: 'merge' } } }, keyless)).toThrow(/names no dataset of the contract \(people\); dataset people has no primary key/);
  });
});
