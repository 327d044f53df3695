/** The SDK goes through bundlers as they come, and brings nothing of Node along. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as buildByEsbuild } from 'esbuild'
import { build as buildByVite } from 'vite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serve, startChromium } from './chromium.fixture.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const MAIN = `import { createClient, memory } from '@xcord/sdk'
const client = await createClient({ profile: { name: 'Ada' }, store: memory(), network: false })
const server = await client.servers.create({ name: 'Engine' })
await server.channel('general').send('hello')
document.title = (await server.channel('general').page({ limit: 1 }))[0].content
`

/** An application that has installed the SDK, as built: what `tsc -b` made of it. */
let app: string
beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), 'xcord-app-'))
  await mkdir(join(app, 'node_modules/@xcord'), { recursive: true })
  for (const each of ['core', 'sdk'])
    await symlink(join(ROOT, 'packages', each), join(app, 'node_modules/@xcord', each))
  await writeFile(join(app, 'main.js'), MAIN)
  await writeFile(join(app, 'package.json'), '{ "type": "module" }')
  await writeFile(
    join(app, 'index.html'),
    '<!doctype html><title>loading</title><script type="module" src="/main.js"></script>'
  )
})
afterEach(async () => await rm(app, { recursive: true, force: true }))

const NODE = new Set(builtinModules.flatMap(each => [each, `node:${each}`]))

/** Packages that lie in more than one folder: what people would load twice. A lock file grown over time has them. */
function twice(paths: readonly string[]): readonly string[] {
  const folders = new Map<string, Set<string>>()
  for (const path of paths) {
    const [, folder, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(path) ?? []
    if (folder === undefined || name === undefined) continue
    folders.set(name, (folders.get(name) ?? new Set()).add(folder))
  }
  return [...folders].filter(([, found]) => found.size > 1).map(([name]) => name)
}

describe('an application for browsers', () => {
  it('[PF17] is made by esbuild without a setting, and imports nothing of Node', async () => {
    const { metafile } = await buildByEsbuild({
      absWorkingDir: app,
      entryPoints: ['main.js'],
      bundle: true,
      splitting: true,
      format: 'esm',
      outdir: 'out',
      metafile: true,
      logLevel: 'error'
    })
    const imported = Object.entries(metafile.inputs).flatMap(([path, { imports }]) =>
      imports
        // esbuild names its own helpers so.
        .filter(each => each.path !== '<runtime>' && (NODE.has(each.path) || each.external === true))
        .map(each => `${path}: ${each.path}`)
    )
    expect(imported).toEqual([])
    expect(Object.keys(metafile.inputs).some(each => each.includes('adapters/level'))).toBe(false)
    expect(twice(Object.keys(metafile.inputs))).toEqual([])
  })

  it('[PF17] is made by vite with its defaults, and runs', async () => {
    await buildByVite({ root: app, logLevel: 'error', configFile: false })
    const assets = await readdir(join(app, 'dist/assets'))
    const files = new Map([
      ['/', { type: 'text/html', body: await readFile(join(app, 'dist/index.html'), 'utf8') }],
      ...(await Promise.all(
        assets.map(
          async name =>
            [
              `/assets/${name}`,
              { type: 'text/javascript', body: await readFile(join(app, 'dist/assets', name), 'utf8') }
            ] as const
        )
      ))
    ])
    const server = await serve(files)
    const chromium = await startChromium()
    try {
      const page = await chromium.context.newPage()
      await page.goto(server.origin)
      await page.waitForFunction(() => document.title !== 'loading', undefined, { timeout: 60_000 })
      expect(await page.title()).toBe('hello')
    } finally {
      await chromium.end()
      await server.stop()
    }
  })
})
