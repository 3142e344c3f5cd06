import type { LocalStack } from '../../src/stack/local-stack';
import { describeRun } from '../../src/summary/describe-run';
import type { RunSummary } from '../../src/summary/run-summary';

const told = (status: string): Promise<string> => {
  const machine = { machine: 'Trips/Curate', name: 'trips-s1-a1', status, states: [], error: 'Headrace.Notified', cause: 'Plan: RERUN_NOTHING' };
  // Without a dataset and a target nothing of the stack is asked for.
  return describeRun({} as LocalStack, { slot: 's1', status, machines: [machine], datasets: {} } as unknown as RunSummary);
};

test('a run with nothing to do says so, and one that failed says why instead', async () => {
  expect(await told('SUCCEEDED')).toContain('nothing new: 0 commits to curate, 0 to load');
  const failed = await told('FAILED');
  expect(failed).toContain('Trips/Curate failed: Headrace.Notified Plan: RERUN_NOTHING');
  expect(failed).not.toContain('nothing new');
});
