/**
 * The store contract in memory, with the faults a disk has: for tests, simulation and clients without a
 * profile directory. Deterministic: nothing here has a clock or chance of its own.
 */
import { XcordError } from '../../base/index.ts'
import type { Store, StoreRange, StoreWrite } from '../../store/index.ts'
import { bytesOfKey, keyOfBytes, OrderedBytes } from './memory-store-keys.ts'

/**
 * What happens to one write. `fail`: nothing of it is kept. `fail-late`: it is kept, unsynced, but reported as
 * failed, as after a failed fsync. `full`: nothing is kept, XCORD_DISK_FULL.
 */
export type WriteFault = 'fail' | 'fail-late' | 'full'

/** Builds a memory store. */
export interface MemoryStoreInit {
  /**
   * Asked before each write, counted from 1; may wait (that is the disk's latency) and may choose a fault.
   */
  readonly beforeWrite?: (write: MemoryWrite) => WriteFault | undefined | Promise<WriteFault | undefined>
  /** Bytes of keys and values that fit; beyond, XCORD_DISK_FULL. Unlimited unless given. */
  readonly capacityBytes?: number
}

/** One write as the fault hook sees it. */
export interface MemoryWrite {
  readonly number: number
  readonly changes: number
  readonly bytes: number
  readonly sync: boolean
}

/** What a power cut leaves. */
export interface CrashOptions {
  /** How many of the unsynced batches survived, oldest first: a log is cut at its end. Default 0. */
  readonly keepUnsynced?: number
  /** The write under way reached the disk, though nobody was told: only where everything unsynced did too. */
  readonly keepUnderWay?: boolean
}

/** A store in memory that can lose power. */
export interface MemoryStore extends Store {
  /** Batches that would be lost by a crash now. */
  readonly unsynced: number
  /** Writes attempted so far. */
  readonly writes: number
  /** Bytes of keys and values held. */
  readonly bytes: number
  /** Power cut: this handle is dead, writes under way never report. `reopen` shows what the disk kept. */
  crash(options?: CrashOptions): void
  /**
   * Opens the same disk again, after `close` or `crash`.
   *
   * @throws XcordError XCORD_PROFILE_IN_USE while this handle is open.
   */
  reopen(init?: MemoryStoreInit): MemoryStore
  /** Another disk with what this one holds now, synced or not: as somebody copies a profile's folder. */
  copy(init?: MemoryStoreInit): MemoryStore
}

type Change = readonly [key: string, value: Uint8Array | undefined]

/** What outlives a handle. */
interface Disk {
  readonly map: OrderedBytes
  bytes: number
  /** Unsynced batches, oldest first, each with what it replaced: undone by a crash. */
  readonly undo: Change[][]
}

function apply(disk: Disk, changes: Iterable<Change>): Change[] {
  const before: Change[] = []
  for (const [key, value] of changes) {
    const old = disk.map.get(key)
    before.push([key, old])
    if (old !== undefined) disk.bytes -= key.length + old.length
    if (value === undefined) {
      disk.map.delete(key)
      continue
    }
    disk.map.set(key, value)
    disk.bytes += key.length + value.length
  }
  return before
}

function growth(disk: Disk, changes: readonly Change[]): number {
  const last = new Map(changes)
  let bytes = 0
  for (const [key, value] of last) {
    const old = disk.map.get(key)
    bytes +=
      (value === undefined ? 0 : key.length + value.length) -
      (old === undefined ? 0 : key.length + old.length)
  }
  return bytes
}

