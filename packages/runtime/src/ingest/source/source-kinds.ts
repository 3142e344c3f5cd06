import { PipelineError } from '../../errors/pipeline-error';
import { containerKind } from '../container/container-kind';
import { httpKind } from '../http/http-kind';
import { httpPagesKind } from '../http/pages/http-pages-kind';
import { mysqlKind } from '../mysql/mysql-kind';
import { postgresKind } from '../postgres/postgres-kind';
import { s3Kind } from '../s3/s3-kind';
import { sftpKind } from '../sftp/sftp-kind';
import type { SourceKind } from './source-kind';

/** Every kind of source, under the name that it has in the settings. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each kind reads back what it wrote itself
const KINDS: Readonly<Record<string, SourceKind<any, any>>> = {
  container: containerKind,
  http: httpKind,
  httpPages: httpPagesKind,
  mysql: mysqlKind,
  postgres: postgresKind,
  s3: s3Kind,
  sftp: sftpKind,
};

export const SOURCE_KINDS: readonly string[] = Object.keys(KINDS);

export function sourceKind(name: string): SourceKind {
  const kind = KINDS[name];
  if (kind === undefined) throw new PipelineError('SOURCE_KIND', `there is no kind of source called ${JSON.stringify(name)}; known: ${SOURCE_KINDS.join(', ')}`);
  return kind;
}
