/** Chromium for tests: a fresh profile, pages with the SDK in them, and everything they said when something fails. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const ENTRY = join(ROOT, 'packages/sdk/test/browser/page.ts')
const REMOVAL = join(ROOT, 'packages/sdk/test/browser/removal.worker.ts')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required'
]
const HTML =
  '<!doctype html><meta charset="utf-8"><title>loading</title><script type="module" src="/page.js"></script>'

/** Files by path, as a web server gives them. */
type Files = ReadonlyMap<string, { readonly type: string; readonly body: string | Uint8Array }>

/** The page and everything it needs, as esbuild makes it of the sources without any setting but their condition. */
async function bundle(): Promise<Map<string, Uint8Array>> {
  const built = await build({
    absWorkingDir: ROOT,
    entryPoints: { page: ENTRY, removal: REMOVAL },
    outdir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['xcord-source'],
    write: false,
    logLevel: 'error'
  })
  return new Map(built.outputFiles.map(each => [each.path, each.contents]))
}

/** A web server of the loopback. Each has an origin of its own. */
export async function serve(files: Files): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const file = files.get((request.url ?? '/').replace(/\?.*$/, ''))
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' })
    response.end(file?.body ?? 'nothing here')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

/** A browser with the SDK's page served to it. */
export interface Browser {
  /** What pages wrote on their console, oldest first. */
  readonly said: readonly string[]
  /** Opens a page; `before` runs in it ahead of everything else. */
  open(options?: { readonly before?: string }): Promise<Page>
  end(): Promise<void>
}

/** Where the tests find Chromium; what is missing is said by the script. */
async function executable(): Promise<string> {
  const { findChromium } = await import('../../../../scripts/chromium.mjs')
  const found = findChromium()
  if (found === undefined) throw new Error('no Chromium: node scripts/chromium.mjs says what to do')
  return found
}

/** A fresh browser without pages. */
export async function startChromium(): Promise<{ readonly context: BrowserContext; end(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'xcord-chromium-'))
  const context = await chromium.launchPersistentContext(home, {
    executablePath: await executable(),
    headless: true,
    args: FLAGS
  })
  return {
    context,
    end: async () => {
      await context.close()
      await rm(home, { recursive: true, force: true })
    }
  }
}

/** A fresh browser, and the SDK's page. */
export async function startBrowser(): Promise<Browser> {
  const files = new Map<string, { type: string; body: string | Uint8Array }>([
    ['/', { type: 'text/html', body: HTML }],
    ['/favicon.ico', { type: 'image/x-icon', body: '' }]
  ])
  for (const [path, body] of await bundle()) files.set(path, { type: 'text/javascript', body })
  const server = await serve(files)
  const { context, end } = await startChromium()
  const said: string[] = []
  return {
    said,
    open: async ({ before } = {}) => {
      const page = await context.newPage()
      page.on('console', message => said.push(`${message.type()}: ${message.text()}`))
      page.on('pageerror', error => said.push(`uncaught: ${error.message}`))
      if (before !== undefined) await page.addInitScript(before)
      await page.goto(server.origin)
      await ready(page)
      return page
    },
    end: async () => {
      await end()
      await server.stop()
    }
  }
}

/** Waits until the page has loaded what it loads; also after it was reloaded. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => document.title === 'ready', undefined, { timeout: 60_000 })
}

/** Asks a worker of the page one thing: its answer. */
export async function inWorker<Answer>(page: Page, script: string, asked: unknown): Promise<Answer> {
  return (await page.evaluate(
    ([url, message]) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(url as string, { type: 'module' })
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message: reason }) => reject(new Error(reason))
        worker.postMessage(message)
      }),
    [script, asked]
  ))
}
