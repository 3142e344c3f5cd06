import { postgresTarget } from '../postgres/postgres-target';
import { mysqlTarget } from '../mysql/mysql-target';
import type { LoadDatabase } from '../settings';
import type { TargetDatabase } from './target-database';

const TARGETS: Readonly<Record<LoadDatabase['kind'], TargetDatabase>> = { postgres: postgresTarget, mysql: mysqlTarget };

/** The code for the database that the settings name. */
export function targetOf({ kind }: Pick<LoadDatabase, 'kind'>): TargetDatabase {
  return TARGETS[kind];
}
