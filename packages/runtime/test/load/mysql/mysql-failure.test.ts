import { isConnectionLoss, mysqlFailure, withoutValues } from '../../../src/load/mysql/mysql-failure';
import { requireServer } from '../../../src/load/mysql/server-version';

test.each<[string, object, string, 'transient' | 'terminal']>([
  ['a lost connection', { code: 'PROTOCOL_CONNECTION_LOST', message: 'Connection lost' }, 'TARGET_CONNECTION', 'transient'],
  ['a session that was killed', { errno: 1927, code: 'ER_CONNECTION_KILLED', message: 'killed' }, 'TARGET_CONNECTION', 'transient'],
  ['a line that lost a packet', { errno: 1156, sqlState: '08S01', message: 'Got packets out of order' }, 'TARGET_CONNECTION', 'transient'],
  ['a deadlock', { errno: 1213, sqlState: '40001', message: 'Deadlock found' }, 'TARGET_BUSY', 'transient'],
  ['a writer that became a reader', { errno: 1290, message: 'running with the --read-only option' }, 'TARGET_BUSY', 'transient'],
  ['a key', { errno: 1062, message: "Duplicate entry 'ann' for key 'people.PRIMARY'" }, 'TARGET_KEY', 'terminal'],
  ['a full disk, by the table', { errno: 1114, message: "The table 't' is full" }, 'TARGET_DISK_FULL', 'terminal'],
  ['a full disk, by the system', { errno: 1030, message: 'Got error 28 "No space left on device" from storage engine InnoDB' }, 'TARGET_DISK_FULL', 'terminal'],
  ['a full folder for temporary files, by MariaDB', { errno: 3, sqlState: 'HY000', message: "Error writing file '/tmp/MYabc' (Errcode: 28 \"No space left on device\")" }, 'TARGET_DISK_FULL', 'terminal'],
  ['a full folder for temporary files, by MySQL', { errno: 3, sqlState: 'HY000', message: "Error writing file '/tmp/MYabc' (OS errno 28 - No space left on device)" }, 'TARGET_DISK_FULL', 'terminal'],
  ['a file that cannot be written for another reason', { errno: 3, sqlState: 'HY000', message: "Error writing file '/tmp/MYabc' (Errcode: 5 \"Input/output error\")" }, 'TARGET', 'terminal'],
  ['another error of the engine', { errno: 1030, message: 'Got error 168 from storage engine' }, 'TARGET', 'terminal'],
  ['a missing right', { errno: 1142, message: 'INSERT command denied' }, 'TARGET_PRIVILEGE', 'terminal'],
  ['a wrong password', { errno: 1045, message: 'Access denied' }, 'TARGET_CREDENTIALS', 'terminal'],
  ['a certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN', message: 'self-signed' }, 'TARGET_CERTIFICATE', 'terminal'],
  ['local_infile', { errno: 3948, message: 'Loading local data is disabled' }, 'TARGET_LOCAL_INFILE', 'terminal'],
])('%s is told as what it is', (_, thrown, code, kind) => {
  const failure = mysqlFailure(Object.assign(new Error(), thrown), 'doing');
  expect(failure).toMatchObject({ code, kind });
  expect(failure.message).toMatch(/^doing: /);
  expect(isConnectionLoss(Object.assign(new Error(), thrown))).toBe(code === 'TARGET_CONNECTION');
});

test.each([
  ["Duplicate entry 'it's 'secret'-7' for key 'PRIMARY'", "Duplicate entry for key 'PRIMARY'"],
  ["Incorrect integer value: 'secret' for column `a`.`b`.`n` at row 3", 'Incorrect integer value for column `a`.`b`.`n` at row 3'],
  ["Truncated incorrect DOUBLE value: 'secret\nline'", 'Truncated incorrect DOUBLE value'],
  ["Out of range value for column 'n' at row 2", "Out of range value for column 'n' at row 2"],
])('%j is told without values', (message, told) => {
  expect(withoutValues(message)).toBe(told);
});

test('a server is known by its version, and refused where it is too old or takes no rows', () => {
  expect(requireServer('8.0.17', 'ON')).toBe('mysql');
  expect(requireServer('5.5.5-10.6.12-MariaDB-log', '1')).toBe('mariadb');
  expect(() => requireServer('8.0.16', '1')).toThrow('MySQL 8.0.16, a load needs 8.0.17 or later');
  expect(() => requireServer('10.5.29-MariaDB', '1')).toThrow('MariaDB 10.5.29, a load needs 10.6.0 or later');
  expect(() => requireServer('8.4.3', '0')).toThrow('local_infile');
});
