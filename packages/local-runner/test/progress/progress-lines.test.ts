import { lineOf } from '../../src/progress/progress-lines';

const TASK = JSON.stringify({
  TaskArn: 'arn:aws:ecs:us-east-1:000000000000:task/t', StoppedReason: 'Essential container in task exited',
  Containers: [{ Name: 'source', ExitCode: 0 }, { Name: 'task', ExitCode: 137, Reason: 'OutOfMemoryError' }, { Name: 'proxy' }],
});
const NESTED = JSON.stringify({ ExecutionArn: 'arn:e', Status: 'FAILED', Error: 'Headrace.Notified', Cause: 'Shapes: THRESHOLD: trips: 2 of 3 records rejected' });

test.each([
  ['a task', TASK, 'Essential container in task exited; container task ended with exit code 137, OutOfMemoryError; container proxy never started'],
  ['an execution', NESTED, 'Headrace.Notified: Shapes: THRESHOLD: trips: 2 of 3 records rejected'],
  ['an execution that was stopped', JSON.stringify({ ExecutionArn: 'arn:e', Status: 'ABORTED' }), 'ABORTED'],
  ['an execution around a task', JSON.stringify({ ExecutionArn: 'arn:e', Error: 'States.TaskFailed', Cause: TASK }), 'States.TaskFailed: Essential container in task exited; container task ended'],
  ['anything else', '{"of": "ours"}', '{"of": "ours"}'],
  ['a cut document', '{"ExecutionArn": ', '{"ExecutionArn": '],
])('the cause of %s is told in words', (_what, cause, words) => {
  expect(lineOf({ kind: 'state', machine: 'M', name: 'n', state: 'S', status: 'retried', error: 'States.TaskFailed', cause })).toContain(`  ↻ M  S  States.TaskFailed: ${words}`);
  expect(lineOf({ kind: 'execution', machine: 'M', name: 'n', status: 'FAILED', milliseconds: 100, error: 'States.TaskFailed', cause })).toContain(`✘ M  failed (0.1 s)  States.TaskFailed: ${words}`);
});
