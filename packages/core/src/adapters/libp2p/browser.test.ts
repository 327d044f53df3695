import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from '../../net/transport-world.contract.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { createBrowserTransport } from './browser.ts'
import { createLibp2pNode } from './index.ts'

const seed = (name: string): Uint8Array => new Uint8Array(createHash('sha256').update(name).digest())
const started: { stop(): Promise<void> }[] = []
afterEach(async () => void (await Promise.all(started.splice(0).map(each => each.stop()))))

describe('the profile of a page', () => {
  it('[NT5] listens on no port, dials WebSockets and no TCP, and is reached through a relay', async () => {
    const suite = await createNodeSuite()
    const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
    const node = await createLibp2pNode({ suite, seed: seed('node'), listen })
    const pages = await Promise.all(
      ['ada', 'grace'].map(each => createBrowserTransport({ suite, seed: seed(each), webrtc: false }))
    )
    const [ada, grace] = pages as [(typeof pages)[0], (typeof pages)[0]]
    started.push(...pages, node)
    await Promise.all([node, ...pages].map(each => each.start()))
    expect(ada.addresses()).toEqual([])
    const [tcp, ws] = [false, true].map(
      wanted => node.addresses().find(each => each.includes('/ws') === wanted) ?? ''
    )
    await expect(ada.dial([tcp ?? ''])).rejects.toMatchObject({ code: 'XCORD_ADDRESS_INVALID' })
    await Promise.all([ada.dial([ws ?? '']), grace.dial([ws ?? ''])])
    await until('grace has a relayed address', () =>
      grace.addresses().some(each => each.includes('/p2p-circuit'))
    )
    expect((await ada.dial(grace.addresses())).path).toBe('relayed')
  })
})
