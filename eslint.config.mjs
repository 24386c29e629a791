import ts from 'typescript-eslint';
import graphql from '@graphql-eslint/eslint-plugin';

const schemaRules = {
  ...graphql.configs['flat/schema-recommended'].rules,
  '@graphql-eslint/require-description': [
    'error',
    { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
  ],
  // Ids are opaque and typed on stored things only; result members and values have none on purpose.
  '@graphql-eslint/strict-id-in-types': 'off',
  // Input names follow the mutation, which the contract fixes.
  '@graphql-eslint/naming-convention': 'off',
  '@graphql-eslint/no-typename-prefix': 'off',
  '@graphql-eslint/no-unreachable-types': 'error',
};

export default ts.config(
  {
    ignores: [
      'dist/**',
      'coverage/**',
      '.ci/.*/**', // environments and packages of its steps
      'model-store/**',
      '**/*.js',
      '**/*.cjs',
      '**/*.mjs',
      'src/kernel/generated/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      'max-lines': ['error', { max: 400 }],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Configuration is parsed once, in src/kernel/config.ts.',
        },
      ],
    },
  },
  {
    // Clients, tests and TypeORM's command line are programs of their own: they have their own environment.
    files: [
      'src/kernel/config.ts',
      'src/kernel/production.ts',
      'src/cli/**/*.ts',
      'src/client/**/*.ts',
      'ormconfig.ts',
      'test/**/*.ts',
      'examples/**/*.ts',
      'bench/**/*.ts',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['schema/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: './schema/schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: schemaRules,
  },
);
