export * from './file-order';
export * from './http-source';
export * from './ingest-size';
export * from './ingest-source';
export * from './ingest-stage';
export * from './s3-source';
export * from './sftp-source';
