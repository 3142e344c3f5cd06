export * from './http-auth';
export * from './http-pages';
export * from './http-paging';
export * from './http-request-props';
export * from './http-source';
export * from './ingest-size';
export * from './ingest-source';
export * from './ingest-stage';
