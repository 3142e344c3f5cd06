import type { ContainerSourceProps } from '../container-source';
import type { HttpPagesSourceProps } from '../http-pages';
import type { HttpRequestProps } from '../http-request-props';
import type { HttpDatesSourceProps, HttpFilesSourceProps, HttpSourceProps } from '../http-source';
import type { IngestCronProps } from '../ingest-schedule';
import type { PostgresSourceProps } from '../postgres-source';
import type { S3SourceProps } from '../s3-source';
import type { SftpSourceProps } from '../sftp-source';
import type { PropNames } from './check-props';

const GUARDS = { minRows: 'optional', maxShrink: 'optional' } as const;
const TRIES = { timeout: 'optional', retries: 'optional', ...GUARDS } as const;
const FILES = { glob: 'optional', suffix: 'optional', ignoreSuffixes: 'optional', maxFiles: 'optional', ...TRIES } as const;

const REQUEST: PropNames<HttpRequestProps> = {
  headers: 'optional', auth: 'optional', clientCertificate: 'optional', trustedCertificates: 'optional', requestsPerMinute: 'optional', maxSize: 'optional',
  maxConcurrency: 'optional', ...TRIES,
};

export const HTTP_PROPS: PropNames<HttpSourceProps> = { url: 'required', ...REQUEST };

export const HTTP_FILES_PROPS: PropNames<HttpFilesSourceProps> = { urls: 'required', ...REQUEST };

export const HTTP_DATES_PROPS: PropNames<HttpDatesSourceProps> = {
  urlTemplate: 'required', step: 'required', firstDate: 'required', timeZone: 'optional', availableAfter: 'optional', lag: 'optional', missingFile: 'optional', ...REQUEST,
};

export const HTTP_PAGES_PROPS: PropNames<HttpPagesSourceProps> = {
  url: 'required', paging: 'required', recordsAt: 'optional', since: 'optional', emptyPageEnds: 'optional', maxPages: 'optional', allowedHosts: 'optional', ...REQUEST,
};

export const S3_PROPS: PropNames<S3SourceProps> = {
  bucket: 'required', prefix: 'optional', manifestKey: 'optional', manifestBucket: 'optional', role: 'optional', externalId: 'optional', requesterPays: 'optional', ...FILES,
};

export const SFTP_PROPS: PropNames<SftpSourceProps> = {
  host: 'required', port: 'optional', secret: 'required', username: 'optional', hostKeys: 'required', path: 'required', order: 'optional', settle: 'optional', ...FILES,
};

export const SQL_PROPS: PropNames<PostgresSourceProps> = {
  database: 'required', table: 'optional', schema: 'optional', query: 'optional', shardBy: 'optional', shards: 'optional', shardSize: 'optional', sharedSnapshot: 'optional',
  cursorColumn: 'optional', lag: 'optional', lagValues: 'optional', cursorNulls: 'optional', lockTimeout: 'optional', ...TRIES,
};

export const CONTAINER_PROPS: PropNames<ContainerSourceProps> = {
  image: 'required', command: 'optional', environment: 'optional', secrets: 'optional', parameters: 'optional', shards: 'optional', taskCpu: 'optional', taskMemory: 'optional',
  taskMemoryLimit: 'optional', taskScratch: 'optional', cpuArchitecture: 'optional', ...GUARDS,
};

export const CRON_PROPS: PropNames<IngestCronProps> = {
  minute: 'optional', hour: 'optional', day: 'optional', month: 'optional', weekDay: 'optional', timeZone: 'optional', longestGap: 'optional',
};
