import * as path from 'node:path';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { CurateEngine, GlueVersion, GlueWorkerType, IcebergTables } from '../src';

const WORDS = { GlueVersion, GlueWorkerType };

test('Spark has the defaults that its documentation promises', () => {
  const spark = CurateEngine.glueSpark()._spark as any;
  const actual = Object.fromEntries(Object.entries(spark).map(([prop, value]) => [prop, comparable(value)]));
  expect(actual).toMatchObject(documentedDefaults(path.join(__dirname, '../src/curate-engine.ts'), WORDS));
});

test('Iceberg tables have the defaults that their documentation promises', () => {
  const actual = Object.fromEntries(Object.entries(IcebergTables.onGlue()._settings).map(([prop, value]) => [prop, comparable(value)]));
  expect(actual).toMatchObject(documentedDefaults(path.join(__dirname, '../src/iceberg-tables.ts'), WORDS));
});
