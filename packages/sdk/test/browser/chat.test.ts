/** People in browsers: with a peer in Node, through a node, after it, and after a reload. */
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { startNode } from '../e2e/node.fixture.ts'
import { gif, png } from '../e2e/pictures.fixture.ts'
import { type Cast, createCast, texts, until } from '../e2e/peers.fixture.ts'
import { type Browser, ready, startBrowser } from './chromium.fixture.ts'

const PASSWORD = 'correct horse'

let browser: Browser
let cast: Cast
let node: Awaited<ReturnType<typeof startNode>>
beforeEach(async () => {
  ;[browser, cast, node] = await Promise.all([startBrowser(), createCast(), startNode()])
})
afterEach(async () => {
  await browser.end()
  await cast.end()
  await node.stop().catch(() => undefined)
  expect(browser.said.filter(each => each.startsWith('uncaught'))).toEqual([])
})

/** Opens a profile in a page, and gives its code where it cannot be. */
async function open(page: Page, name: string, password: string | null = PASSWORD): Promise<string> {
  return await page.evaluate(
    async init => {
      try {
        const lock = init.password === null ? {} : { password: init.password }
        kept.client = await xcord.createClient({
          profile: { name: init.name },
          store: xcord.indexedDb(init.name, lock),
          bootstrap: init.bootstrap
        })
        return 'open'
      } catch (error) {
        if (!xcord.isXcordError(error)) throw error
        return `${error.code}: ${error.message}`
      }
    },
    { name, password, bootstrap: [node.wsAddress] }
  )
}

/** Again and again: on a busy machine the first try may find nobody in time. */
const join = async (page: Page, link: string): Promise<void> =>
  void (await until('the page joins', async () =>
    page.evaluate(
      async invite =>
        await kept.client.servers.join(invite).then(
          () => true,
          () => false
        ),
      link
    )
  ))
const send = async (page: Page, text: string): Promise<void> =>
  await page.evaluate(
    async content => void (await kept.client.servers.all[0]?.channel('general').send(content)),
    text
  )
const read = async (page: Page): Promise<readonly string[]> =>
  await page.evaluate(async () => {
    const found = (await kept.client.servers.all[0]?.channel('general').page({ limit: 50 })) ?? []
    return found.map(each => each.content)
  })
const reads = async (who: string, page: Page, text: string): Promise<void> =>
  void (await until(`${who} reads "${text}"`, async () => (await read(page)).includes(text)))
const linkOf = async (server: Server): Promise<string> => (await server.invites.create()).link as string

/** Pictures in both directions: each sees the other's, and what is kept of it is for later. */
async function showPictures(page: Page, server: Server, ada: Client): Promise<void> {
  await ada.profile.set({ avatar: png('ADAS-PIXELS') })
  const hex = Buffer.from(gif()).toString('hex')
  await page.evaluate(
    async bytes => void (await kept.client.profile.set({ avatar: xcord.fromHex(bytes) })),
    hex
  )
  const grace = await until('ada hears of it', () =>
    server.members.all.find(each => each.name === 'grace' && each.toJSON().avatar !== undefined)
  )
  const quietly = async <T>(run: () => Promise<T>): Promise<T | undefined> =>
    await run().catch(() => undefined)
  const got = await until('ada sees it', async () => await quietly(async () => await grace.avatar()))
  expect(Buffer.from(got.bytes).toString('hex')).toBe(hex)
  const seen = await until('the page sees ada', async () =>
    quietly(
      async () =>
        await page.evaluate(async user => {
          const avatar = await kept.client.profile.avatar({ user })
          return avatar === undefined ? undefined : xcord.toHex(avatar.bytes)
        }, ada.identity.id)
    )
  )
  expect(Buffer.from(seen, 'hex').includes('ADAS-PIXELS')).toBe(true)
}

/** Every byte and every text that this origin keeps in IndexedDB. */
async function storageOf(page: Page): Promise<Buffer> {
  const hex = await page.evaluate(async () => {
    const wait = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const found: Uint8Array[] = []
    const collect = (value: unknown): void => {
      if (typeof value === 'string') found.push(new TextEncoder().encode(value))
      else if (value instanceof ArrayBuffer) found.push(new Uint8Array(value))
      else if (ArrayBuffer.isView(value))
        found.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
    }
    for (const { name } of await indexedDB.databases()) {
      const database = await wait(indexedDB.open(name as string))
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store)
        const [keys, values] = await Promise.all([wait(objects.getAllKeys()), wait(objects.getAll())])
        keys.forEach(collect)
        values.forEach(collect)
      }
      database.close()
    }
    return found.map(each => xcord.toHex(each)).join('')
  })
  return Buffer.from(hex, 'hex')
}

/** Whether a word is there, as it is or in UTF-16. */
const holds = (bytes: Buffer, word: string): boolean =>
  bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le'))

