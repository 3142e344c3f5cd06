import tseslint from 'typescript-eslint';

/**
 * A promise that nobody awaits loses its error and outlives its task. Finding one needs types, so this is for the
 * packages that do the asynchronous work, and for their sources only.
 */
export const typeAware = [
  {
    files: ['packages/runtime/src/**/*.ts', 'packages/local-runner/src/**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
];
