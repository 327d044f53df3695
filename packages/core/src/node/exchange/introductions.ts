/** Members who are connected: what gossip is to think of them (NT27), and that they know each other's record (NT13). */
import type { Clock, DeviceId, ServerId } from '../../base/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import type { AddressBook } from './address-book.ts'
import type { Exchange } from './exchange.ts'
import type { LiveReplica } from '../replica/replica.ts'

/** Members who are asked again, and how often at most, ms. */
const SEEK_MEMBERS_MAX = 8
const SEEK_MS_MIN = 3_000

export interface IntroductionsInit {
  readonly transport: Transport
  readonly clock: Clock
  readonly exchange: Exchange
  readonly book: AddressBook
  readonly fault: (error: unknown) => void
}

export interface Introductions {
  /** Authority or the connections changed: judges everyone connected by what this server says now. */
  judge(replica: LiveReplica): void
  /** A connection ended: whoever comes back is told our record anew. */
  gone(server: ServerId, device: DeviceId): void
  /** Asks the members who are connected again where others are: somebody is wanted whose addresses are not known. */
  seek(server: ServerId): void
  /** Keeps where a member was found. */
  note(server: ServerId, device: DeviceId, addresses: readonly string[]): void
}

/** Introduces members to each other as they meet. */
export function createIntroductions(init: IntroductionsInit): Introductions {
  const { transport, clock, exchange, book, fault } = init
  /** Members we have told our record over the connection there is, by server. */
  const introduced = new Set<string>()
  const soughtAt = new Map<ServerId, number>()
  const nameOf = (server: ServerId, device: DeviceId): string => `${server}/${device}`

  const note = (server: ServerId, device: DeviceId, addresses: readonly string[]): void => {
    book.note(server, device, addresses, clock.now()).catch(fault)
  }

  function introduce({ server }: LiveReplica, connection: Connection): void {
    const { device, direction, address } = connection
    const name = nameOf(server, device)
    if (introduced.has(name)) return
    introduced.add(name)
    if (direction === 'outbound') note(server, device, [address])
    // Both sides try; a member that does not answer yet is asked at the next change.
    exchange.with(connection, server).catch(() => introduced.delete(name))
  }

  return {
    judge: replica => {
      const authority = replica.state()
      for (const connection of transport.connections()) {
        const { device } = connection
        const user = authority.device(device)?.user
        if (user === undefined) continue
        const status = authority.member(user)?.status
        transport.setStanding(device, status === 'in' ? 'member' : status === 'banned' ? 'banned' : 'unknown')
        if (status === 'in' && replica.current.isMember()) introduce(replica, connection)
      }
    },
    seek: server => {
      const at = clock.now()
      if (at - (soughtAt.get(server) ?? -Infinity) < SEEK_MS_MIN) return
      soughtAt.set(server, at)
      const known = transport.connections().filter(({ device }) => introduced.has(nameOf(server, device)))
      // Failing is no fault: it is asked again.
      for (const each of known.slice(0, SEEK_MEMBERS_MAX)) exchange.with(each, server).catch(() => undefined)
    },
    gone: (server, device) => void introduced.delete(nameOf(server, device)),
    note
  }
}