describe('chat in a browser', () => {
  it('[NT5, ND9, KS7, AT9] T37: a page joins what a peer in Node made, talks with it, and has its history after a reload', async () => {
    const ada = await cast.open('ada', { bootstrap: [node.address] })
    const server = await ada.servers.create({ name: 'Engine' })
    await server.channel('general').send('hello page')
    await until('ada has a relay that pages reach', () =>
      ada.addresses().some(each => each.includes('/ws/') && each.includes('/p2p-circuit'))
    )
    const page = await browser.open()
    expect(await open(page, 'grace')).toBe('open')
    await join(page, await linkOf(server))
    await reads('grace', page, 'hello page')
    await send(page, 'hello node')
    await until('ada reads grace', async () => (await texts(server)).includes('hello node'))
    await server.channel('general').send('and back')
    await reads('grace', page, 'and back')
    await showPictures(page, server, ada)
    // No word of goodbye: a reload ends the page as a crash would.
    await page.reload()
    await ready(page)
    // What a thief of this browser's storage finds, while the profile is locked.
    const stolen = await storageOf(page)
    expect(stolen.length).toBeGreaterThan(10_000)
    expect(holds(stolen, 'xcord-ks')).toBe(true)
    for (const canary of [
      'hello page',
      'hello node',
      'and back',
      'grace',
      'ADAS-PIXELS',
      'GIF89a',
      server.name
    ])
      expect(holds(stolen, canary), canary).toBe(false)
    expect(await open(page, 'grace', 'wrong password')).toMatch(/^XCORD_KEYSTORE_REFUSED/)
    expect(await open(page, 'grace', null)).toMatch(/^XCORD_KEYSTORE_LOCKED/)
    expect(await open(page, 'grace')).toBe('open')
    expect(await read(page)).toEqual(['hello page', 'hello node', 'and back'])
    await server.channel('general').send('after the reload')
    await reads('grace', page, 'after the reload')
    const other = await browser.open()
    expect(await open(other, 'grace')).toMatch(/^XCORD_PROFILE_IN_USE: Another tab/)
  })

  it('[NT5, NT23] two pages talk over WebRTC, and go on when the node is gone', async () => {
    const [ada, grace] = [await browser.open(), await browser.open()]
    expect([await open(ada, 'ada'), await open(grace, 'grace')]).toEqual(['open', 'open'])
    await until('ada has a relay', async () =>
      ada.evaluate(() => kept.client.addresses().some(each => each.includes('/webrtc')))
    )
    const link = await ada.evaluate(async () => {
      const server = await kept.client.servers.create({ name: 'Pages' })
      return (await server.invites.create()).link as string
    })
    await join(grace, link)
    await until('they are linked directly', async () =>
      (await Promise.all([ada, grace].map(each => each.evaluate(() => kept.client.peers())))).every(peers =>
        peers.some(each => each.kind === 'member' && each.path === 'webrtc')
      )
    )
    await node.stop()
    await until('the node is gone for both', async () =>
      (await Promise.all([ada, grace].map(each => each.evaluate(() => kept.client.peers())))).every(
        peers => !peers.some(each => each.kind === 'node')
      )
    )
    await send(ada, 'no node now')
    await reads('grace', grace, 'no node now')
    await send(grace, 'none needed')
    await reads('ada', ada, 'none needed')
  })

  it('[NT5] says plainly what a browser lacks', async () => {
    const bare = await browser.open({ before: 'delete globalThis.RTCPeerConnection' })
    const told = await bare.evaluate(async address => {
      const codeOf = async (run: () => Promise<unknown>): Promise<string> =>
        await run().then(
          () => 'nothing',
          (error: { code: string; message: string }) => `${error.code}: ${error.message}`
        )
      const init = { profile: { name: 'Ada' }, store: xcord.memory() }
      const client = await xcord.createClient(init)
      return {
        webrtc: await codeOf(async () => await xcord.createClient({ ...init, network: { webrtc: true } })),
        listen: await codeOf(
          async () => await xcord.createClient({ ...init, network: { listen: ['/ip4/0.0.0.0/tcp/0'] } })
        ),
        tcp: await codeOf(async () => await client.connect(address.replace('/ws', ''))),
        nobody: await codeOf(async () => await client.connect(address.replace(/tcp\/\d+/, 'tcp/1')))
      }
    }, node.wsAddress)
    expect(told.webrtc).toMatch(/^XCORD_USAGE: This browser has no WebRTC/)
    expect(told.listen).toMatch(/^XCORD_USAGE: A page cannot do what `network.listen` asks for/)
    expect(told.tcp).toMatch(/^XCORD_ADDRESS_INVALID: .*no transport here can dial it/)
    expect(told.nobody).toMatch(/^XCORD_NO_PEER: The peer cannot be reached/)
    const denied = await browser.open({
      before: "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError') }"
    })
    expect(await open(denied, 'ada')).toMatch(
      /^XCORD_STORE_FAILED: The browser does not let this page keep anything/
    )
  })
})
