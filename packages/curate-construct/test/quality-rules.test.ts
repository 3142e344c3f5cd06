import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { machineDefinitions } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { CurateEngine, IcebergTables, type CurateStageProps } from '../src';
import { newCurate, newStack, templateOf } from './_fixtures/curate';

/** The machine of a stage whose contract has one quality rule. */
function machine(rule: string, props: Partial<CurateStageProps> = {}): any {
  const folder = mkdtempSync(path.join(tmpdir(), 'headrace-quality-'));
  try {
    const contract = path.join(folder, 't.odcs.yaml');
    writeFileSync(contract, 'apiVersion: v3.1.0\nkind: DataContract\nid: t\nname: trips\nversion: "1.0.0"\nstatus: active\nschema:\n  - name: trips\n'
      + `    quality:\n      - { id: r, ${rule} }\n    customProperties:\n      - { property: headraceRecord, value: { format: csv } }\n    properties:\n      - { name: id, logicalType: string }\n`);
    const stack = newStack();
    newCurate(stack, 'Curate', { contract, ...props });
    return Object.values(machineDefinitions(templateOf(stack)))[0];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a rule that warns has a notice after the batches are published, and none that fails the run', () => {
  const { States: states, ...rest } = machine('metric: rowCount, mustBe: 1, severity: warning');
  expect(brokenPromises({ States: states, ...rest })).toEqual([]);
  expect(states.Publish.Next).toBe('NoticeNeeded');
  expect(states.NoticeNeeded).toMatchObject({ Choices: [{ Next: 'WarnOfQuality' }], Default: 'Published' });
  expect(states.WarnOfQuality).toMatchObject({ Resource: expect.stringContaining('sns:publish'), Catch: [{ Next: 'Published' }, { ErrorEquals: ['States.ALL'], Next: 'Published' }], Next: 'Published' });
  expect(states.Published).toMatchObject({ Type: 'Pass', End: true });
  expect(machine('metric: rowCount, mustBe: 1, severity: warning', { icebergTables: IcebergTables.onGlue() }).States.Published).toMatchObject({ Type: 'Pass', Next: 'TablesLag' });
});

test.each(['info', 'error'])('a rule of severity %s needs no state', (severity) => {
  expect(machine(`metric: rowCount, mustBe: 1, severity: ${severity}`).States.Publish).toMatchObject({ End: true });
});

test('SQL is refused with Spark, by name and with a cure, and taken with DuckDB', () => {
  const sql = 'type: sql, query: "SELECT count(*) FROM {object}", mustBe: 1';
  expect(() => machine(sql, { engine: CurateEngine.glueSpark() })).toThrow(
    'quality rules of type sql run in DuckDB, which Spark does not start: r of trips; write them as library metrics, or use CurateEngine.embedded()',
  );
  expect(() => machine(sql)).not.toThrow();
});
