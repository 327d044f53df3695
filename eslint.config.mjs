/**
 * Lint: what TypeScript does not see and people forget. Direction of imports is .dependency-cruiser.mjs,
 * layout is prettier, and what needs the whole repository at once is packages/core/test/house.
 */
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const TESTS = [
  '**/*.test.ts',
  '**/*.test.tsx',
  '**/*.contract.ts',
  '**/*.fixture.ts',
  'packages/*/test/**',
  'examples/*/test/**'
]

const DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Name what you export: a default export is renamed by every importer.'
}
const TIME =
  'Time comes in as an argument (`at`, `now`) or a port (Clock, Timers): a seed must replay anything.'
const CHANCE = 'Randomness comes in as `Random`: a seed must replay anything.'
const timers = ['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame'].map(name => ({
  name,
  message: TIME
}))
const clocks = [
  { object: 'Date', property: 'now', message: TIME },
  { object: 'performance', property: 'now', message: TIME },
  { object: 'process', property: 'hrtime', message: TIME },
  { object: 'Math', property: 'random', message: CHANCE },
  { object: 'crypto', property: 'getRandomValues', message: CHANCE },
  { object: 'crypto', property: 'randomUUID', message: CHANCE },
  { object: 'crypto', property: 'randomBytes', message: CHANCE }
]
const NEW_DATE = {
  selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
  message: TIME
}
const ABORT_TIMEOUT = {
  selector: 'MemberExpression[object.name="AbortSignal"][property.name="timeout"]',
  message: TIME
}

const everywhere = {
  'array-callback-return': 'error',
  eqeqeq: ['error', 'always'],
  'no-constant-condition': ['error', { checkLoops: false }],
  'no-debugger': 'error',
  'no-dupe-else-if': 'error',
  'no-eval': 'error',
  'no-fallthrough': 'error',
  'no-new-func': 'error',
  'no-self-compare': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-restricted-syntax': ['error', DEFAULT_EXPORT],
  '@typescript-eslint/no-unused-vars': [
    'error',
    {
      argsIgnorePattern: '^_',
      varsIgnorePattern: '^_',
      caughtErrorsIgnorePattern: '^_',
      ignoreRestSiblings: true
    }
  ]
}

const typed = {
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  // Rethrowing what was caught, or a signal's reason, is fine; throwing text is not.
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  '@typescript-eslint/restrict-plus-operands': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
}

export default defineConfig(
  globalIgnores(['**/dist/**', '**/node_modules/**', '**/coverage/**', '.nx/**']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser },
    rules: everywhere
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname }
    },
    rules: typed
  },
  {
    files: ['packages/*/src/**', 'examples/*/src/**'],
    ignores: TESTS,
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true, IIFEs: true }]
    }
  },
  {
    // The pure layers and the shell: time, chance and I/O are arguments.
    files: ['packages/core/src/**'],
    ignores: [...TESTS, 'packages/core/src/adapters/**'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': [
        'error',
        ...timers,
        { name: 'process', message: 'The environment belongs to adapters and applications.' },
        { name: 'Buffer', message: 'Uint8Array: core runs in browsers.' }
      ],
      'no-restricted-properties': ['error', ...clocks],
      'no-restricted-syntax': ['error', DEFAULT_EXPORT, NEW_DATE, ABORT_TIMEOUT]
    }
  },
  {
    // The test kit waits for real adapters too; what it replays still comes from its seed.
    files: ['packages/core/src/testing/**'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-syntax': ['error', DEFAULT_EXPORT, NEW_DATE] }
  },
  {
    // fast-check and expect speak in callbacks and matchers; a failing assertion tells enough.
    files: TESTS,
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  },
  {
    // Tools ask for a default export from their configuration and extensions.
    files: ['*.config.ts', '*.config.mjs', '.*.mjs', 'scripts/*-reporter.mjs'],
    rules: { 'no-restricted-syntax': 'off' }
  }
)
