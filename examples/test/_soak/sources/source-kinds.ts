import type { StartSource } from '../soak-source';
import { startContainerSource } from './container-source';
import { startMysqlSource } from './mysql-source';
import { startPagesSource } from './pages-source';
import { startPostgresSource } from './postgres-source';
import { startS3Source } from './s3-source';
import { startSftpSource } from './sftp-source';

/** Sources by kind; HTTP files are those of the reference pipeline. */
export const SOURCES: Readonly<Record<string, StartSource>> = {
  pages: startPagesSource, s3: startS3Source, sftp: startSftpSource,
  container: startContainerSource, postgres: startPostgresSource, mysql: startMysqlSource,
};
