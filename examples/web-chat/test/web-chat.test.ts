/** The example as its readers use it: two tabs, a link between them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterEach, describe, expect, it } from 'vitest'
import { startChromium } from '../../../packages/sdk/test/browser/chromium.fixture.ts'

const SERVE = fileURLToPath(new URL('../src/serve.ts', import.meta.url))
const PICTURES = process.env['XCORD_PICTURES']
let child: ChildProcess | undefined
let chromium: Awaited<ReturnType<typeof startChromium>> | undefined

afterEach(async () => {
  await chromium?.end()
  const ended = new Promise(resolve => child?.once('exit', resolve))
  child?.kill('SIGKILL')
  await ended
})

/** Where the example says that it can be opened. */
async function start(): Promise<string> {
  const running = spawn(process.execPath, ['--conditions=xcord-source', SERVE, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  child = running
  for await (const line of createInterface({ input: running.stdout })) {
    const found = /http:\S+/.exec(line)?.[0]
    if (found !== undefined) return found
  }
  throw new Error('the example ended')
}

async function open(page: Page, origin: string, name: string): Promise<void> {
  await page.goto(origin)
  await page.fill('#open [name=name]', name)
  await page.fill('#open [name=password]', 'correct horse')
  await page.click('#open button')
}

async function send(page: Page, text: string): Promise<void> {
  await page.fill('#send [name=text]', text)
  await page.click('#send button')
}

const reads = async (page: Page, text: string): Promise<unknown> =>
  await page.waitForSelector(`#messages li:has-text("${text}")`)

describe('web-chat', () => {
  it('two tabs chat by a link, and one has its history after a reload', async () => {
    const origin = await start()
    chromium = await startChromium()
    chromium.context.setDefaultTimeout(60_000)
    const [ada, grace] = [await chromium.context.newPage(), await chromium.context.newPage()]
    await open(ada, origin, 'Ada')
    await ada.fill('#create [name=name]', 'Engine')
    await ada.click('#create button')
    await ada.click('#invite')
    const link = await (await ada.waitForSelector('#link:not(:empty)')).textContent()
    await open(grace, origin, 'Grace')
    await grace.fill('#join [name=link]', link ?? '')
    await grace.click('#join button')
    await grace.waitForSelector('#chat:not([hidden])')
    await send(grace, 'hello from a page')
    await reads(ada, 'Grace: hello from a page')
    await send(ada, 'hello back')
    await reads(grace, 'Ada: hello back')
    // Who is in the lounge is seen before joining; the browser's fake microphone beeps, and whoever beeps speaks.
    await ada.click('#talk')
    await grace.waitForSelector('#people li:has-text("Ada")')
    expect(await grace.textContent('#talk')).toBe('Talk')
    await grace.click('#talk')
    await grace.waitForSelector('#people li.speaking:has-text("Ada")')
    await ada.waitForSelector('#people li.speaking:has-text("Grace")')
    await grace.waitForSelector('#code:not(:empty)')
    expect(await grace.textContent('#code')).toBe(await ada.textContent('#code'))
    if (PICTURES !== undefined) await grace.screenshot({ path: `${PICTURES}/web-chat.png`, fullPage: true })
    await ada.click('#mute')
    await grace.waitForSelector('#people li:not(.speaking):has-text("Ada · muted")')
    await ada.click('#talk')
    await grace.waitForSelector('#people:not(:has-text("Ada"))')
    await grace.reload()
    await open(grace, origin, 'Grace')
    await reads(grace, 'Ada: hello back')
    expect(await grace.textContent('#error')).toBe('')
    expect(await grace.isVisible('#open')).toBe(false)
  })
})
