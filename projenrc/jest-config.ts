import * as path from 'node:path';
import { JsonFile, type Project } from 'projen';

export interface JestConfigOptions {
  /** How long one test may take. Default: 30 seconds. */
  readonly timeoutSeconds?: number;
  /** Keys of jest's `moduleNameMapper`. */
  readonly moduleNameMapper?: Record<string, string>;
  /** Script run once before the tests, relative to the project. */
  readonly globalSetup?: string;
  /** Where tests are, relative to the project. */
  readonly roots?: string[];
}

/** Writes `jest.config.json`, usable from the package's folder and as a project of one root process. */
export function addJestConfig(project: Project, displayName: string, options: JestConfigOptions = {}): void {
  new JsonFile(project, 'jest.config.json', {
    obj: {
      displayName,
      testEnvironment: 'node',
      roots: options.roots ?? ['<rootDir>/test'],
      testMatch: ['**/*.test.ts'],
      // `<rootDir>` and not a relative path: the root process resolves relative ones from the wrong folder.
      transform: {
        // Types are the work of `tsc -p tsconfig.check.json`; this one only takes them out, in a tenth of the compiler's time.
        '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline', swcrc: false }],
      },
      testPathIgnorePatterns: ['/node_modules/', '/cdk\\.out/'],
      moduleNameMapper: options.moduleNameMapper,
      setupFiles: [`<rootDir>/${path.relative(project.outdir, path.join(project.root.outdir, 'scripts/jest-environment.cjs'))}`],
      globalSetup: options.globalSetup === undefined ? undefined : `<rootDir>/${options.globalSetup}`,
      clearMocks: true,
      testTimeout: (options.timeoutSeconds ?? 30) * 1000,
    },
  });
}
