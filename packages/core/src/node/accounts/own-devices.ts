/**
 * Devices of one account among themselves (ND19): whoever meets the other tells its identity log and the servers it
 * is in, takes what it lacks of both, and fetches servers it is not part of yet.
 */
import {
  type DeviceId,
  idFromBytes,
  idToBytes,
  isXcordError,
  type ServerId,
  type Timers
} from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { array, bytes, codec, literal, text, tuple } from '../../encoding/index.ts'
import {
  type BackupServer,
  decodeIdentityLog,
  encodeIdentityLog,
  IDENTITY_LOG_BYTES_MAX,
  type IdentityLog
} from '../../identity/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from '../../net/index.ts'
import type { AccountKeeper } from './account-keeper.ts'
import { askForServer } from '../joining/return-service.ts'

export const SELF_PROTOCOL: ProtocolName = '/xcord/self/1'
const SERVERS_MAX = 512
const ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 256
const FRAME_BYTES_MAX = IDENTITY_LOG_BYTES_MAX + 262_144
/** Servers that nobody gave yet are asked for again. */
const AGAIN_MS = 15_000

/** [version, identity log (ID4), servers]: sent by whoever opens, answered by the other. */
const frameCodec = codec(
  tuple({
    version: literal(1),
    log: bytes(1, IDENTITY_LOG_BYTES_MAX + 4_096),
    servers: array(
      tuple({ server: bytes(32), addresses: array(text(ADDRESS_BYTES_MAX), ADDRESSES_MAX) }),
      SERVERS_MAX
    )
  }),
  { rule: 'ND19', maxBytes: FRAME_BYTES_MAX, maxDepth: 4 }
)

export interface OwnDevicesInit {
  readonly suite: Suite
  readonly transport: Transport
  readonly timers: Timers
  readonly keeper: AccountKeeper
  /** Servers we are part of, and where their members are. */
  servers(): readonly BackupServer[]
  /** Held in whatever standing, left ones too: not to be fetched. */
  holds(server: ServerId): Promise<boolean>
  /** Takes in an export and enrols this device; names the server. */
  import(pieces: AsyncIterable<Uint8Array>): Promise<ServerId>
  readonly fault: (error: unknown) => void
}

export interface OwnDevices {
  /** Tells one device of ours, where it is one, and hears it. */
  meet(connection: Connection): void
  /** The log or the servers changed: tells all of ours that are connected. */
  tell(): void
  /** Entries that a server's operations brought. */
  absorb(entries: readonly Uint8Array[]): void
  /** Servers to come back to. */
  want(servers: readonly BackupServer[]): void
  /** Those that nobody gave yet. */
  wanted(): readonly ServerId[]
  stop(): Promise<void>
}

/** Adds what a log lacks; entries it refuses are passed over: they are somebody's, not ours to fail for. */
function merge(log: IdentityLog, entries: readonly Uint8Array[]): void {
  for (const each of entries) log.add(each)
}

/** Brings the account's devices together. */
export function createOwnDevices(init: OwnDevicesInit): OwnDevices {
  return new LiveOwnDevices(init)
}

class LiveOwnDevices implements OwnDevices {
  readonly #init: OwnDevicesInit
  readonly #wanted = new Map<ServerId, readonly string[]>()
  #fetching: Promise<void> | undefined
  #again: (() => void) | undefined
  #stopped = false

  constructor(init: OwnDevicesInit) {
    this.#init = init
    init.transport.handle(
      SELF_PROTOCOL,
      { frameBytesMax: FRAME_BYTES_MAX, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 },
      async stream => await this.#serve(stream)
    )
  }

