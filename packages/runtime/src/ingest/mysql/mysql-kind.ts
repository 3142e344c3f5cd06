import { sourceUrl } from '../sql/endpoint';
import { planSql } from '../sql/plan-sql';
import type { SqlRead } from '../sql/sql-engine';
import { SqlSession } from '../sql/sql-session';
import { parseSqlSource, type SqlSourceSettings } from '../sql/sql-settings';
import type { SourceKind } from '../source/source-kind';
import { mysqlEngine } from './mysql-engine';

/** Tables and queries of MySQL and MariaDB, streamed row by row. */
export const mysqlKind: SourceKind<SqlSourceSettings, SqlRead> = {
  remembers: false,
  parse: parseSqlSource('mysql'),
  url: sourceUrl,
  plan: (call) => planSql(mysqlEngine, call),
  connect: async (source, deps) => new SqlSession(mysqlEngine, source, deps),
};
