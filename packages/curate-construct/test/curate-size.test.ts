import * as path from 'node:path';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { CurateSize } from '../src';

test('a size of your own has the defaults that its documentation promises, and DEV is nothing but them', () => {
  const documented = documentedDefaults(path.join(__dirname, '../src/curate-size.ts'));

  expect(Object.keys(documented).length).toBeGreaterThan(5);
  for (const [prop, value] of Object.entries(documented)) {
    expect([prop, comparable((CurateSize.of({}) as any)[prop])]).toEqual([prop, value]);
  }
  expect(CurateSize.DEV).toEqual(CurateSize.of({}));
});

test.each(['DEV', 'STAGING', 'PROD'] as const)('%s is a size that Fargate accepts', (name) => {
  const problems: string[] = [];
  CurateSize[name]._check({ add: (text: string) => problems.push(text) } as any);
  expect(problems).toEqual([]);
});