  meet(connection: Connection): void {
    if (this.#stopped) return
    // An older or busy peer: it is met again at the next change.
    if (this.#isOurs(connection.device)) this.#exchange(connection).catch(() => undefined)
    if (this.#wanted.size > 0) this.#fetchAll()
  }

  tell(): void {
    for (const connection of this.#init.transport.connections()) this.meet(connection)
  }

  absorb(entries: readonly Uint8Array[]): void {
    if (entries.length === 0) return
    this.#init.keeper.change(own => merge(own, entries)).catch(this.#init.fault)
  }

  want(servers: readonly BackupServer[]): void {
    for (const { server, addresses } of servers) {
      const known = this.#wanted.get(server)
      // A device of ours may be in other hands: what it names costs no more than this.
      if (known === undefined && this.#wanted.size >= SERVERS_MAX) continue
      this.#wanted.set(server, [...new Set([...addresses, ...(known ?? [])])].slice(0, ADDRESSES_MAX))
    }
    if (this.#wanted.size > 0) this.#fetchAll()
  }

  wanted(): readonly ServerId[] {
    return [...this.#wanted.keys()]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#again?.()
    await this.#fetching
  }

  #isOurs(device: DeviceId): boolean {
    const { account } = this.#init.keeper
    return device !== account.device.device && account.log.state().device(device)?.active === true
  }

  #frame(): Uint8Array {
    return frameCodec.encode({
      version: 1,
      log: encodeIdentityLog(this.#init.keeper.account.log),
      servers: this.#init
        .servers()
        .slice(0, SERVERS_MAX)
        .map(({ server, addresses }) => ({
          server: idToBytes(server),
          addresses: addresses.slice(0, ADDRESSES_MAX)
        }))
    })
  }

  /** Whether the frame was a log of ours, and its sender is a device of ours by what is known then. */
  async #take(encoded: Uint8Array, from: DeviceId): Promise<boolean> {
    const { suite, keeper } = this.#init
    const read = frameCodec.decode(encoded)
    if (!read.ok) return false
    const log = decodeIdentityLog(suite, read.value.log)
    if (!log.ok || log.value.user !== keeper.account.user) return false
    const entries = log.value.entries().map(each => each.bytes)
    await keeper.change(own => merge(own, entries))
    if (!this.#isOurs(from)) return false
    this.want(
      read.value.servers.map(({ server, addresses }) => ({ server: idFromBytes('s', server), addresses }))
    )
    return true
  }

  async #serve(stream: FrameStream): Promise<void> {
    for await (const encoded of stream.frames()) {
      if (!(await this.#take(encoded, stream.connection.device))) {
        stream.abort('ND19')
        return
      }
      await stream.send(this.#frame())
    }
  }

  async #exchange(connection: Connection): Promise<void> {
    const stream = await connection.openStream(SELF_PROTOCOL, { frameBytesMax: FRAME_BYTES_MAX })
    try {
      await stream.send(this.#frame())
      for await (const encoded of stream.frames()) {
        await this.#take(encoded, connection.device)
        break
      }
    } finally {
      await stream.close().catch(() => undefined)
    }
  }

  #fetchAll(): void {
    if (this.#stopped) return
    this.#fetching ??= this.#fetchEach()
      .catch(this.#init.fault)
      .finally(() => {
        this.#fetching = undefined
        this.#again?.()
        this.#again =
          this.#wanted.size === 0 || this.#stopped
            ? undefined
            : this.#init.timers.after(AGAIN_MS, () => this.#fetchAll())
      })
  }

  async #fetchEach(): Promise<void> {
    for (const [server, addresses] of [...this.#wanted]) {
      if ((await this.#init.holds(server)) || (await this.#fetchFrom(server, addresses)))
        this.#wanted.delete(server)
      if (this.#stopped) return
    }
  }

  /** Whoever is connected is asked first, then whoever the addresses lead to. */
  async #fetchFrom(server: ServerId, addresses: readonly string[]): Promise<boolean> {
    const { transport } = this.#init
    for (const connection of transport.connections()) if (await this.#fetchBy(connection, server)) return true
    for (const address of addresses) {
      if (this.#stopped) return false
      const connection = await transport.dial([address]).catch(() => undefined)
      if (connection !== undefined && (await this.#fetchBy(connection, server))) return true
    }
    return false
  }

  async #fetchBy(connection: Connection, server: ServerId): Promise<boolean> {
    const { keeper, fault } = this.#init
    const pieces = await askForServer(connection, server, keeper.account.credential).catch(() => undefined)
    if (pieces === undefined) return false
    try {
      return (await this.#init.import(pieces)) === server
    } catch (error) {
      // Left or put out meanwhile, or this very device was part of it before: there is nothing to come back to.
      if (isXcordError(error, 'XCORD_NOT_A_MEMBER') || isXcordError(error, 'XCORD_CONFLICT')) return true
      // What a peer gives that is no true export of the server is its fault, or the connection's: another is asked.
      if (!isXcordError(error, 'XCORD_EXPORT_INVALID') && !isXcordError(error, 'XCORD_NO_PEER')) fault(error)
      return false
    }
  }
}
