import { machineDefinitions } from '@headrace/stage/testing/machine-definitions';
import { Size } from 'aws-cdk-lib';
import { IngestSize } from '../src';
import { checkFargateSize, fargateLadder, MOST_MEMORY_MIB } from '../src/private/stage/fargate-size';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

const SMALLEST: Record<number, number> = { 256: 512, 512: 1024, 1024: 2048, 2048: 4096, 4096: 8192, 8192: 16384, 16384: 32768, 32768: 61440 };

describe('the ladder', () => {
  test.each([
    [256, 512, 4096, [[256, 512], [256, 1024], [256, 2048], [512, 4096]]],
    [1024, 2048, 16384, [[1024, 2048], [1024, 4096], [1024, 8192], [2048, 16384]]],
    [4096, 30720, 249856, [[4096, 30720], [8192, 61440], [16384, 122880], [32768, 249856]]],
    [256, 512, 512, [[256, 512]]],
    [2048, 5120, 20000, [[2048, 5120], [2048, 10240], [4096, 19456]]],
  ])('from %i units and %i MiB up to %i MiB', (cpu, memoryMiB, limit, rungs) => {
    expect(fargateLadder(cpu, memoryMiB, limit).map((rung) => [rung.cpu, rung.memoryMiB])).toEqual(rungs);
  });

  test('has only sizes that Fargate sells, from every size', () => {
    for (const cpu of Object.keys(SMALLEST).map(Number)) {
      const smallest = SMALLEST[cpu]!;
      const problems: string[] = [];
      const ladder = fargateLadder(cpu, smallest, 249_856);
      const noted = { add: (text: string) => problems.push(text) } as any;
      ladder.forEach((rung) => checkFargateSize(noted, rung.cpu, Size.mebibytes(rung.memoryMiB), undefined));
      expect(problems).toEqual([]);
      expect(ladder.at(-1)?.memoryMiB).toBe(249_856);
    }
  });
});

test('the machine begins where the plan says, and goes up only for memory', () => {
  const stack = newStack();
  newIngest(stack, 'Ingest', { size: IngestSize.of({ taskMemoryLimit: Size.gibibytes(1) }) });
  const [machine] = Object.values(machineDefinitions(templateOf(stack))) as [any];
  const { Pull, PullFailed, PullTooLarge, PullRecorded, PullGivenUp } = machine.States.Pulls.ItemProcessor.States;

  expect(Pull.Arguments.Overrides).toMatchObject({ Cpu: '{% $string([256,256][$rung]) %}', Memory: '{% $string([512,1024][$rung]) %}' });
  expect(Pull.Retry.flatMap(({ ErrorEquals }: any) => ErrorEquals)).not.toContain('States.TaskFailed');
  expect(PullFailed.Choices.map(({ Next }: any) => Next)).toEqual(['Pull', 'PullTooLarge', 'PullAgain']);
  expect(PullTooLarge.Arguments.Body.message).toBe('out of memory at the largest size of the task, 1024 MiB; raise taskMemoryLimit of the size, or make the shards of the source smaller');
  // Whatever ends it, a document says so before the item fails.
  expect([PullFailed.Default, PullTooLarge.Next, Pull.Catch.at(-1).Next, PullRecorded.Next]).toEqual(['PullRecorded', 'PullRecorded', 'PullRecorded', 'PullGivenUp']);
  expect(PullRecorded.Arguments.Key).toContain('"errors/0-pull-"');
  expect(PullGivenUp).toMatchObject({ Type: 'Fail', Error: 'States.TaskFailed' });
});

test('a notice does not ask for more memory than Fargate has', () => {
  const stack = newStack();
  newIngest(stack, 'Ingest', { size: IngestSize.of({ taskMemoryLimit: Size.mebibytes(MOST_MEMORY_MIB) }) });
  const [machine] = Object.values(machineDefinitions(templateOf(stack))) as [any];
  expect(machine.States.Pulls.ItemProcessor.States.PullTooLarge.Arguments.Body.message)
    .toBe('out of memory at the largest size of the task, 249856 MiB; make the shards of the source smaller');
});
