import type { MysqlFlavour } from '../../contract/mysql-ddl';
import { userError } from '../../errors/pipeline-error';

/** The first that compare texts byte by byte without padding, and rename tables safely through a crash. */
export const OLDEST: Readonly<Record<MysqlFlavour, readonly [number, number, number]>> = { mysql: [8, 0, 17], mariadb: [10, 6, 0] };

/**
 * Which server this is. Throws `TARGET_VERSION` where it is too old, and `TARGET_LOCAL_INFILE` where it takes no rows from
 * a stream.
 */
export function requireServer(version: string, localInfile: string | null): MysqlFlavour {
  const flavour = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
  const oldest = OLDEST[flavour];
  // Some versions of MariaDB put 5.5.5- before their own for old replicas.
  const [, ...parts] = /(\d+)\.(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-/, '')) ?? ['', '0', '0', '0'];
  const numbers = parts.map(Number);
  const first = numbers.findIndex((number, index) => number !== oldest[index]);
  if (first !== -1 && (numbers[first] as number) < (oldest[first] as number)) {
    throw userError('TARGET_VERSION', `the target is ${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${numbers.join('.')}, a load needs ${oldest.join('.')} or later; upgrade the server`, { version });
  }
  if (localInfile !== '1' && localInfile !== 'ON') {
    throw userError('TARGET_LOCAL_INFILE', 'the target takes no rows from its clients; set local_infile to 1 in the parameter group of the database', { version });
  }
  return flavour;
}
