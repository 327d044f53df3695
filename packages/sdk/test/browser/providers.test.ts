/** The rules of cryptography that must hold on every platform, in the one where nobody controls it: a browser. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { type Browser, startBrowser } from './chromium.fixture.ts'
import { outcomes } from './outcomes.fixture.ts'

interface EdgeCase {
  readonly id: number
  readonly note: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly required: { readonly enrolKey: string; readonly verify: string }
}

const edge = JSON.parse(
  readFileSync(new URL('../../../../docs/spec/vectors/crypto/ed25519-edge.json', import.meta.url), 'utf8')
) as { readonly cases: readonly EdgeCase[] }

let browser: Browser
let page: Page
beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.open()
})
afterAll(async () => await browser.end())

describe('providers in Chromium', () => {
  it('[CR5, CR6, CR7] libsodium decides every edge case of Ed25519 as the rules do, cached or not', async () => {
    const decided = await page.evaluate(async cases => {
      const suite = await xcord.createSodiumSuite()
      const decide = ({ publicKey, message, signature }: (typeof cases)[number]) => ({
        verify: suite.verify(xcord.fromHex(publicKey), xcord.fromHex(message), xcord.fromHex(signature)),
        enrolKey: suite.isEnrollable(xcord.fromHex(publicKey))
      })
      return {
        name: suite.name,
        answers: cases.map(each => ({ id: each.id, first: decide(each), again: decide(each) }))
      }
    }, edge.cases)
    expect(decided.name).toMatch(/^libsodium /)
    const required = edge.cases.map(({ id, required: { verify, enrolKey } }) => {
      const answer = { verify: verify === 'accept', enrolKey: enrolKey === 'accept' }
      return { id, first: answer, again: answer }
    })
    expect(required.length).toBeGreaterThan(40)
    expect(decided.answers).toEqual(required)
  })

  it('[CR1] every primitive gives in Chromium the bytes it gives in Node', async () => {
    const inside = await page.evaluate(async () =>
      xcord.outcomes(await xcord.createSodiumSuite(), xcord.toHex)
    )
    expect(inside).toEqual(outcomes(await createNodeSuite(), bytes => Buffer.from(bytes).toString('hex')))
    expect(Object.values(inside).every(each => each.length >= 32)).toBe(true)
  })
})
