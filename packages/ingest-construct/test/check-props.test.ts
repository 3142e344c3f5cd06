import { aws_s3 as s3 } from 'aws-cdk-lib';
import { IngestSchedule, IngestSource, type IngestStageProps } from '../src';
import { newIngest, newStack, SOURCES } from './_fixtures/ingest';

/** As an app in JavaScript would: nobody has looked at the props yet. */
const untyped = (props: object): any => props;
const synthesize = (trips: IngestSource, props: Partial<IngestStageProps> = {}) => () => newIngest(newStack(), 'Ingest', { sources: { ...SOURCES, trips }, ...props });

test.each<[string, IngestSource, string]>([
  ['a misspelled guard', IngestSource.http(untyped({ url: 'https://x.example/a', minRow: 1 })), 'sources.trips.minRow is no prop; there are url, headers'],
  ['a forgotten address', IngestSource.http(untyped({})), 'sources.trips.url is missing; it has no default'],
  ['forgotten host keys', IngestSource.sftp(untyped({ host: 'x', secret: {}, path: '/' })), 'sources.trips.hostKeys is missing; it has no default'],
  ['a forgotten database', IngestSource.mysql(untyped({ table: 'trips' })), 'sources.trips.database is missing'],
  ['a forgotten image', IngestSource.container(untyped({ images: 'x' })), 'sources.trips.images is no prop'],
])('%s is named', (_, source, problem) => {
  expect(synthesize(source)).toThrow(problem);
});

test('a misspelled prop of the stage and of its schedule is named', () => {
  expect(synthesize(SOURCES.trips, untyped({ shedule: 1 }))).toThrow('shedule is no prop; there are contract, sources');
  expect(synthesize(SOURCES.trips, { schedule: IngestSchedule.cron(untyped({ hours: '3' })) })).toThrow('schedule.hours is no prop; there are minute, hour');
});

test.each([
  [{ hour: '25' }, 'schedule.hour must be made of 0 to 23, with , - / and *, got "25"'],
  [{ weekDay: 'MON-FRY' }, 'schedule.weekDay must be made of 1 to 7 or SUN to SAT, with , - / and *, got "MON-FRY"'],
  [{ month: '0' }, 'schedule.month must be made of 1 to 12 or JAN to DEC'],
])('a cron field that there is not is named: %j', (cron, problem) => {
  expect(synthesize(SOURCES.trips, { schedule: IngestSchedule.cron(cron) })).toThrow(problem);
});

test.each([{ minute: '0/15', hour: '8-17' }, { day: 'L' }, { day: '15W' }, { weekDay: 'FRI#2' }, { weekDay: '2-6', month: 'jan,JUL' }, { minute: '*/5' }])('a cron field that there is passes: %j', (cron) => {
  expect(synthesize(SOURCES.trips, { schedule: IngestSchedule.cron(cron) })).not.toThrow();
});

test('a suffix is no pattern', () => {
  const bucket = s3.Bucket.fromBucketName(newStack(), 'Theirs', 'partner');
  expect(synthesize(IngestSource.s3({ bucket, suffix: '*.csv' }))).toThrow('sources.trips.suffix is no pattern and would be looked for as it stands, got "*.csv"');
});
