import stylistic from '@stylistic/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { imports } from './scripts/eslint/imports.mjs';
import { sizes } from './scripts/eslint/sizes.mjs';
import { style } from './scripts/eslint/style.mjs';
import { typeAware } from './scripts/eslint/type-aware.mjs';

// Rules need no type information except where `typeAware` says so: over all packages that would cost a minute.
export default tseslint.config(
  {
    ignores: [
      '**/node_modules/', '**/lib/', '**/assets/', '**/dist/', '**/coverage/', '**/cdk.out/', '.nx/', '.cache/', '.engines/',
      '**/.headrace/', '**/src/private/stage/', '**/*.d.ts', 'packages/*/python/',
    ],
  },
  { plugins: { '@stylistic': stylistic, 'import-x': importX } },
  { files: ['**/*.ts'], extends: [tseslint.configs.recommended] },
  ...style,
  ...sizes,
  ...imports,
  ...typeAware,
);
