/** A large server in a browser: what somebody who puts one of ten thousand out makes a worker do. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, inWorker, startBrowser } from './chromium.fixture.ts'
import type { Removal } from './removal.worker.ts'

let browser: Browser
let page: Page
beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.open()
})
afterAll(async () => await browser.end())

describe('a removal in a worker of Chromium', () => {
  it('[EK5, EK9] T3: of ten thousand makes at most 260 boxes, by one agreement of keys each', async () => {
    const found = await inWorker<Removal>(page, '/removal.js', 10_000)
    expect(found.members).toBe(10_000)
    expect(found.boxes).toBeGreaterThan(128)
    expect(found.boxes).toBeLessThanOrEqual(260)
    expect(found.bytes).toBeLessThanOrEqual(16_000)
    expect(found.agreements).toBeLessThanOrEqual(2 * 260)
    expect(found.signatures).toBeLessThanOrEqual(8)
    expect(found.safe).toEqual([true, false])
  })
})
