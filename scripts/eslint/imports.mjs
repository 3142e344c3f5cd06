import { readdirSync } from 'node:fs';

const members = [...readdirSync('packages').map((name) => `packages/${name}`), 'examples'];
const tests = ['**/test/**', '**/testing/**', '**/*.test.ts'];
const runner = 'packages/local-runner';

/**
 * Packages are imported by name, and only when their manifest says so: jsii compiles an import of a package that is
 * there for development only, and breaks every user.
 */
export const imports = [
  {
    files: ['**/*.ts'],
    rules: {
      'import-x/no-default-export': 'error',
      'import-x/no-relative-packages': 'error',
      'import-x/no-duplicates': 'error',
    },
  },
  ...members.map((member) => ({
    files: [`${member}/**/*.ts`],
    rules: {
      'import-x/no-extraneous-dependencies': ['error', {
        packageDir: [member],
        // examples are never installed by anybody, and their apps are their sources.
        devDependencies: member === 'examples' ? true : tests,
        optionalDependencies: member === runner,
        // The runner inlines the runtime when it is bundled, so users never install it.
        whitelist: member === runner ? ['@headrace/runtime'] : [],
      }],
    },
  })),
];
