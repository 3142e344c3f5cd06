import { aws_ec2 as ec2, aws_rds as rds, aws_secretsmanager as secretsmanager, Duration, Size } from 'aws-cdk-lib';
import { DmsAccountRoles, LoadDeletes, LoadEngine, LoadSize, LoadSql, LoadTarget, LoadWindow, TargetEngine, Weekday, WriteMode, type RdsLoaderStageProps } from '../src';
import { newLoad, newStack, Surroundings, templateOf } from './_fixtures/load';

describe('write modes', () => {
  test.each<[string, Partial<RdsLoaderStageProps>, RegExp]>([
    ['replace for an appended dataset', { writeMode: WriteMode.replace() }, /writeMode of dataset trips must be append or merge or partitions with history append, got replace; give it a mode of its own in writeModes\.trips/],
    ['append for a snapshot', { writeModes: { zones: WriteMode.append() } }, /writeMode of dataset zones must be replace or merge or partitions with history snapshot, got append/],
    ['merge without a primary key', { writeModes: { zones: WriteMode.merge() } }, /merge needs a primary key, and dataset zones has none/],
    ['merge by a column that is not there', { writeModes: { trips: WriteMode.merge({ newerBy: 'changed' }) } }, /newerBy must be a column, and dataset trips has none called "changed"/],
    ['deletes that a history cannot tell', { writeModes: { trips: WriteMode.merge({ deletes: LoadDeletes.marker({ column: 'day' }) }) } }, /deletes of dataset trips must be none with history append, got marker/],
    ['partitions by what is no column, or none', { writeModes: { trips: WriteMode.replacePartitions({ columns: ['updated_at', 'month'], maxDeletePercent: 0 }), zones: WriteMode.replacePartitions() } },
      /maxDeletePercent must be more than 0 and at most 100, got 0.*partition column updated_at of dataset trips must be a string, integer, boolean or date, got timestamp; .* none called "month".*dataset zones has no partition columns/],
    ['a dataset that is not there', { writeModes: { trip: WriteMode.append() } }, /writeModes\.trip has no dataset in the contract; it has trips, zones/],
  ])('fails for %s', (_, props, message) => {
    expect(() => newLoad(newStack(), 'Load', props)).toThrow(message);
  });

  test('of one dataset stand beside the mode of all others', () => {
    expect(() => newLoad(newStack(), 'Load', {
      writeMode: WriteMode.merge({ newerBy: 'updated_at' }),
      writeModes: { zones: WriteMode.replace({ allowEmpty: true }) },
    })).not.toThrow();
  });
});

describe('SQL of the owner', () => {
  test('fails for a dataset that is not there, for what ends the transaction, and for no time', () => {
    const sql = LoadSql.of({ afterPublish: { trip: ['ANALYZE'] }, beforePublish: { trips: ['COMMIT'] }, timeout: Duration.millis(500) });
    expect(() => newLoad(newStack(), 'Load', { sql })).toThrow(
      /sql\.beforePublish\.trips\[0\] must not begin with COMMIT.*sql\.afterPublish\.trip has no dataset in the contract; it has trips, zones.*sql\.timeout must be whole seconds from 1 to 21600, got 0\.5; leave it out for 600/,
    );
  });
});

describe('the window', () => {
  test.each([
    ['an hour that no day has', { from: '24:00', until: '05:00' }, /window\.from must be a time of day like 01:00, got "24:00"/],
    ['no length', { from: '01:00', until: '01:00' }, /window\.until must differ from window\.from/],
    ['an unknown zone', { from: '01:00', until: '05:00', timeZone: 'Mars/Base' }, /window\.timeZone must be a name of the IANA database like Europe\/Berlin, got "Mars\/Base"/],
  ])('fails for %s', (_, window, message) => {
    expect(() => newLoad(newStack(), 'Load', { window: LoadWindow.daily(window) })).toThrow(message);
  });

  test.each([
    ['no day', [], /window\.days must name at least one day; use LoadWindow\.daily for every day/],
    ['a day twice', [Weekday.MONDAY, Weekday.MONDAY], /window\.days must name each day once, got MON, MON/],
  ])('fails for %s', (_, days, message) => {
    expect(() => newLoad(newStack(), 'Load', { window: LoadWindow.weekly({ from: '01:00', until: '05:00', days }) })).toThrow(message);
  });
});

