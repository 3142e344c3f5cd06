import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { failedRun } from '../../src/commands/retry';
import { ExecutionStore, type ExecutionRecord, type ExecutionStatus } from '../../src/executions/execution-store';
import { lockStateFolder } from '../../src/stack/state-lock';

describe('headrace retry', () => {
  let stateDir: string;
  beforeEach(() => { stateDir = mkdtempSync(path.join(os.tmpdir(), 'headrace-retry-')); });
  afterEach(() => rmSync(stateDir, { recursive: true }));

  let minute = 0;
  function execution(slot: string, attempt: number, status: ExecutionStatus, more: Partial<ExecutionRecord> & { asked?: object } = {}): void {
    const { asked, machinePath = 'App/Pipeline', ...rest } = more;
    const machine = machinePath.replaceAll('/', '-');
    const name = `flights-${slot}-a${attempt}`;
    minute += 1;
    new ExecutionStore(path.join(stateDir, 'executions')).create({
      arn: `arn:aws:states:us-east-1:000000000000:execution:${machine}:${name}`, machinePath, name, status,
      machineArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${machine}`,
      input: { slot, ...(attempt === 1 ? {} : { attempt }), ...asked },
      startedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), states: [], ...rest,
    });
  }
  const found = (failed?: string, machine?: string): object => {
    const { slot, attempt, records } = failedRun({ failed, machine, stateDir });
    return { slot, attempt, machines: records.map(({ machinePath }) => machinePath) };
  };

  test('takes the run that failed last, at its newest attempt', () => {
    execution('s1', 1, 'FAILED');
    execution('s2', 1, 'FAILED');
    execution('s2', 2, 'TIMED_OUT');
    execution('s3', 1, 'SUCCEEDED');
    execution('m1_plan', 1, 'FAILED', { asked: { operation: 'plan' } });
    expect(found()).toEqual({ slot: 's2', attempt: 2, machines: ['App/Pipeline'] });
  });

  test('a run whose next attempt succeeded has not failed', () => {
    execution('s1', 1, 'FAILED');
    execution('s2', 1, 'FAILED');
    execution('s2', 2, 'SUCCEEDED');
    expect(found()).toMatchObject({ slot: 's1', attempt: 1 });
  });

  test('a run failed when one of its machines did', () => {
    execution('s1', 1, 'SUCCEEDED');
    execution('s1', 1, 'FAILED', { machinePath: 'App/Load' });
    expect(found()).toEqual({ slot: 's1', attempt: 1, machines: ['App/Pipeline', 'App/Load'] });
    expect(() => found('s1', 'Pipeline')).toThrow(/run s1 succeeded with attempt 1/);
  });

  test.each(['s1', 'flights-s1-a1'])('knows a run by %s', (name) => {
    execution('s1', 1, 'ABORTED');
    expect(found(name)).toMatchObject({ slot: 's1', attempt: 1 });
  });

  test('executions that another started are not tried again by themselves', () => {
    execution('s1', 1, 'FAILED', { parent: 'arn:aws:states:us-east-1:000000000000:execution:Outer:x' });
    expect(() => found()).toThrow(/no failed run in .*: it has no runs; headrace ls --state-dir .* lists those there are/);
  });

  test('fails for a run that is still running, and takes one whose runner was killed', () => {
    execution('s1', 1, 'RUNNING');
    const unlock = lockStateFolder(stateDir);
    expect(() => found('s1')).toThrow(new RegExp(`run s1 is still running: attempt 1 of App/Pipeline in process ${process.pid}; wait until it ends`));
    expect(() => found()).toThrow(/no failed run in .*: 1 runs succeeded or are still running/);
    unlock();
    expect(found()).toMatchObject({ slot: 's1', attempt: 1 });
  });

  test('fails for a run that succeeded, and for one that is not there', () => {
    execution('s1', 1, 'SUCCEEDED');
    expect(() => found('s1')).toThrow(/run s1 succeeded with attempt 1, so there is nothing to retry; .*"operation":"replay","run":"s1"/);
    expect(() => found('s2')).toThrow(/run s2 has no execution in/);
  });
});
