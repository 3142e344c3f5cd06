export * from './container-source';
export * from './http-source';
export * from './ingest-schedule';
export * from './ingest-size';
export * from './ingest-source';
export * from './ingest-stage';
