/** Bundles fake-main.ts into dist/fake.mjs: `node packages/cli/test/build-fake.mjs`. Node cannot run .tsx itself. */
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const at = path => fileURLToPath(new URL(path, import.meta.url))
const bundle = await rolldown({
  input: at('./fake-main.ts'),
  platform: 'node',
  resolve: { conditionNames: ['xcord-source', 'node', 'import'] },
  external: id =>
    /^(@xcord\/(sdk\/node|bootstrap-node))$/.test(id) ||
    (!id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@xcord/'))
})
await bundle.write({ file: at('../dist/fake.mjs'), format: 'esm', codeSplitting: false })
