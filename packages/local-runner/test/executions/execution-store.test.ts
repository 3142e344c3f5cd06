import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { ExecutionStore, SCRATCH } from '../../src/executions/execution-store';

test('closes what a killed runner left open, and removes what its tasks had on disk but no log', () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'headrace-executions-'));
  try {
    const store = new ExecutionStore(root);
    const open = (name: string) => store.create({
      arn: `arn:${name}`, machineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:Load', machinePath: 'Load', name, status: 'RUNNING', input: {},
      startedAt: '2026-01-05T00:00:00.000Z', states: [],
    });
    const left = open('left');
    const done = open('done');
    store.save({ ...store.find('arn:aws:states:us-east-1:000000000000:stateMachine:Load', 'done')!, status: 'SUCCEEDED' });
    const part = path.join(left, SCRATCH, '0001-StagePart', 'tmp', 'task', 'headrace-load-1', 'part.parquet');
    mkdirSync(path.dirname(part), { recursive: true });
    for (const file of [part, path.join(left, 'logs', '0001-StagePart.log')]) writeFileSync(file, 'x');

    expect(store.abortLeftOpen(new Date()).map(({ name, status }) => [name, status])).toEqual([['left', 'ABORTED']]);
    expect(existsSync(path.join(left, SCRATCH))).toBe(false);
    expect(existsSync(path.join(left, 'logs', '0001-StagePart.log'))).toBe(true);
    expect(existsSync(done)).toBe(true);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