class MemoryStoreHandle implements MemoryStore {
  readonly #disk: Disk
  readonly #init: MemoryStoreInit
  #state: 'open' | 'closed' | 'crashed' = 'open'
  #writes = 0
  /** What the disk is busy with. */
  #underWay: readonly Change[] | undefined
  /** Writes land in the order they were asked for. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk, init: MemoryStoreInit) {
    this.#disk = disk
    this.#init = init
  }

  get unsynced(): number {
    return this.#disk.undo.length
  }

  get writes(): number {
    return this.#writes
  }

  get bytes(): number {
    return this.#disk.bytes
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw closed()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#disk.map.get(keyOfBytes(key))?.slice()
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen()
    return keys.map(key => this.#disk.map.get(keyOfBytes(key))?.slice())
  }

  async *scan(range: StoreRange): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    this.#assertOpen()
    const entries = this.#disk.map.entries({
      from: range.from && keyOfBytes(range.from),
      to: range.to && keyOfBytes(range.to),
      reverse: range.reverse ?? false,
      limit: range.limit ?? Infinity
    })
    for (const [key, value] of entries) {
      this.#assertOpen()
      yield [bytesOfKey(key), value.slice()]
    }
  }

  write(batch: readonly StoreWrite[], options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#state !== 'open') return Promise.reject(closed())
    const changes = batch.map(({ key, value }): Change => [keyOfBytes(key), value?.slice()])
    const run = this.#last.then(() => this.#write(changes, options.sync ?? true))
    this.#last = run.catch(() => undefined)
    return run
  }

  async #write(changes: readonly Change[], sync: boolean): Promise<void> {
    this.#assertOpen()
    this.#writes++
    const bytes = changes.reduce((sum, [key, value]) => sum + key.length + (value?.length ?? 0), 0)
    this.#underWay = changes
    const fault = await this.#init.beforeWrite?.({
      number: this.#writes,
      changes: changes.length,
      bytes,
      sync
    })
    this.#underWay = undefined
    // A process that lost power reports neither success nor failure.
    if (this.#state === 'crashed') return new Promise(() => undefined)
    const room = (this.#init.capacityBytes ?? Infinity) - this.#disk.bytes
    if (fault === 'full' || growth(this.#disk, changes) > Math.max(room, 0)) {
      throw new XcordError(
        'XCORD_DISK_FULL',
        'The disk is full: nothing of this change was stored. Free some space and try again.',
        {}
      )
    }
    if (fault === 'fail') throw failed()
    this.#disk.undo.push(apply(this.#disk, changes))
    if (fault === 'fail-late') throw failed()
    if (sync) this.#disk.undo.length = 0
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return
    await this.#last
    if (this.#state === 'open') this.#state = 'closed'
    this.#disk.undo.length = 0
  }

  crash(options: CrashOptions = {}): void {
    if (this.#state !== 'open') return
    this.#state = 'crashed'
    const lost = this.#disk.undo.splice(options.keepUnsynced ?? 0)
    for (const before of lost.reverse()) apply(this.#disk, before.reverse())
    if (lost.length === 0 && options.keepUnderWay === true && this.#underWay !== undefined)
      apply(this.#disk, this.#underWay)
    this.#disk.undo.length = 0
  }

  reopen(init: MemoryStoreInit = this.#init): MemoryStore {
    if (this.#state === 'open') {
      throw new XcordError('XCORD_PROFILE_IN_USE', 'This store is open already.', { path: 'memory' })
    }
    return new MemoryStoreHandle(this.#disk, init)
  }

  copy(init: MemoryStoreInit = this.#init): MemoryStore {
    const map = new OrderedBytes()
    for (const [key, value] of this.#disk.map.entries({ reverse: false, limit: Infinity }))
      map.set(key, value)
    return new MemoryStoreHandle({ map, bytes: this.#disk.bytes, undo: [] }, init)
  }
}

function closed(): XcordError {
  return new XcordError('XCORD_CLOSED', 'The store is closed.', { what: 'store' })
}

function failed(): XcordError {
  return new XcordError('XCORD_STORE_FAILED', 'The store could not write.', { operation: 'write' })
}

/** Opens an empty store in memory. */
export function createMemoryStore(init: MemoryStoreInit = {}): MemoryStore {
  return new MemoryStoreHandle({ map: new OrderedBytes(), bytes: 0, undo: [] }, init)
}
