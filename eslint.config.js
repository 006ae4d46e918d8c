import tseslint from 'typescript-eslint'

// Types find most faults, Prettier settles the form; here stands what neither can see.
const RULES = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  'no-restricted-globals': ['error', 'event', 'name'], // the browser's, taken for a variable that was forgotten
  'no-control-regex': 'error',
  'no-empty-pattern': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-unused-expressions': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
}

const UNUSED = ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }]

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', '**/generated/', 'test-output/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    ignores: ['docs/**'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: ['tsconfig.json', 'tsconfig.browser.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: { ...RULES, '@typescript-eslint/no-unused-vars': UNUSED },
  },
  {
    files: ['docs/**/*.ts'], // their types are checked by a test, as a reader's own project would check them
    languageOptions: { parser: tseslint.parser },
    rules: { 'prefer-const': 'error', 'no-var': 'error', eqeqeq: RULES.eqeqeq },
  },
  {
    files: ['src/web/graphiql.ts'],
    rules: { 'no-var': 'off' }, // a global of the page can be declared in no other way
  },
  {
    files: ['**/*.{js,mjs}'],
    rules: { 'no-unused-vars': UNUSED, 'prefer-const': 'error', 'no-var': 'error', eqeqeq: RULES.eqeqeq },
  },
)
