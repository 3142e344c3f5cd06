export { Assembly, type AssemblyOptions } from './assembly';
export type { Resource } from './resource';
export { LOCAL } from './resource';
export { runApp } from './run-app';