describe('the rate', () => {
  test('reaches the tasks in bytes', () => {
    const stack = newStack();
    newLoad(stack, 'Load', { maxBytesPerSecond: Size.mebibytes(20) });
    expect(JSON.stringify(templateOf(stack))).toContain('maxBytesPerSecond\\":20971520,');
  });

  test('fails where it is less than 1 MiB for each connection, and with DMS', () => {
    const small = { maxBytesPerSecond: Size.kibibytes(1_024), engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING }) };
    expect(() => newLoad(newStack(), 'Load', small)).toThrow(
      /maxBytesPerSecond must be at least 1 MiB for each of the 2 connections of the size, got 1048576 bytes; give 2 MiB or more, or a size with fewer connections; maxBytesPerSecond has no meaning with LoadEngine\.dms/,
    );
  });
});

describe('the target', () => {
  test('fails for an engine that is neither PostgreSQL nor MySQL', () => {
    const stack = newStack();
    const around = new Surroundings(stack);
    const instance = new rds.DatabaseInstance(stack, 'Server', { engine: rds.DatabaseInstanceEngine.SQL_SERVER_EX, vpc: around.vpc });
    expect(() => newLoad(stack, 'Load', { target: LoadTarget.fromInstance(instance) }, around)).toThrow(/target must be PostgreSQL, MySQL or MariaDB, got SQLSERVER/);
  });

  test('fails for MySQL with all that it cannot hold, and without a database', () => {
    const stack = newStack();
    const around = new Surroundings(stack);
    const instance = new rds.DatabaseInstance(stack, 'Server', { engine: rds.DatabaseInstanceEngine.MYSQL, vpc: around.vpc });
    const target = LoadTarget.fromInstance(instance, { secret: around.secret });
    expect(() => newLoad(stack, 'Load', { target }, around)).toThrow(
      /needs the name of a database; set databaseName; key column trip_id of dataset trips is a text without a length, and MySQL cannot index it; give it logicalTypeOptions maxLength, at most 768/,
    );
    const wrong = LoadTarget.fromInstance(instance, { secret: around.secret, databaseName: 'shop', engine: TargetEngine.POSTGRES });
    expect(() => newLoad(stack, 'Wrong', { target: wrong }, around)).toThrow(/engine of target .* must be that of its family MYSQL, got postgres; leave it out/);
  });

  test('fails for an imported database without a secret', () => {
    const stack = newStack();
    const instance = rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Imported', {
      instanceIdentifier: 'db', instanceEndpointAddress: 'db.example.com', port: 5432, securityGroups: [],
    });
    expect(() => newLoad(stack, 'Load', { target: LoadTarget.fromInstance(instance) })).toThrow(/needs a secret with username and password/);
  });

  test('may be any endpoint', () => {
    const stack = newStack();
    const around = new Surroundings(stack);
    const group = new ec2.SecurityGroup(stack, 'Group', { vpc: around.vpc });
    const secret = new secretsmanager.Secret(stack, 'Secret');
    expect(() => newLoad(stack, 'Load', {
      target: LoadTarget.fromEndpoint({ host: 'db.example.com', secret, securityGroup: group, databaseName: 'trips' }),
    }, around)).not.toThrow();
  });
});

test('sizes fail for what Fargate refuses, all problems at once', () => {
  const size = LoadSize.of({ taskCpu: 300, connections: 0 });
  expect(() => newLoad(newStack(), 'Load', { size })).toThrow(
    /taskCpu must be one of 256, .* got 300; connections must be a whole number from 1 to 40, got 0; leave it out for 2 \[LOAD_PROPS\]/,
  );
});
