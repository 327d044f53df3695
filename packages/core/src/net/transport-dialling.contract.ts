/** Dialling: addresses, reuse, back-off, what is told when nobody answers. A part of the transport suite. */
import { describe, expect, it } from 'vitest'
import { type DeviceId, isXcordError } from '../base/index.ts'
import { peerIdText } from './address.ts'
import type { Connection } from './contract.ts'
import {
  BOUNDS,
  caught,
  ECHO,
  echo,
  filled,
  nextFrame,
  until,
  type Worlds
} from './transport-world.contract.ts'

/** Cases of this part. */
export function diallingContract({ init, pair, two }: Worlds): void {
  describe('dialling', () => {
    it('[NT2] opens an authenticated connection that both sides see', async () => {
      const { a, b } = await pair()
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
      const { a, b } = await pair()
      const [one, other] = await Promise.all([a.dial(b.addresses()), a.dial(b.addresses())])
      expect(one.id).toBe(other.id)
      expect((await a.dial(b.addresses())).id).toBe(one.id)
      expect(a.connections(b.device)).toHaveLength(1)
    })

    it('[NT14] reaches a peer though some of its addresses are dead', async () => {
      const { a, b } = await pair()
      const connection = await a.dial([init.deadAddress(b.device), ...b.addresses()])
      expect(connection.device).toBe(b.device)
    })

    it('[NT14] [NT34] says what was tried when nobody answers', async () => {
      const { a, b } = await pair()
      const addresses = b.addresses()
      await b.stop()
      const error = await caught(a.dial(addresses))
      if (!isXcordError(error, 'XCORD_NO_PEER')) throw new Error(`not XCORD_NO_PEER: ${String(error)}`)
      expect(error.details.tried.map(each => each.address)).toEqual(expect.arrayContaining([addresses[0]]))
      expect(a.attempts(b.device).length).toBeGreaterThan(0)
    })

    it('[NT40] refuses what is no address of another peer', async () => {
      const { a, b } = await pair()
      for (const addresses of [
        [],
        ['nonsense'],
        ['/ip4/127.0.0.1/tcp/1'],
        [`/dnsaddr/example.org/p2p/${peerIdText(b.device)}`],
        a.addresses(),
        [b.addresses()[0] ?? '', a.addresses()[0] ?? '']
      ]) {
        const error = await caught(a.dial(addresses))
        expect(isXcordError(error, 'XCORD_ADDRESS_INVALID'), `${addresses.join()}: ${String(error)}`).toBe(
          true
        )
      }
    })

    it('[NT14] gives up when asked to', async () => {
      const { a, b } = await pair()
      const error = await caught(a.dial(b.addresses(), { signal: AbortSignal.abort('enough') }))
      expect(isXcordError(error, 'XCORD_ABORTED')).toBe(true)
    })

    it('dials nothing once it stopped', async () => {
      const { a, b } = await pair()
      await a.stop()
      expect(isXcordError(await caught(a.dial(b.addresses())), 'XCORD_CLOSED')).toBe(true)
    })

    it('[NT15] redials a kept peer when it comes back', async () => {
      const { a, b } = await pair()
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
      const end = caught(
        (async () => {
          for await (const _ of stream.frames()) {
            /* nothing more comes */
          }
        })()
      )
      await b.stop()
      const error = await end
      expect(error === undefined || isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
      expect(isXcordError(await caught(stream.send(filled(3, 1))), 'XCORD_NO_PEER')).toBe(true)
    })
  })
}
