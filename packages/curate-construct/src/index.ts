export * from './curate-engine';
export * from './curate-size';
export * from './curate-stage';
export * from './glue-version';
export * from './glue-worker-type';
export * from './iceberg-tables';
