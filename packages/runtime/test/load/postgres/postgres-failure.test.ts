import { userError } from '../../../src/errors/pipeline-error';
import { isConnectionLoss, postgresFailure } from '../../../src/load/postgres/postgres-failure';

const thrown = (rest: object, message = 'message of the server'): Error => Object.assign(new Error(message), rest);

describe('a failure of the target', () => {
  test.each([
    ['57P01', 'TARGET_CONNECTION', 'transient'], ['25P03', 'TARGET_CONNECTION', 'transient'], ['40001', 'TARGET_BUSY', 'transient'], ['40P01', 'TARGET_BUSY', 'transient'],
    ['55P03', 'TARGET_BUSY', 'transient'], ['53300', 'TARGET_BUSY', 'transient'], ['25006', 'TARGET_BUSY', 'transient'], ['23505', 'TARGET_KEY', 'terminal'],
    ['23502', 'TARGET_NULL', 'terminal'], ['23503', 'TARGET_CONSTRAINT', 'terminal'], ['22021', 'TARGET_VALUE', 'terminal'], ['42501', 'TARGET_PRIVILEGE', 'terminal'],
    ['42P01', 'TARGET_SCHEMA', 'terminal'], ['53100', 'TARGET_DISK_FULL', 'terminal'], ['28P01', 'TARGET_CREDENTIALS', 'terminal'], ['3D000', 'TARGET_DATABASE', 'terminal'],
  ])('of SQLSTATE %s is %s and %s', (code, expected, kind) => {
    expect(postgresFailure(thrown({ code }), 'doing')).toMatchObject({ code: expected, kind });
  });

  test.each([
    [thrown({ code: 'ECONNREFUSED' })], [thrown({ code: 'ECONNRESET' })], [thrown({}, 'Connection terminated unexpectedly')], [thrown({}, 'timeout exceeded when trying to connect')],
  ])('is a lost connection: %s', (error) => {
    expect(isConnectionLoss(error)).toBe(true);
    expect(postgresFailure(error, 'doing')).toMatchObject({ code: 'TARGET_CONNECTION', kind: 'transient' });
  });

  test.each(['could not extend file "base/5/16389" with FileFallocate(): File too large', 'could not write block 7 of file "base/5/16389": Disk quota exceeded'])('is a full disk: %s', (message) => {
    expect(postgresFailure(thrown({ code: 'XX000' }, message), 'doing')).toMatchObject({ code: 'TARGET_DISK_FULL', kind: 'terminal', facts: { sqlState: 'XX000' } });
    expect(postgresFailure(thrown({ code: 'XX000' }, message.replace(/[^:]*$/, ' Input/output error')), 'doing')).toMatchObject({ code: 'TARGET' });
  });

  test('names what was done and the place, and leaves values of rows out', () => {
    const error = postgresFailure(thrown({ code: '23505', detail: 'Key (name)=(canary) already exists.', constraint: 'people_pkey', where: 'COPY people, line 3\nmore' }), 'publishing commit 4');
    expect(error.message).toBe('publishing commit 4: message of the server (SQLSTATE 23505; COPY people, line 3); rows of this batch have a key that the target holds already; use merge, or remove them');
    expect(error.facts).toEqual({ sqlState: '23505', constraint: 'people_pkey' });
    expect(JSON.stringify(error)).not.toContain('canary');
  });

  test('stays what it is when it has a code of ours already', () => {
    const own = userError('EPOCH', 'fenced');
    expect(postgresFailure(own, 'doing')).toBe(own);
  });
});
