import { defineConfig } from 'vitest/config'

// Tests run the sources: every package's exports map has the condition `xcord-source`.
const conditions = ['xcord-source', 'node']
const resolve = { conditions }
const ssr = { resolve: { conditions, externalConditions: conditions } }

export default defineConfig({
  resolve,
  ssr,
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/src/**/*.test.tsx',
            'packages/*/test/**/*.test.ts',
            'packages/*/test/**/*.test.tsx'
          ],
          exclude: [
            'packages/*/test/e2e/**',
            'packages/*/test/histories/**',
            'packages/*/test/media/**',
            'packages/*/test/browser/**'
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      },
      {
        resolve,
        ssr,
        test: { name: 'histories', include: ['packages/*/test/histories/**/*.test.ts'] }
      },
      {
        // Native WebRTC, if only in children of the tests: processes, not threads.
        resolve,
        ssr,
        test: {
          name: 'media',
          include: ['packages/*/test/media/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false
        }
      },
      {
        resolve,
        ssr,
        test: {
          name: 'browser',
          include: ['packages/*/test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false
        }
      },
      {
        resolve,
        ssr,
        test: {
          name: 'e2e',
          include: ['packages/*/test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false
        }
      },
      {
        resolve,
        ssr,
        test: {
          name: 'examples',
          include: ['examples/*/test/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false
        }
      }
    ]
  }
})
