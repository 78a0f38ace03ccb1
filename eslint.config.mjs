import tseslint from 'typescript-eslint';

const noEnv = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Libs never read the environment: apps read it once and pass it to forRoot.',
};
const noSaga = {
  selector: "Decorator > CallExpression[callee.name='Saga'], Decorator > Identifier[name='Saga']",
  message: '@Saga carries nothing that must happen: use a reaction on the feed.',
};
const noForwardRef = {
  selector: "CallExpression[callee.name='forwardRef']",
  message: 'No cycles: talk through the Bus.',
};
const noRawRedisKey = {
  selector:
    "CallExpression[callee.property.name=/^(get|set|del|incr|expire|hset|hget|zadd)$/][callee.object.property.name='client'] > .arguments:first-child:matches(Literal, TemplateLiteral)",
  message: 'Redis keys are made by tenantKey() or platformKey(), so that none can lack its tenant.',
};

export default tseslint.config(
  {
    ignores: ['node_modules/', 'dist/', 'coverage/', '.data/', 'apps/api/src/metadata.ts', 'test/contract/generated/'],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-restricted-syntax': ['error', noSaga, noForwardRef],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
    },
  },
  {
    files: ['libs/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', noEnv, noSaga, noForwardRef, noRawRedisKey] },
  },
  // A DTO field is set by the transformer, never by a constructor.
  {
    files: ['**/*.command.ts', '**/*.query.ts', '**/*.dto.ts', '**/*.entity.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
