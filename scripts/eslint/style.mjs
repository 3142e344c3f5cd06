/** One way to write it, all of it fixable with `npm run lint -- --fix`, and habits that hide defects. */
export const style = [
  {
    files: ['**/*.ts', '**/*.mjs'],
    rules: {
      '@stylistic/semi': ['error', 'always'],
      '@stylistic/quotes': ['error', 'single', { avoidEscape: true }],
      '@stylistic/indent': ['error', 2, { SwitchCase: 1, ignoredNodes: ['TemplateLiteral *', 'TSUnionType', 'ConditionalExpression'] }],
      '@stylistic/comma-dangle': ['error', 'always-multiline'],
      '@stylistic/eol-last': 'error',
      '@stylistic/no-trailing-spaces': 'error',
      '@stylistic/no-multiple-empty-lines': ['error', { max: 1, maxEOF: 0 }],
      '@stylistic/object-curly-spacing': ['error', 'always'],
      '@stylistic/arrow-parens': ['error', 'always'],
      '@stylistic/max-len': ['error', { code: 150, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }],
      'eqeqeq': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // 0, false and the empty string are values: `||` drops them.
      'no-restricted-syntax': ['error', {
        selector: 'LogicalExpression[operator="||"]:matches([right.type="Literal"], [right.type="ArrayExpression"], [right.type="ObjectExpression"], [right.type="TemplateLiteral"])',
        message: 'Use ?? for a default.',
      }],
    },
  },
  {
    // Tests walk through synthesized templates and answers of endpoints, whose shape is what they assert.
    files: ['**/test/**/*.ts', '**/testing/**/*.ts', '**/*.test.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    // Output goes through coded messages; only programs that people start may print.
    files: ['packages/*/src/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
];
