/** ID4: one person's identity log as a deterministic machine. */
import {
  accept,
  compareIds,
  type DeviceId,
  type IdentityEntryId,
  refuse,
  type Refusal,
  type Verdict
} from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { array, bytes, codec, literal, tuple } from '../encoding/index.ts'
import type { Genesis, IdentityAdd, IdentityEntry, IdentityLog, IdentityState } from './contract.ts'
import { describeState } from './describe-state.ts'
import { DEVICES_MAX, ENTRY_BYTES_MAX, genesisEntryId, readEntry } from './entry.ts'
import { readGenesis } from './genesis.ts'
import { bit, createNode, deviceDepths, isBefore, type LogNode } from './resolve.ts'

/** A user key each 90 days and a device a month is reached after decades; a hostile log stays cheap to resolve. */
export const IDENTITY_ENTRIES_MAX = 512
/** Leaves room for the rest of a key store or backup under EN1's 256 KiB. */
export const IDENTITY_LOG_BYTES_MAX = 196_608
/** Entries kept while their parents are missing. */
export const IDENTITY_ORPHANS_MAX = 64
/** ID6: certificates stay below 2 KiB. */
export const DEVICE_DEPTH_MAX = 4

const logCodec = codec(
  tuple({
    version: literal(1),
    genesis: bytes(1, 128),
    entries: array(bytes(1, ENTRY_BYTES_MAX), IDENTITY_ENTRIES_MAX)
  }),
  { rule: 'ID4', maxDepth: 2 }
)

/** Whether an entry may stand at its place, judged in the state of its own past: a verdict for ever. */
function judge(
  node: LogNode,
  past: IdentityState,
  depths: ReadonlyMap<DeviceId, number>
): Refusal | undefined {
  const { body } = node.entry
  const signer = past.device(node.signer)
  if (!node.byRoot && !(signer?.active === true && signer.manage)) {
    return refuse('ID5', 'the signer is neither the root nor an active device that may manage')
  }
  if (body.kind === 'addDevice') {
    if (past.device(body.device) !== undefined || past.isRevoked(body.device))
      return refuse('ID4', 'the device was enrolled or revoked before')
    if (past.devices.filter(({ active }) => active).length >= DEVICES_MAX)
      return refuse('ID4', `more than ${DEVICES_MAX} active devices`)
    if (!node.byRoot && (depths.get(node.signer) ?? 0) + 1 > DEVICE_DEPTH_MAX)
      return refuse('ID6', `the device would be more than ${DEVICE_DEPTH_MAX} steps from the root`)
  }
  if ((body.kind === 'revokeAll' || body.kind === 'moved') && !node.byRoot)
    return refuse('ID5', `${body.kind} is the root's alone`)
  if (body.kind === 'userKey') {
    const before = past.userKey?.generation ?? 0
    const follows = body.generation === before + 1 || (node.byRoot && body.generation > before)
    if (!follows) return refuse('ID7', `user key generation ${body.generation} does not follow ${before}`)
  }
  return undefined
}

class Log implements IdentityLog {
  readonly genesis: Genesis
  readonly #suite: Suite
  readonly #nodes: LogNode[] = []
  readonly #byId = new Map<IdentityEntryId, LogNode>()
  readonly #orphans = new Map<IdentityEntryId, IdentityEntry>()
  readonly #root: IdentityEntryId
  #state: IdentityState | undefined
  #size = 0

  constructor(suite: Suite, genesis: Genesis) {
    this.#suite = suite
    this.genesis = genesis
    this.#root = genesisEntryId(genesis.user)
  }

  get user(): Genesis['user'] {
    return this.genesis.user
  }

