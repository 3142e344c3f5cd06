import { parseLoadSettings } from '../../src/load/settings';

const GOOD = {
  pipeline: 'demo', curatedBucket: 'curated', workPrefix: 'demo/work/load-1/', contract: { bucket: 'b', key: 'k' }, codeVersion: 'v1',
  target: { kind: 'postgres', host: 'db', port: 5432, database: 'app', secretArn: 'arn:aws:secretsmanager:eu-central-1:1:secret:x' },
  targetSchema: 'public', ledgerSchema: 'headrace',
};

describe('load settings', () => {
  test('fill in what may be left out', () => {
    expect(parseLoadSettings(GOOD)).toEqual({
      ...GOOD, target: { ...GOOD.target, ssl: 'verify-full' }, manageSchema: true, writeModes: {}, connections: 1, gaps: 'hold', lockTimeoutSeconds: 60, statements: [], statementTimeoutSeconds: 600,
    });
  });

  test('take MySQL as the target', () => {
    expect(parseLoadSettings({ ...GOOD, target: { ...GOOD.target, kind: 'mysql', port: 3306 } }).target).toMatchObject({ kind: 'mysql', port: 3306, ssl: 'verify-full' });
  });

  test('keep false apart from missing', () => {
    expect(parseLoadSettings({ ...GOOD, manageSchema: false }).manageSchema).toBe(false);
  });

  test('take a rate that leaves each connection 1 MiB a second, and none with DMS', () => {
    expect(parseLoadSettings({ ...GOOD, connections: 2, maxBytesPerSecond: 2_097_152 }).maxBytesPerSecond).toBe(2_097_152);
    expect(() => parseLoadSettings({ ...GOOD, connections: 2, maxBytesPerSecond: 2_097_151 })).toThrow('maxBytesPerSecond must be a whole number from 2097152 to');
    const dms = { handOff: { bucket: 'b', prefix: 'p/' }, lanes: 1, maxTextKiB: 64 };
    expect(() => parseLoadSettings({ ...GOOD, dms, maxBytesPerSecond: 2_097_152 })).toThrow('maxBytesPerSecond has no meaning with dms');
  });

  test('fail once with every problem', () => {
    const bad = {
      ...GOOD, pipeline: 'Demo', connections: 0, gaps: 'ignore', surprise: 1, ledgerSchema: 'x'.repeat(64),
      target: { ...GOOD.target, port: 0, secretArn: 'hunter2', ssl: 'require' },
      writeModes: { trips: { mode: 'append', newerBy: 'at', maxDeletes: { rows: 1 } }, people: { mode: 'merge', deletes: { kind: 'marker', column: 'op', values: [] }, maxDeletes: { percent: 0 } }, Bad: { mode: 'upsert', allowEmpty: true } },
    };
    let message = '';
    try { parseLoadSettings(bad); } catch (error) { message = (error as Error).message; }
    for (const part of [
      'pipeline must be', 'connections must be a whole number from 1 to 40, got 0', 'gaps must be one of hold, skip', 'surprise is not a known key', 'ledgerSchema must be a name of 1 to 63',
      'target.port must be', 'target.secretArn must be the ARN', 'target.ssl must be one of verify-full, disable', 'writeModes.trips.newerBy has no meaning for mode append',
      'writeModes has the name "Bad"', 'writeModes.Bad.mode must be one of merge, append, replace, partitions', 'writeModes.trips.maxDeletes has no meaning for mode append without deletes', 'writeModes.people.maxDeletes.percent must be more than 0 and at most 100, got 0',
      'writeModes.people.deletes.values must be a list of one or more texts, each once, got []',
    ]) expect(message).toContain(part);
  });
});
