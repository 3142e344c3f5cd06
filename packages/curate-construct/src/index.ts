export * from './curate-engine';
export * from './curate-size';
export * from './curate-stage';
export * from './iceberg-tables';
