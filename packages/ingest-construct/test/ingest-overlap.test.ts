import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { IngestOverlap } from '../src';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

const machineOf = (props: Parameters<typeof newIngest>[2] = {}) => {
  const stack = newStack();
  newIngest(stack, 'Ingest', props);
  const template = templateOf(stack);
  const [{ States, StartAt }] = Object.values(machineDefinitions(template)) as [any];
  return { States, StartAt, template };
};

test.each(Object.values(IngestOverlap))('the run time is told %s, and knows it', (overlap) => {
  const { States } = machineOf({ overlap });
  expect(States.Turn.Arguments.Payload.settings.overlap).toBe(overlap);
  expect(parseIngestSettings(States.Turn.Arguments.Payload.settings).overlap).toBe(overlap);
});

test('is what the documentation says where nothing is said', () => {
  const [, word] = /@default IngestOverlap\.(\w+)\n\s*\*\/\n\s*readonly overlap\?/.exec(readFileSync(path.join(__dirname, '../src/ingest-stage.ts'), 'utf8')) ?? [];
  expect(machineOf().States.Turn.Arguments.Payload.settings.overlap).toBe(IngestOverlap[word as keyof typeof IngestOverlap]);
});

test('nothing is planned or pulled before an execution has its turn, and a plan waits for nobody', () => {
  const { States, StartAt } = machineOf();
  const goesTo = (name: string): string[] => {
    const { Next: next, Default: otherwise, Choices: choices = [] } = States[name];
    return [next, otherwise, ...choices.map(({ Next }: any) => Next)].filter((each) => each !== undefined).sort();
  };
  expect(StartAt).toBe('Begin');
  expect(Object.fromEntries(['Begin', 'TurnNeeded', 'Turn', 'TurnTaken', 'WaitForTurn'].map((name) => [name, goesTo(name)]))).toEqual({
    Begin: ['TurnNeeded'], TurnNeeded: ['Quota', 'Turn'], Turn: ['TurnTaken'], TurnTaken: ['Quota', 'Skipped', 'WaitForTurn'], WaitForTurn: ['Turn'],
  });
  expect(States.TurnNeeded.Choices).toEqual([{ Condition: '{% $input.operation = "plan" %}', Next: 'Quota' }]);
});

test('the function may ask about executions of its own machine, and about no other', () => {
  const { template } = machineOf();
  const asking = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as any[]).filter(({ Action }) => Action === 'states:DescribeExecution');
  const [machine] = Object.keys(resourcesOf(template, 'AWS::StepFunctions::StateMachine'));
  expect(asking).toHaveLength(1);
  expect(JSON.stringify(asking[0].Resource)).toMatch(new RegExp(`:execution:",\\{"Fn::GetAtt":\\["${machine}","Name"\\]\\},":\\*"`));
});
