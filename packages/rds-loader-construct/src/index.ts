export * from './dms-capacity';
export * from './dms-engine-props';
export * from './load-engine';
export * from './load-size';
export * from './load-target';
export * from './load-window';
export * from './rds-loader-stage';
export * from './write-mode';