  add(encoded: Uint8Array): Verdict<IdentityAdd> {
    const read = readEntry(this.#suite, encoded)
    if (!read.ok) return read
    const entry = read.value
    if (entry.user !== this.user) return refuse('ID4', 'the entry is of another identity')
    const known = this.get(entry.id)
    if (known !== undefined) return accept({ kind: 'known', entry: known })
    const missing = this.#missingOf(entry)
    if (missing.length > 0) {
      this.#keepOrphan(entry)
      return accept({ kind: 'orphan', entry, missing })
    }
    const placed = this.#place(entry)
    return placed === undefined ? accept({ kind: 'accepted', entry, released: this.#release() }) : placed
  }

  #missingOf(entry: IdentityEntry): IdentityEntryId[] {
    return entry.parents.filter(id => id !== this.#root && !this.#byId.has(id))
  }

  #keepOrphan(entry: IdentityEntry): void {
    const oldest = this.#orphans.size >= IDENTITY_ORPHANS_MAX ? this.#orphans.keys().next().value : undefined
    if (oldest !== undefined) this.#orphans.delete(oldest)
    this.#orphans.set(entry.id, entry)
  }

  /** Judges an entry whose parents are here, and keeps it if it passes. */
  #place(entry: IdentityEntry): Refusal | undefined {
    const size = this.#size + entry.bytes.length
    if (size > IDENTITY_LOG_BYTES_MAX)
      return refuse('ID4', `the log would have ${size} bytes; at most ${IDENTITY_LOG_BYTES_MAX}`)
    if (this.#nodes.length >= IDENTITY_ENTRIES_MAX)
      return refuse('ID4', `the log holds ${IDENTITY_ENTRIES_MAX} entries already`)
    const parents = entry.parents.flatMap(id => this.#byId.get(id) ?? [])
    if (entry.lamport !== 1 + Math.max(0, ...parents.map(parent => parent.entry.lamport)))
      return refuse('ID4', 'the lamport time does not follow the parents')
    const past = parents.reduce((bits, parent) => bits | parent.past | bit(parent.index), 0n)
    const pastNodes = this.#nodes.filter(node => (past & bit(node.index)) !== 0n)
    const whole = pastNodes.length === this.#nodes.length
    const pastState = whole ? this.state() : describeState(this.#suite, this.user, pastNodes)
    // Drawn among no nodes: attack lists must not learn of an entry that may be refused.
    const refusal = judge(
      createNode([], entry, past, this.genesis.rootPublicKey),
      pastState,
      deviceDepths(pastNodes)
    )
    if (refusal !== undefined) return refusal
    const node = createNode(this.#nodes, entry, past, this.genesis.rootPublicKey)
    this.#nodes.push(node)
    this.#byId.set(entry.id, node)
    this.#size = size
    this.#state = undefined
    return undefined
  }

  /** Places orphans whose parents have come; those refused are dropped. */
  #release(): IdentityEntry[] {
    const released: IdentityEntry[] = []
    for (let progress = true; progress;) {
      progress = false
      for (const entry of this.#orphans.values()) {
        if (this.#missingOf(entry).length > 0) continue
        this.#orphans.delete(entry.id)
        if (this.#place(entry) === undefined) released.push(entry)
        progress = true
      }
    }
    return released
  }

  get(id: IdentityEntryId): IdentityEntry | undefined {
    return this.#byId.get(id)?.entry
  }

  has(id: IdentityEntryId): boolean {
    return id === this.#root || this.#byId.has(id)
  }

  entries(): readonly IdentityEntry[] {
    return this.#nodes
      .map(({ entry }) => entry)
      .sort((a, b) => a.lamport - b.lamport || compareIds(a.id, b.id))
  }

  heads(): readonly IdentityEntryId[] {
    if (this.#nodes.length === 0) return [this.#root]
    const covered = this.#nodes.reduce((bits, node) => bits | node.past, 0n)
    return this.#nodes
      .filter(node => (covered & bit(node.index)) === 0n)
      .map(({ entry }) => entry.id)
      .sort(compareIds)
  }

  head(): IdentityEntryId {
    const newest = this.entries().reduce<IdentityEntry | undefined>(
      (best, entry) => (best === undefined || entry.lamport > best.lamport ? entry : best),
      undefined
    )
    return newest?.id ?? this.#root
  }

  missing(): readonly IdentityEntryId[] {
    const missing = new Set([...this.#orphans.values()].flatMap(entry => this.#missingOf(entry)))
    return [...missing].filter(id => !this.#orphans.has(id)).sort(compareIds)
  }

  state(): IdentityState {
    this.#state ??= describeState(this.#suite, this.user, this.#nodes)
    return this.#state
  }

  pathTo(device: DeviceId): readonly IdentityEntry[] | undefined {
    const state = this.state()
    const paths = new Map<DeviceId, readonly IdentityEntry[]>()
    const adds = this.entries().filter(
      ({ id, body }) => body.kind === 'addDevice' && state.standing(id) === 'effective'
    )
    for (let round = 0; round < DEVICE_DEPTH_MAX; round++) {
      for (const entry of adds) {
        if (entry.body.kind !== 'addDevice') continue
        const node = this.#byId.get(entry.id) as LogNode
        const above = node.byRoot ? [] : paths.get(node.signer)
        if (above === undefined || above.length > round) continue
        const held = paths.get(entry.body.device)
        if (held === undefined || above.length + 1 < held.length)
          paths.set(entry.body.device, [...above, entry])
      }
    }
    return paths.get(device)
  }

  precedes(entry: IdentityEntryId, of: IdentityEntryId): boolean {
    const later = this.#byId.get(of)
    if (entry === this.#root) return later !== undefined
    const earlier = this.#byId.get(entry)
    return earlier !== undefined && later !== undefined && isBefore(earlier, later)
  }
}

/** An empty log of a genesis. */
export function createIdentityLog(suite: Suite, genesis: Genesis): IdentityLog {
  return new Log(suite, genesis)
}

/** The whole log as bytes: tuple[1, genesis, entries], earlier entries first. */
export function encodeIdentityLog(log: IdentityLog): Uint8Array {
  return logCodec.encode({
    version: 1,
    genesis: log.genesis.bytes,
    entries: log.entries().map(entry => entry.bytes)
  })
}

/** Reads a whole log. An entry that does not fit refuses the whole: a log kept or sent has no gaps. */
export function decodeIdentityLog(suite: Suite, encoded: Uint8Array): Verdict<IdentityLog> {
  const decoded = logCodec.decode(encoded)
  if (!decoded.ok) return decoded
  const genesis = readGenesis(suite, decoded.value.genesis)
  if (!genesis.ok) return genesis
  const log = createIdentityLog(suite, genesis.value)
  for (const entry of decoded.value.entries) {
    const added = log.add(entry)
    if (!added.ok) return added
    if (added.value.kind !== 'accepted') return refuse('ID4', 'the log has a gap or names an entry twice')
  }
  return accept(log)
}

/** A copy that can be added to without touching the original. */
export function copyIdentityLog(suite: Suite, log: IdentityLog): IdentityLog {
  const copy = createIdentityLog(suite, log.genesis)
  for (const entry of log.entries()) copy.add(entry.bytes)
  return copy
}
