import { parseStarterSettings } from '@headrace/runtime/ingest/start/starter-settings';
import { asText, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { type App, Duration } from 'aws-cdk-lib';
import { IngestSchedule, IngestSize } from '../src';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

function synthesize(schedule: IngestSchedule, size = IngestSize.DEV) {
  const stack = newStack();
  newIngest(stack, 'Ingest', { schedule, size });
  const template = templateOf(stack);
  const one = (type: string, id: string): any => Object.entries(resourcesOf(template, type)).find(([name]) => name.includes(id))?.[1].Properties;
  return { stack, schedule: one('AWS::Scheduler::Schedule', 'Schedule'), starter: one('AWS::Lambda::Function', 'ScheduleStarter'), alarm: one('AWS::CloudWatch::Alarm', 'NoRun') };
}

test('fires by the clock of the zone and hands the scheduled time to a function, which the run time understands', () => {
  const { schedule, starter } = synthesize(IngestSchedule.cron({ hour: '3', minute: '30', weekDay: 'MON-FRI', timeZone: 'Europe/Berlin' }));
  expect(schedule).toMatchObject({ ScheduleExpression: 'cron(30 3 ? * MON-FRI *)', ScheduleExpressionTimezone: 'Europe/Berlin', FlexibleTimeWindow: { Mode: 'OFF' } });
  expect(JSON.parse(asText(schedule.Target.Input))).toEqual({ scheduledTime: '<aws.scheduler.scheduled-time>' });
  const settings = JSON.parse(asText(starter.Environment.Variables.HEADRACE_SETTINGS).replace(/<[^>]*Machine[^>]*>/, 'arn:aws:states:eu-central-1:1:stateMachine:m'));
  expect(parseStarterSettings(settings)).toEqual({ pipeline: 'trips', stateMachineArn: 'arn:aws:states:eu-central-1:1:stateMachine:m' });
});

test.each([
  ['every hour, with executions of 3 hours', IngestSchedule.rate(Duration.hours(1)), 300, 48],
  ['every day, with executions of 3 hours', IngestSchedule.cron({ hour: '3' }), 3600, 27],
  ['every 6 days', IngestSchedule.rate(Duration.days(6)), 3600, 147],
])('an alarm is raised without a success: %s', (_, schedule, period, periods) => {
  expect(synthesize(schedule).alarm).toMatchObject({
    MetricName: 'ExecutionsSucceeded', Period: period, EvaluationPeriods: periods, Threshold: 1, ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching',
  });
});

test('rule packs find nothing that is not explained', () => {
  expect(ruleFindings(synthesize(IngestSchedule.rate(Duration.hours(1))).stack.node.root as App)).toEqual([]);
});

test('fails once with everything that is wrong', () => {
  expect(() => synthesize(IngestSchedule.cron({ timeZone: 'Mars/Base', day: '1', weekDay: 'MON', longestGap: Duration.days(30) }))).toThrow(
    /schedule\.timeZone must be .* got "Mars\/Base"; schedule\.day and schedule\.weekDay exclude each other.*; schedule\.longestGap must be whole minutes from 1 minute to 6 days, as far as an alarm looks back, got 2592000 s/,
  );
  expect(() => synthesize(IngestSchedule.rate(Duration.seconds(30)))).toThrow(/the rate of the schedule must be/);
});
