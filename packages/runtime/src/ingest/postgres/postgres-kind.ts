import { sourceUrl } from '../sql/endpoint';
import { planSql } from '../sql/plan-sql';
import type { SqlRead } from '../sql/sql-engine';
import { SqlSession } from '../sql/sql-session';
import { parseSqlSource, type SqlSourceSettings } from '../sql/sql-settings';
import type { SourceKind } from '../source/source-kind';
import { postgresEngine } from './postgres-engine';

/** Tables and queries of PostgreSQL, exported by COPY. */
export const postgresKind: SourceKind<SqlSourceSettings, SqlRead> = {
  remembers: false,
  parse: parseSqlSource('postgres'),
  url: sourceUrl,
  plan: (call) => planSql(postgresEngine, call),
  connect: async (source, deps) => new SqlSession(postgresEngine, source, deps),
};
