/**
 * The suite that every transport passes (NT1): dialling, streams, frames, gossip, relays, rendezvous. Called from
 * the adapters' tests; cases wait for conditions, never for time.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { CHECK_BYTES, type DeviceId, isXcordError } from '../base/index.ts'
import type { Connection, FrameStream, GossipMessage, ProtocolName, Transport } from './contract.ts'
import { peerIdText } from './address.ts'

/** A peer that a case wants. */
export interface PeerWish {
  /** Without, it is reached through a node only. */
  readonly listen: boolean
}

/** A world of peers that are started and know nothing of each other. */
export interface TransportWorld {
  readonly peers: readonly Transport[]
  /** A node that relays and answers the rendezvous: what peers need of it. */
  readonly node: { readonly device: DeviceId; addresses(): readonly string[]; stop(): Promise<void> }
  destroy(): Promise<void>
}

/** What a suite run needs of an adapter. */
export interface TransportContractInit {
  readonly name: string
  create(wishes: readonly PeerWish[]): Promise<TransportWorld>
  /** Text of an address where nobody answers. */
  deadAddress(device: DeviceId): string
}

const ECHO: ProtocolName = '/xcord/sync/1'
const LISTENS: PeerWish = { listen: true }
const HIDES: PeerWish = { listen: false }
const BOUNDS = { frameBytesMax: 70_000, inboundStreamsMax: 4, onLimited: true }

