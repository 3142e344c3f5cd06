/** What esbuild makes of one entry of the runtime. */
export interface Bundle {
  /** Entry file, relative to the repository's root. */
  readonly entry: string;
  /** Folder below the package that receives `index.js`. */
  readonly into: string;
  /** Packages that are not inlined, because they are installed when the image is built. */
  readonly external?: string[];
  /** Folder below the package whose files are copied beside the bundle. */
  readonly copy?: string;
}

const ENTRIES = 'packages/runtime/src/entry';
/** Native code. What calls it is inlined: a hundred files to find and compile were a quarter of what a task's start costs. */
const NATIVE = ['@duckdb/node-bindings'];

const CONTRACT: Bundle = { entry: 'packages/runtime/src/contract/index.ts', into: 'assets/contract' };

/** The runtime entries that each construct package carries. */
export const BUNDLES = {
  ingest: [
    CONTRACT,
    { entry: 'packages/runtime/src/ingest/source/source-rules.ts', into: 'assets/source-rules' },
    { entry: `${ENTRIES}/ingest-turn.ts`, into: 'assets/turn-function' },
    { entry: `${ENTRIES}/ingest-plan.ts`, into: 'assets/plan-function' },
    { entry: `${ENTRIES}/ingest-commit.ts`, into: 'assets/commit-function' },
    { entry: `${ENTRIES}/ingest-starter.ts`, into: 'assets/starter-function' },
    { entry: `${ENTRIES}/ingest-task.ts`, into: 'assets/task', copy: 'task-image' },
  ],
  curate: [
    CONTRACT,
    { entry: `${ENTRIES}/curate-plan.ts`, into: 'assets/plan-function' },
    { entry: `${ENTRIES}/curate-publish.ts`, into: 'assets/publish-function' },
    { entry: `${ENTRIES}/curate-vacuum.ts`, into: 'assets/vacuum-function' },
    { entry: `${ENTRIES}/curate-task.ts`, into: 'assets/task', copy: 'task-image', external: NATIVE },
  ],
  rdsLoader: [
    CONTRACT,
    { entry: `${ENTRIES}/load-scheduler.ts`, into: 'assets/scheduler-function' },
    { entry: `${ENTRIES}/load-task.ts`, into: 'assets/task', copy: 'task-image', external: NATIVE },
  ],
} satisfies Record<string, Bundle[]>;
