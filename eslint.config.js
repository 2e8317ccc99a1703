import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const noVanillaErrors = {
  selector: "ThrowStatement > NewExpression[callee.name='Error']",
  message: 'Throw a coded AppError (see docs/errors.md): callers and operators act on codes.',
};
const noStarExports = {
  selector: 'ExportAllDeclaration',
  message: 'List the names: the index is what the library promises.',
};
const noSleeps = {
  selector: "CallExpression[callee.name='sleep']",
  message: 'Wait for a condition with eventually(); a sleep is slow on a fast machine and flaky on a slow one.',
};

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'data', 'coverage', 'libs/contracts/src/generated'] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 12],
      'no-restricted-syntax': ['error', noVanillaErrors, noStarExports, noSleeps],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in libs/platform/src/config only.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*spec.ts', '**/spec-support/**/*.ts', 'libs/testing/**/*.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['libs/platform/src/config/**/*.ts', 'libs/testing/**/*.ts', 'test/**/*.{ts,mjs}', 'apps/cli/kerege.mjs'],
    rules: { 'no-restricted-properties': 'off' },
  },
  prettier,
);
