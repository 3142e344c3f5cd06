import { JsonFile, type Project } from 'projen';

/** Compiler options of everything that jsii does not compile. */
export const COMPILER_OPTIONS = {
  target: 'ES2022',
  // What Node 20 has besides: well-formed Unicode.
  lib: ['ES2022', 'ES2024.String'],
  module: 'node16',
  moduleResolution: 'node16',
  strict: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noUncheckedIndexedAccess: true,
  esModuleInterop: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  declaration: true,
};

/** A tsconfig for tests: nothing is emitted, and swc transpiles each file alone. */
export function addTestTsconfig(project: Project, file = 'test/tsconfig.json', include = ['.', '../src']): void {
  new JsonFile(project, file, {
    obj: {
      compilerOptions: {
        ...COMPILER_OPTIONS,
        declaration: false,
        noUncheckedIndexedAccess: false,
        noEmit: true,
        isolatedModules: true,
        types: ['node', 'jest'],
      },
      include,
    },
  });
}

/** One program that type-checks what no build compiles: tests, benches, examples, this configuration. */
export function addCheckTsconfig(project: Project): void {
  new JsonFile(project, 'tsconfig.check.json', {
    obj: {
      compilerOptions: {
        ...COMPILER_OPTIONS,
        declaration: false,
        // For sources only, where the builds apply it: a test that indexes wrongly fails anyway.
        noUncheckedIndexedAccess: false,
        noEmit: true,
        incremental: true,
        tsBuildInfoFile: '.cache/check.tsbuildinfo',
        types: ['node', 'jest'],
        // As jest maps them: no compile between an edit and a check.
        paths: {
          '@headrace/runtime': ['./packages/runtime/src/index.ts'],
          '@headrace/runtime/*': ['./packages/runtime/src/*'],
          // Of benches alone, which start what the runner starts.
          '@headrace/local-runner/*': ['./packages/local-runner/src/*'],
        },
      },
      include: ['.projenrc.ts', 'projenrc', 'release', 'test', 'bench', 'packages/*/src', 'packages/*/test', 'examples'],
      exclude: ['**/node_modules', '**/lib', '**/cdk.out', 'bench/.data'],
    },
  });
}
