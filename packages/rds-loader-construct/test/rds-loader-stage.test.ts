import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { ODD_IDS } from '@headrace/stage/testing/odd-ids';
import { testApp } from '@headrace/stage/testing/test-app';
import { LoadSize, LoadTarget, LoadWindow, Weekday } from '../src';
import { newLoad, newStack, Surroundings, templateOf } from './_fixtures/load';

const NIGHT = LoadWindow.daily({ from: '01:00', until: '05:00', timeZone: 'Europe/Berlin' });

describe('the machine', () => {
  test('gives every task a time-out, named retries and a notice', () => {
    const stack = newStack();
    newLoad(stack);

    const machines = Object.values(machineDefinitions(templateOf(stack)));

    expect(machines).toHaveLength(1);
    expect(machines.flatMap(brokenPromises)).toEqual([]);
  });

  test('copies as many parts at the same time as there are connections', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { size: LoadSize.of({ connections: 7 }) });
    const [{ States }] = Object.values(machineDefinitions(templateOf(stack))) as [any];
    // What the settings say, unless Claim finds less room in the database.
    expect(States.Stage.MaxConcurrency).toBe('{% $states.input.connections %}');
    const [task] = Object.values(resourcesOf(templateOf(stack), 'AWS::ECS::TaskDefinition'));
    expect(JSON.stringify(task?.Properties.ContainerDefinitions)).toMatch(/connections[\\"]+:7[,}]/);
  });
});

describe('the window', () => {
  test('starts a load at its beginning in its zone, and delivers nothing after its end', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { window: NIGHT });

    Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0 1,2 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumEventAgeInSeconds: 4 * 3600 },
      },
    });
  });

  test.each([
    ['spans midnight', '22:00', '02:30', 4.5 * 3600],
    ['is most of a day', '06:00', '05:00', 23 * 3600],
  ])('that %s has its length on the clock', (_, from, until, seconds) => {
    const stack = newStack();
    newLoad(stack, 'Load', { window: LoadWindow.daily({ from, until }) });
    Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', {
      Target: { RetryPolicy: { MaximumEventAgeInSeconds: seconds } },
    });
  });

  test.each([
    ['comes twice, for the night whose clock skips the beginning', LoadWindow.daily({ from: '02:30', until: '05:00' }), 'cron(30 2,3 * * ? *)'],
    ['comes twice around midnight', LoadWindow.daily({ from: '23:30', until: '05:00' }), 'cron(30 23,0 * * ? *)'],
    ['comes once where the second start would be outside', LoadWindow.daily({ from: '02:30', until: '03:30' }), 'cron(30 2 * * ? *)'],
    ['keeps to its days', LoadWindow.weekly({ from: '22:00', until: '05:00', days: [Weekday.SATURDAY, Weekday.SUNDAY] }), 'cron(0 22,23 ? * SAT,SUN *)'],
    ['comes once where the second start would be on another day', LoadWindow.weekly({ from: '23:00', until: '05:00', days: [Weekday.SUNDAY] }), 'cron(0 23 ? * SUN *)'],
  ])('has a schedule that %s', (_, window, expression) => {
    const stack = newStack();
    newLoad(stack, 'Load', { window });
    Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: expression });
  });

  test('can be switched off for a copy', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { window: NIGHT, scheduleEnabled: false });
    Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', { State: 'DISABLED' });
  });

  test('tells when a load could not be started', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { window: NIGHT });
    const template = templateOf(stack);

    const [topic] = Object.keys(resourcesOf(template, 'AWS::SNS::Topic'));
    const [alarm] = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
    const [invoke] = Object.values(resourcesOf(template, 'AWS::Lambda::EventInvokeConfig'));

    expect(alarm?.Properties.AlarmActions.map(asText)).toEqual([`<${topic}>`]);
    expect(asText(invoke?.Properties.DestinationConfig.OnFailure.Destination)).toBe(`<${topic}>`);
    const policies = JSON.stringify(resourcesOf(template, 'AWS::SNS::TopicPolicy'));
    expect(policies).toContain('cloudwatch.amazonaws.com');
    expect(policies).toContain('events.amazonaws.com');
  });

  test('that is short and begins in an hour which summer time skips is warned of', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { window: LoadWindow.daily({ from: '02:30', until: '03:15', timeZone: 'Europe/Berlin' }) });
    Annotations.fromStack(stack).hasWarning('*', expectMatch(/window\.from does not exist on \d{4}-03-\d\d/));
  });

  test.each([
    ['begins at a time that every day has', NIGHT],
    ['is open an hour after its beginning', LoadWindow.daily({ from: '02:30', until: '05:00', timeZone: 'Europe/Berlin' })],
  ])('that %s is not warned of', (_, window) => {
    const stack = newStack();
    newLoad(stack, 'Load', { window });
    expect(Annotations.fromStack(stack).findWarning('*', expectMatch(/window/))).toEqual([]);
  });

  test('is absent unless asked for', () => {
    const stack = newStack();
    newLoad(stack);
    Template.fromStack(stack).resourceCountIs('AWS::Scheduler::Schedule', 0);
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 0);
  });
});

describe('the database', () => {
  test('is opened from the side of the load, so that its stack depends on nothing', () => {
    const app = testApp();
    const stack = new Stack(app, 'DatabaseStack');
    const around = new Surroundings(stack);
    const loadStack = new Stack(app, 'LoadStack');

    newLoad(loadStack, 'Load', {}, around);

    const rules = resourcesOf(templateOf(loadStack), 'AWS::EC2::SecurityGroupIngress');
    expect(Object.values(rules).map(({ Properties }) => asText(Properties.GroupId))).toEqual([expect.stringMatching(/^<DatabaseStack:Exports/)]);
    expect(stack.dependencies).toEqual([]);
  });

  test('lends the tasks its network', () => {
    const stack = newStack();
    newLoad(stack);
    Template.fromStack(stack).resourceCountIs('AWS::EC2::VPC', 1);
  });

  test('is told to the tasks by name, with a secret that only they may read', () => {
    const stack = newStack();
    newLoad(stack);
    const template = templateOf(stack);

    const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
    const settings = JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value).replace(/"port":(<[^>]*>)/, '"port":"$1"'));
    const readers = Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))
      .filter(([, policy]) => JSON.stringify(policy).includes('secretsmanager:GetSecretValue'))
      .map(([id]) => id);

    expect(settings.target).toMatchObject({ database: 'trips', ssl: 'verify-full', secretArn: expect.stringMatching(/^<Loader/) });
    expect(readers).toEqual([expect.stringMatching(/^LoadTaskTaskRole/)]);
  });

  test('of the app lends its master user, with a warning', () => {
    const stack = newStack();
    const around = new Surroundings(stack);
    newLoad(stack, 'Load', { target: LoadTarget.fromInstance(around.instance) }, around);
    Annotations.fromStack(stack).hasWarning('*', expectMatch(/master user/));
  });
});

test('several stages with odd ids live in one stack', () => {
  const stack = newStack();
  const around = new Surroundings(stack);
  for (const id of ODD_IDS) newLoad(stack, id, { window: NIGHT }, around);
  expect(Object.values(machineDefinitions(templateOf(stack)))).toHaveLength(ODD_IDS.length);
});

function expectMatch(pattern: RegExp): any {
  return Match.stringLikeRegexp(pattern.source);
}