/** Waits until something is true. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

async function echo(stream: FrameStream): Promise<void> {
  for await (const frame of stream.frames()) await stream.send(frame)
}

async function nextFrame(stream: FrameStream): Promise<Uint8Array | undefined> {
  for await (const frame of stream.frames()) return frame
  return undefined
}

async function caught(run: Promise<unknown>): Promise<unknown> {
  return await run.then(() => undefined, (error: unknown) => error)
}

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)

/** Runs the suite. */
export function transportContract(init: TransportContractInit): void {
  describe(`transport: ${init.name}`, () => {
    const worlds: TransportWorld[] = []
    const world = async (...wishes: PeerWish[]): Promise<TransportWorld> => {
      const made = await init.create(wishes)
      worlds.push(made)
      return made
    }
    const two = async (): Promise<{ a: Transport; b: Transport; connection: Connection }> => {
      const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
      return { a, b, connection: await a.dial(b.addresses()) }
    }
    afterEach(async () => {
      await Promise.all(worlds.splice(0).map(each => each.destroy()))
    })

    describe('dialling', () => {
      it('[NT2] opens an authenticated connection that both sides see', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const seen: Connection[] = []
        b.on('connection:open', event => seen.push(event.connection))
        const connection = await a.dial(b.addresses())
        expect(connection.device).toBe(b.device)
        expect(connection.direction).toBe('outbound')
        expect(connection.limits).toBeUndefined()
        await until('b sees a', () => seen.length > 0)
        expect(seen[0]?.device).toBe(a.device)
        expect(seen[0]?.direction).toBe('inbound')
        expect(a.connections(b.device).map(each => each.id)).toContain(connection.id)
      })

      it('[NT14] uses an open connection again, and one dial for two who want the same peer', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const [one, other] = await Promise.all([a.dial(b.addresses()), a.dial(b.addresses())])
        expect(one.id).toBe(other.id)
        expect((await a.dial(b.addresses())).id).toBe(one.id)
        expect(a.connections(b.device)).toHaveLength(1)
      })

      it('[NT14] reaches a peer though some of its addresses are dead', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const connection = await a.dial([init.deadAddress(b.device), ...b.addresses()])
        expect(connection.device).toBe(b.device)
      })

      it('[NT14] says what was tried when nobody answers', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const addresses = b.addresses()
        await b.stop()
        const error = await caught(a.dial(addresses))
        if (!isXcordError(error, 'XCORD_NO_PEER')) throw new Error(`not XCORD_NO_PEER: ${String(error)}`)
        expect(error.details.tried.map(each => each.address)).toEqual(expect.arrayContaining([addresses[0]]))
        expect(a.attempts(b.device).length).toBeGreaterThan(0)
      })

      it('[NT40] refuses what is no address of another peer', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        for (const addresses of [[], ['nonsense'], ['/ip4/127.0.0.1/tcp/1'], [`/dnsaddr/example.org/p2p/${peerIdText(b.device)}`], a.addresses(), [b.addresses()[0] ?? '', a.addresses()[0] ?? '']]) {
          const error = await caught(a.dial(addresses))
          expect(isXcordError(error, 'XCORD_ADDRESS_INVALID'), `${addresses.join()}: ${String(error)}`).toBe(true)
        }
      })

      it('[NT14] gives up when asked to', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const error = await caught(a.dial(b.addresses(), { signal: AbortSignal.abort('enough') }))
        expect(isXcordError(error, 'XCORD_ABORTED')).toBe(true)
      })

      it('[NT15] redials a kept peer when it comes back', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        a.keep(b.device, b.addresses())
        await until('kept and connected', () => a.connections(b.device).length > 0)
        const first = a.connections(b.device)[0] as Connection
        await first.close()
        await until('redialled', () => a.connections(b.device).some(each => each.id !== first.id))
        a.unkeep(b.device)
        for (const each of a.connections(b.device)) await each.close()
        await until('let go', () => a.connections(b.device).length === 0)
      })

      it('tells of a connection that closes, on both sides', async () => {
        const { a, b, connection } = await two()
        const closed: DeviceId[] = []
        a.on('connection:close', event => closed.push(event.connection.device))
        b.on('connection:close', event => closed.push(event.connection.device))
        await until('b sees a', () => b.connections(a.device).length > 0)
        await connection.close()
        await until('both told', () => closed.length === 2)
        expect(closed.sort()).toEqual([a.device, b.device].sort())
        expect(a.connections()).toHaveLength(0)
      })

      it('ends streams when the peer stops', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const stream = await connection.openStream(ECHO)
        await stream.send(filled(3, 1))
        expect(await nextFrame(stream)).toEqual(filled(3, 1))
        const end = caught((async () => { for await (const _ of stream.frames()) { /* nothing more comes */ } })())
        await b.stop()
        const error = await end
        expect(error === undefined || isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
        expect(isXcordError(await caught(stream.send(filled(3, 1))), 'XCORD_NO_PEER')).toBe(true)
      })
    })

    describe('streams', () => {
      it('[NT39] carries frames of every size whole and in order', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const stream = await connection.openStream(ECHO)
        const sizes = [1, 2, 3, 4, 5, 255, 256, 16_384, 65_535, 65_536, 70_000]
        const sent = sizes.map((size, index) => filled(size, index + 1))
        const received: Uint8Array[] = []
        const reading = (async () => {
          for await (const frame of stream.frames()) {
            received.push(frame)
            if (received.length === sent.length) return
          }
        })()
        for (const frame of sent) await stream.send(frame)
        await reading
        expect(received.map(each => each.length)).toEqual(sizes)
        expect(received.every((each, index) => each.every(byte => byte === index + 1))).toBe(true)
      })

      it('[NT39] cuts a stream whose frame is too large, and only that stream', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const stream = await connection.openStream(ECHO, { frameBytesMax: 100_000 })
        await caught(stream.send(filled(70_001, 1)))
        const error = await caught((async () => { for await (const _ of stream.frames()) { /* none may come */ } })())
        expect(isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
        const next = await connection.openStream(ECHO)
        await next.send(filled(5, 9))
        expect(await nextFrame(next)).toEqual(filled(5, 9))
      })

      it('[NT39] refuses to send an empty or oversized frame: the caller\'s mistake', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const stream = await connection.openStream(ECHO, { frameBytesMax: 10 })
        await expect(stream.send(new Uint8Array(0))).rejects.toThrow(RangeError)
        await expect(stream.send(filled(11, 1))).rejects.toThrow(RangeError)
      })

      it('[NT2] does not open a protocol the peer does not speak', async () => {
        const { b, connection } = await two()
        expect(isXcordError(await caught(connection.openStream('/xcord/nothing/1')), 'XCORD_NO_PEER')).toBe(true)
        b.handle(ECHO, BOUNDS, echo)
        await (await connection.openStream(ECHO)).close()
        b.unhandle(ECHO)
        await until('forgotten', async () => (await caught(connection.openStream(ECHO))) !== undefined)
      })

      it('[NT2] bounds the streams of one peer', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const open: FrameStream[] = []
        for (let i = 0; i < BOUNDS.inboundStreamsMax; i++) {
          const stream = await connection.openStream(ECHO)
          await stream.send(filled(1, 1))
          await nextFrame(stream)
          open.push(stream)
        }
        const extra = await caught((async () => {
          const stream = await connection.openStream(ECHO)
          await stream.send(filled(1, 1))
          if (await nextFrame(stream) === undefined) throw new Error('ended without an answer')
        })())
        expect(extra).toBeDefined()
        await open[0]?.send(filled(2, 2))
        expect(await nextFrame(open[0] as FrameStream)).toEqual(filled(2, 2))
      })

      it('[NT2] survives a handler that throws', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, async () => {
          throw new Error('handler broke')
        })
        const stream = await connection.openStream(ECHO)
        await caught(stream.send(filled(1, 1)))
        await caught((async () => { for await (const _ of stream.frames()) { /* none may come */ } })())
        b.handle(ECHO, BOUNDS, echo)
        const next = await connection.openStream(ECHO)
        await next.send(filled(5, 9))
        expect(await nextFrame(next)).toEqual(filled(5, 9))
      })

      it('[NT39] waits for a reader that is slow, and loses nothing', async () => {
        const { b, connection } = await two()
        const count = 200
        let sum = 0
        let begin = (): void => undefined
        const may = new Promise<void>(resolve => (begin = resolve))
        const finished = new Promise<void>(resolve => {
          b.handle(ECHO, BOUNDS, async stream => {
            await may
            for await (const frame of stream.frames()) sum += frame.length
            resolve()
          })
        })
        const stream = await connection.openStream(ECHO)
        let sentFrames = 0
        const sending = (async () => {
          for (; sentFrames < count; sentFrames++) await stream.send(filled(60_000, 1))
          await stream.close()
        })()
        await until('the sender has to wait', async () => {
          const before = sentFrames
          await new Promise(resolve => setTimeout(resolve, 100))
          return before > 0 && sentFrames === before
        })
        expect(sentFrames).toBeLessThan(count)
        begin()
        await Promise.all([sending, finished])
        expect(sum).toBe(count * 60_000)
      })

      it('ends politely: what was sent before closing arrives', async () => {
        const { b, connection } = await two()
        b.handle(ECHO, BOUNDS, echo)
        const stream = await connection.openStream(ECHO)
        for (let i = 1; i <= 20; i++) await stream.send(filled(i, i))
        await stream.close()
        const sizes: number[] = []
        for await (const frame of stream.frames()) sizes.push(frame.length)
        expect(sizes).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      })

      it('[NT20] echoes 32 bytes on the check protocol', async () => {
        const { connection } = await two()
        const stream = await connection.openStream('/xcord/check/1', { frameBytesMax: CHECK_BYTES })
        await stream.send(filled(CHECK_BYTES, 4))
        expect(await nextFrame(stream)).toEqual(filled(CHECK_BYTES, 4))
      })
    })

    describe('gossip', () => {
      const topic = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
      /** Three in a row, so that what the ends exchange was forwarded. */
      const row = async (): Promise<{ a: Transport; b: Transport; c: Transport; heard: Map<DeviceId, GossipMessage[]> }> => {
        const { peers: [a, b, c] } = await world(LISTENS, LISTENS, LISTENS) as { peers: [Transport, Transport, Transport] } & TransportWorld
        const heard = new Map<DeviceId, GossipMessage[]>()
        for (const peer of [a, b, c]) {
          heard.set(peer.device, [])
          peer.gossip.validate(async message => {
            heard.get(peer.device)?.push(message)
            return 'accept'
          })
          peer.gossip.subscribe(topic)
        }
        await a.dial(b.addresses())
        await c.dial(b.addresses())
        await until('all know their neighbours', () =>
          a.gossip.subscribers(topic).length === 1 && b.gossip.subscribers(topic).length === 2 && c.gossip.subscribers(topic).length === 1)
        return { a, b, c, heard }
      }

      it('[NT25] reaches everyone once, forwarded, never its author', async () => {
        const { a, b, c, heard } = await row()
        let published = 0
        await until('the far end hears', async () => {
          published++
          await a.gossip.publish(topic, filled(100, published))
          return (heard.get(c.device)?.length ?? 0) > 0
        })
        await until('the middle hears all', () => heard.get(b.device)?.length === published)
        expect(heard.get(a.device)).toHaveLength(0)
        expect(heard.get(c.device)?.[0]?.from).toBe(b.device)
        const bytes = (heard.get(b.device) ?? []).map(each => each.data[0])
        expect(new Set(bytes).size).toBe(bytes.length)
      })

      it('[NT26] does not forward what is rejected or ignored', async () => {
        const { a, b, c, heard } = await row()
        await until('gossip flows', async () => {
          await a.gossip.publish(topic, Uint8Array.of(0, ...globalThis.crypto.getRandomValues(new Uint8Array(8))))
          return (heard.get(c.device)?.length ?? 0) > 0
        })
        const judged: number[] = []
        b.gossip.validate(async message => {
          judged.push(message.data[0] ?? 0)
          return message.data[0] === 1 ? 'reject' : message.data[0] === 2 ? 'ignore' : 'accept'
        })
        for (const kind of [1, 2, 3]) await a.gossip.publish(topic, filled(50, kind))
        await until('the accepted one arrives', () => heard.get(c.device)?.some(each => each.data[0] === 3) === true)
        expect(judged).toEqual(expect.arrayContaining([1, 2, 3]))
        expect(heard.get(c.device)?.some(each => each.data[0] === 1 || each.data[0] === 2)).toBe(false)
      })

      it('[NT26] survives a judge that throws', async () => {
        const { a, b, heard } = await row()
        let broken = 0
        b.gossip.validate(async () => {
          broken++
          throw new Error('judge broke')
        })
        await until('the judge is asked', async () => {
          await a.gossip.publish(topic, globalThis.crypto.getRandomValues(new Uint8Array(9)))
          return broken > 0
        })
        b.gossip.validate(async message => {
          heard.get(b.device)?.push(message)
          return 'accept'
        })
        await until('gossip goes on', async () => {
          await a.gossip.publish(topic, globalThis.crypto.getRandomValues(new Uint8Array(9)))
          return (heard.get(b.device)?.length ?? 0) > 0
        })
      })

      it('[NT25] tells who joins and leaves a topic', async () => {
        const { a, b } = await two()
        const changes: string[] = []
        a.on('gossip:change', each => changes.push(`${each.device} ${each.topic} ${each.subscribed}`))
        a.gossip.subscribe(topic)
        b.gossip.subscribe(topic)
        await until('joined', () => changes.includes(`${b.device} ${topic} true`))
        expect(a.gossip.subscribers(topic)).toEqual([b.device])
        b.gossip.unsubscribe(topic)
        await until('left', () => changes.includes(`${b.device} ${topic} false`))
        expect(a.gossip.subscribers(topic)).toEqual([])
      })

      it('[NT28] refuses more than a bundle holds, and counts nobody where nobody is', async () => {
        const { peers: [a] } = await world(LISTENS) as { peers: [Transport] } & TransportWorld
        a.gossip.subscribe(topic)
        expect(await a.gossip.publish(topic, filled(5, 5))).toBe(0)
        await expect(a.gossip.publish(topic, new Uint8Array(65_537))).rejects.toThrow(RangeError)
        expect(a.gossip.backlogBytes()).toBe(0)
      })
    })

    describe('through a node', () => {
      it('[NT17] joins two who cannot dial each other, marked as limited, and no gossip on it', async () => {
        const { peers: [a, b], node } = await world(HIDES, HIDES) as { peers: [Transport, Transport] } & TransportWorld
        b.handle(ECHO, BOUNDS, echo)
        b.handle('/xcord/blob/1', { ...BOUNDS, onLimited: false }, echo)
        await Promise.all([a.dial(node.addresses()), b.dial(node.addresses())])
        await until('b has a relayed address', () => b.addresses().some(each => each.includes('/p2p-circuit')))
        const connection = await a.dial(b.addresses())
        expect(connection.device).toBe(b.device)
        expect(connection.path).toBe('relayed')
        expect(connection.limits).toBeDefined()
        const stream = await connection.openStream(ECHO)
        await stream.send(filled(20_000, 3))
        expect(await nextFrame(stream)).toEqual(filled(20_000, 3))
        const refused = await caught((async () => {
          const bulk = await connection.openStream('/xcord/blob/1')
          await bulk.send(filled(1, 1))
          if (await nextFrame(bulk) === undefined) throw new Error('ended without an answer')
        })())
        expect(refused).toBeDefined()
      })

      it('[NT10] finds others under a key by the rendezvous, and nobody under another', async () => {
        const { peers: [a, b], node } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        await Promise.all([a.dial(node.addresses()), b.dial(node.addresses())])
        const key = filled(16, 8)
        expect((await b.rendezvous.register(node.device, [key, filled(16, 9)])).ttlMs).toBe(600_000)
        expect(await b.rendezvous.query(node.device, key)).toEqual([])
        const found = await a.rendezvous.query(node.device, key)
        expect(found.map(each => each.device)).toEqual([b.device])
        expect(await a.rendezvous.query(node.device, filled(16, 7))).toEqual([])
        expect((await a.dial(found[0]?.addresses ?? [])).device).toBe(b.device)
        await b.rendezvous.unregister(node.device, [key])
        expect(await a.rendezvous.query(node.device, key)).toEqual([])
      })

      it('[NT10] says so when the node is not there', async () => {
        const { peers: [a], node } = await world(LISTENS) as { peers: [Transport] } & TransportWorld
        const error = await caught(a.rendezvous.query(node.device, filled(16, 8)))
        expect(isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
      })

      it('[NT41] signs a record that others can check and nobody can change', async () => {
        const { peers: [a, b] } = await world(LISTENS, LISTENS) as { peers: [Transport, Transport] } & TransportWorld
        const own = await a.records.own()
        const opened = await b.records.open(own)
        expect(opened.ok && opened.value.device).toBe(a.device)
        const changed = own.slice()
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
        expect((await b.records.open(changed)).ok).toBe(false)
      })
    })
  })
}
