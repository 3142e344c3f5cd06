import type { Bump } from '../bump';

/** A change of what a jsii assembly says of one type or member, as the compiler would write it after a change of the sources. */
export interface ApiMutation {
  readonly name: string;
  readonly folder: string;
  /** `Type` or `Type.member`, without the package. */
  readonly of: string;
  readonly change:
    | { readonly to: 'remove' } | { readonly to: 'require' } | { readonly to: 'document' } | { readonly to: 'deprecate'; readonly by: string }
    | { readonly to: 'rename'; readonly name: string } | { readonly to: 'type'; readonly primitive: string }
    | { readonly to: 'parameter'; readonly name: string; readonly optional?: boolean } | { readonly to: 'property'; readonly name: string; readonly optional?: boolean };
  readonly bump: Bump;
}

const INGEST = 'packages/ingest-construct';
const CURATE = 'packages/curate-construct';
const LOAD = 'packages/rds-loader-construct';

/** One for each type, so that all of a package are compared at once and told apart by what they touch. */
export const API_MUTATIONS: readonly ApiMutation[] = [
  { name: 'a prop is renamed', folder: INGEST, of: 'SftpSourceProps.settle', change: { to: 'rename', name: 'settleFor' }, bump: 'major' },
  { name: 'a prop is newly required', folder: INGEST, of: 'HttpCountedPagingProps.pageSize', change: { to: 'require' }, bump: 'major' },
  { name: 'a new prop is required', folder: INGEST, of: 'ContainerSourceProps', change: { to: 'property', name: 'owner' }, bump: 'major' },
  { name: 'a member of an enumeration is gone', folder: INGEST, of: 'HttpDateStep.HOUR', change: { to: 'remove' }, bump: 'major' },
  { name: 'a class is gone', folder: INGEST, of: 'HttpAuth', change: { to: 'remove' }, bump: 'major' },
  { name: 'a prop takes another type', folder: CURATE, of: 'GlueSparkProps.maxWorkers', change: { to: 'type', primitive: 'string' }, bump: 'major' },
  { name: 'an attribute is gone', folder: CURATE, of: 'CurateStage.workGroupName', change: { to: 'remove' }, bump: 'major' },
  { name: 'a method is renamed', folder: LOAD, of: 'WriteMode.append', change: { to: 'rename', name: 'insert' }, bump: 'major' },
  { name: 'a method asks for more', folder: LOAD, of: 'LoadWindow.weekly', change: { to: 'parameter', name: 'title' }, bump: 'major' },
  { name: 'a new optional prop', folder: LOAD, of: 'DmsEngineProps', change: { to: 'property', name: 'note', optional: true }, bump: 'minor' },
  { name: 'a prop is deprecated', folder: INGEST, of: 'HttpRequestProps.minRows', change: { to: 'deprecate', by: 'use rows' }, bump: 'minor' },
  { name: 'another sentence in the documentation', folder: CURATE, of: 'CurateEngine', change: { to: 'document' }, bump: 'none' },
  { name: 'a method takes more, if it is given', folder: LOAD, of: 'LoadTarget.fromEndpoint', change: { to: 'parameter', name: 'title', optional: true }, bump: 'none' },
];
