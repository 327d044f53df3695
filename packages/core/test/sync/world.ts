/**
 * A small world for sync: nodes with in-memory holdings, streams with delay that can be cut, gossip that loses,
 * one heap of events under one seed. Nodes judge items as real ones would, by rules simple enough to read.
 */
import {
  type ChannelId,
  compareIds,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type MessageId,
  type OperationId,
  type Random,
  type RecordId,
  refuse,
  type Refusal,
  type ServerId
} from '../../src/base/index.ts'
import { createNodeSuite } from '../../src/adapters/crypto-node/index.ts'
import { type SigningKey, type Suite } from '../../src/crypto/index.ts'
import { concatBytes, decodeCbor, encodeCbor, utf8 } from '../../src/encoding/index.ts'
import { authorIdOf, encodeHeader, readEnvelope } from '../../src/graph/index.ts'
import {
  type Budget,
  ChainIndex,
  type ChainId,
  compareBounds,
  type EnvelopeLog,
  fingerprintOf,
  type MessageEntry,
  type MessageLog,
  type MessageSpan,
  type ranges,
  RangeTree,
  type ChainRange,
  createSync,
  DeliveryTracker,
  IdSet,
  type OperationPlace,
  type ServerView,
  type Standing,
  type SyncEffect,
  type SyncFound,
  type SyncInput,
  type SyncMachine,
  type SyncQuery
} from '../../src/sync/index.ts'

export const suite: Suite = await createNodeSuite()

/** A seeded stream (SplitMix32): every draw of a world comes from one. */
export class Seeded implements Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  below(bound: number): number {
    return this.next() % bound
  }
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 255)
  }
}

export const SERVER = idFromBytes('s', suite.sha256(utf8('server')))
export const SECRET = suite.sha256(utf8('topic secret'))
const TAG = suite.sha256(utf8('tag')).subarray(0, 16)

/** A device by name. */
export function deviceOf(name: string): { key: SigningKey; device: DeviceId; authorId: Uint8Array } {
  const key = suite.signingKey(suite.sha256(utf8(name)))
  const device = idFromBytes('d', key.publicKey)
  return { key, device, authorId: authorIdOf(suite, TAG, device) }
}

/** An envelope of the right form; its "signature" is good where its first byte is not 0. */
export function envelopeOf(
  author: { authorId: Uint8Array },
  seq: number,
  text = '',
  bytes = 144,
  good = true,
  at?: number
): Uint8Array {
  const content = suite.sha256(concatBytes([utf8(`${seq} ${text}`), author.authorId]))
  const ciphertext = new Uint8Array(bytes).fill(content[0] as number)
  new DataView(ciphertext.buffer).setFloat64(0, at ?? 1_000_000 + seq * 10 + ((content[1] as number) % 32))
  const header = encodeHeader({
    type: 1,
    tag: TAG,
    keyRef: content.subarray(0, 16),
    authorId: author.authorId,
    seq,
    prev: seq === 1 ? new Uint8Array(24) : content.subarray(0, 24),
    nonce: content.subarray(8, 32)
  })
  return concatBytes([header, ciphertext, new Uint8Array(64).fill(good ? 1 : 0)])
}

/** A fake operation: bytes that name what it builds on, and the place they give it. */
export function operationOf(
  parents: readonly OperationPlace[],
  author: string,
  text: string,
  leaf = false
): OperationPlace & { bytes: Uint8Array; leaf: boolean } {
  const lamport = parents.reduce((max, parent) => Math.max(max, parent.lamport + 1), 0)
  const bytes = encodeCbor([leaf, lamport, author, text, parents.map(parent => idToBytes(parent.id))])
  return {
    id: idFromBytes('o', suite.sha256(bytes)),
    prev: null,
    parents: parents.map(parent => parent.id),
    refs: [],
    lamport,
    leaf,
    bytes
  }
}

type Held = ReturnType<typeof operationOf>

/** The channels of the world; some envelopes are acts, and some of no log, as nobody can open them yet. */
export const CHANNELS: readonly ChannelId[] = [1, 2, 3].map(n => idFromBytes('c', new Uint8Array(32).fill(n)))

/** Where an envelope lies in a channel, by nothing but its bytes. */
export function entryOf(
  { idBytes: id, ciphertext, seq }: { idBytes: Uint8Array; ciphertext: Uint8Array; seq: number },
  chain: ChainId,
  channels = CHANNELS
): { log: EnvelopeLog; entry: MessageEntry } | undefined {
  const channel = channels[(id[0] as number) % channels.length]
  const kind = id[1] as number
  if (channel === undefined || kind < 6) return undefined
  const time = new DataView(ciphertext.buffer, ciphertext.byteOffset).getFloat64(0)
  return { log: kind < 32 ? 'acts' : channel, entry: { time, share: fingerprintOf(id), chain, seq } }
}

/** One server as a node holds it. */
export class Holdings implements ServerView {
  readonly server = SERVER
  readonly operationIds = new IdSet<OperationId>()
  /** Something else has the line (ND27). */
  holding = false
  readonly recordIds = new IdSet<RecordId>()
  readonly chains = new ChainIndex()
  readonly held = new Map<OperationId, Held>()
  readonly records = new Map<RecordId, Uint8Array>()
  readonly envelopes = new Map<ChainId, Map<number, Uint8Array[]>>()
  readonly ids = new Set<MessageId>()
  readonly standings = new Map<DeviceId, Standing>()
  readonly authors: Map<string, DeviceId>
  readonly tracker = new DeliveryTracker()
  fallback: Standing = 'member'
  secrets: readonly Uint8Array[] = [SECRET]
  #covered = new Set<OperationId>()
  readonly #channels: readonly ChannelId[]
  readonly logs: Map<EnvelopeLog, RangeTree<MessageEntry>>

  constructor(authors: Map<string, DeviceId>, channels = CHANNELS) {
    this.authors = authors
    this.#channels = channels
    this.logs = new Map([...channels, 'acts' as const].map(id => [id, new RangeTree()]))
  }

  offered(): readonly Uint8Array[] {
    return this.secrets.slice(0, 1)
  }
  kept(): readonly Uint8Array[] {
    return this.secrets
  }
  standing(device: DeviceId): Standing {
    return this.standings.get(device) ?? this.fallback
  }
  /** By which operations the removed were removed: all are told of the same here. */
  removed: readonly OperationId[] = []
  removals(): readonly OperationId[] {
    return this.removed
  }
  /** Our own leave, while it is told. */
  left: OperationId | undefined
  farewell(): OperationId | undefined {
    return this.left
  }
  recordTime(id: RecordId): number {
    return (this.records.get(id)?.length ?? 0) % 7
  }
  channels(): readonly ChannelId[] {
    return this.#channels
  }
  /** Of which somebody looks at the newest page. */
  shown: readonly ChannelId[] = []
  onScreen(): readonly ChannelId[] {
    return this.shown
  }
  knowsChain(chain: ChainId): boolean {
    return this.fallback !== 'unjudged' && chain.startsWith('d')
  }
  readonly operations = {
    heads: (): readonly OperationId[] =>
      [...this.held.values()].filter(each => !each.leaf && !this.#covered.has(each.id)).map(each => each.id),
    leaves: (): readonly OperationId[] =>
      [...this.held.values()].filter(each => each.leaf && !this.#covered.has(each.id)).map(each => each.id),
    get: (id: OperationId): Held | undefined => this.held.get(id)
  }

  /** Adds what a peer or the user brought; says how many were new, and what was wrong. */
  take(kind: string, items: readonly Uint8Array[]): { fresh: number; refusal?: Refusal } {
    let fresh = 0
    for (const item of items) {
      const verdict =
        kind === 'operations'
          ? this.addOperation(item)
          : kind === 'records'
            ? this.addRecord(item)
            : this.addEnvelope(item)
      if (typeof verdict !== 'boolean') return { fresh, refusal: verdict }
      if (verdict) fresh++
    }
    return { fresh }
  }

  addOperation(bytes: Uint8Array): boolean | Refusal {
    const read = decodeCbor(bytes)
    if (!read.ok) return read
    const [leaf, lamport, , , parents] = read.value as [boolean, number, string, string, Uint8Array[]]
    const id = idFromBytes('o', suite.sha256(bytes))
    if (this.held.has(id)) return false
    const places = parents.map(parent => this.held.get(idFromBytes('o', parent)))
    if (places.some(place => place === undefined))
      return refuse('AU9', 'parents come later than their children')
    this.held.set(id, {
      id,
      prev: null,
      parents: parents.map(each => idFromBytes('o', each)),
      refs: [],
      lamport,
      leaf,
      bytes
    })
    this.operationIds.add(id)
    if (!leaf) for (const place of places) this.#covered.add((place as Held).id)
    return true
  }

  addRecord(bytes: Uint8Array): boolean {
    const id = idFromBytes('k', suite.sha256(bytes))
    this.records.set(id, bytes)
    return this.recordIds.add(id)
  }

  addEnvelope(bytes: Uint8Array): boolean | Refusal {
    const read = readEnvelope(suite, bytes)
    if (!read.ok) return read
    if (read.value.signature[0] === 0) return refuse('EN3', 'the signature does not verify')
    const device = this.authors.get(String(read.value.authorId))
    if (device === undefined || this.ids.has(read.value.id)) return false
    this.ids.add(read.value.id)
    this.chains.add(device, read.value.seq, read.value.idBytes)
    const place = entryOf(read.value, device, this.#channels)
    if (place !== undefined) this.logs.get(place.log)?.add(place.entry)
    const chain = this.envelopes.get(device) ?? new Map<number, Uint8Array[]>()
    chain.set(read.value.seq, [...(chain.get(read.value.seq) ?? []), bytes])
    this.envelopes.set(device, chain)
    return true
  }

  /** What is held of a chain at these numbers. */
  idsAt(device: DeviceId, numbers: ranges.Ranges): readonly MessageId[] {
    const out: MessageId[] = []
    for (const [from, to] of numbers)
      for (let seq = from; seq <= to; seq++)
        for (const bytes of this.envelopes.get(device)?.get(seq) ?? []) {
          const read = readEnvelope(suite, bytes)
          if (read.ok) out.push(read.value.id)
        }
    return out
  }

  /** What the store answers. */
  find(query: SyncQuery): SyncFound {
    if (query.kind === 'outbox') {
      const waiting = this.tracker.outbox().filter(each => each.seq >= query.from)
      const offers = waiting.slice(0, query.itemsMax)
      return { kind: 'outbox', offers, next: waiting[query.itemsMax]?.seq ?? null }
    }
    if (query.kind === 'logs') return { kind: 'logs', logs: query.spans.map(span => this.#findLog(span)) }
    if (query.kind !== 'envelopes') {
      const source =
        query.kind === 'operations'
          ? (id: string) => this.held.get(id as OperationId)?.bytes
          : (id: string) => this.records.get(id as RecordId)
      const items: Uint8Array[] = []
      let size = 0
      let rest = 0
      for (const [i, id] of query.ids.entries()) {
        const bytes = source(id)
        if (bytes === undefined) continue
        if (items.length > 0 && size + bytes.length > query.bytesMax) {
          rest = query.ids.length - i
          break
        }
        items.push(bytes)
        size += bytes.length
      }
      return { kind: query.kind, items, rest }
    }
    return this.#findEnvelopes(query.ranges, query.itemsMax, query.bytesMax)
  }

  /** As a store reads it: the newest part, from a whole time on. */
  #findLog({ log: name, from, to, newest }: MessageSpan): MessageLog | null {
    const log = this.logs.get(name)
    if (log === undefined) return null
    const [low, high] = [log.below(from).count, log.below(to).count]
    const all = log.slice(low, high)
    if (newest === 0 || all.length <= newest) return { tree: RangeTree.of(all), from }
    const begin = { time: (all[all.length - newest - 1] as MessageEntry).time + 1, share: 0n }
    return { tree: RangeTree.of(all.filter(each => compareBounds(each, begin) >= 0)), from: begin }
  }

  #findEnvelopes(ranges: readonly ChainRange[], itemsMax: number, bytesMax: number): SyncFound {
    const items: Uint8Array[] = []
    let size = 0
    for (const [i, { chain, from, to }] of ranges.entries()) {
      const part: Uint8Array[] = []
      for (let seq = to; seq >= from; seq--) {
        const here = this.envelopes.get(chain)?.get(seq) ?? []
        const more = here.reduce((sum, each) => sum + each.length, 0)
        if (
          items.length + part.length > 0 &&
          (items.length + part.length + here.length > itemsMax || size + more > bytesMax)
        ) {
          return {
            kind: 'envelopes',
            items: [...items, ...part],
            stubs: [],
            rest: [{ chain, from, to: seq }, ...ranges.slice(i + 1)]
          }
        }
        part.unshift(...here)
        size += more
      }
      items.push(...part)
    }
    return { kind: 'envelopes', items, stubs: [], rest: [] }
  }

  holds(): boolean {
    return this.holding
  }

  /** Everything held, for comparing nodes. */
  fingerprint(): string {
    return JSON.stringify([
      [...this.held.keys()].sort(compareIds),
      [...this.records.keys()].sort(compareIds),
      [...this.ids].sort(compareIds)
    ])
  }
}

/** How a world misbehaves. */
export interface Faults {
  /** One way, always; and what chance adds to it at most. */
  readonly latencyMs: number
  readonly delayMs: number
  /** Chance, in thousandths, that a gossip delivery is lost. */
  readonly gossipLoss: number
}

interface End {
  readonly node: WorldNode
  readonly session: number
  other?: End
  alive: boolean
  free: number
}

/** One node: a machine and what it holds. */
export class WorldNode {
  readonly name: string
  readonly identity: ReturnType<typeof deviceOf>
  readonly views = new Map<ServerId, Holdings>()
  readonly machine: SyncMachine
  readonly ends = new Map<number, End>()
  readonly log: SyncEffect[] = []
  readonly world: World
  #wake = 0
  #free = 0
  seq = 0
  /** Called with every delivery before it is judged: hostile or slow nodes are made here. */
  /** Nothing can be kept: its disk is full. */
  full = false
  onDeliver: ((effect: Extract<SyncEffect, { type: 'deliver' }>) => void) | undefined

  constructor(world: World, name: string, speaksRanges = true, budget?: Budget) {
    this.world = world
    this.name = name
    this.identity = deviceOf(name)
    this.machine = createSync({
      suite,
      random: new Seeded(world.random.next()),
      device: this.identity.device,
      signer: this.identity.key,
      views: this.views,
      ranges: speaksRanges,
      ...(budget === undefined ? {} : { budget })
    })
  }

  get holdings(): Holdings {
    return this.views.get(SERVER) as Holdings
  }

  step(input: { type: SyncInput['type'] } & Record<string, unknown>): void {
    for (const effect of this.machine.step({ ...input, at: this.world.now } as SyncInput)) this.#act(effect)
  }

  /** Asks for nothing, or again. */
  hold(holding: boolean): void {
    this.holdings.holding = holding
    if (!holding) this.step({ type: 'standing', server: SERVER })
  }

  /** The user writes a message; gossip carries it as far as it goes. */
  post(text: string, bytes?: number, seq = ++this.seq): Uint8Array {
    const envelope = envelopeOf(this.identity, seq, text, bytes)
    this.store('envelopes', [envelope])
    return envelope
  }

  store(
    kind: 'operations' | 'records' | 'envelopes',
    items: readonly Uint8Array[],
    from?: DeviceId,
    urgent = false
  ): void {
    this.holdings.take(kind, items)
    if (kind === 'envelopes' && from === undefined) {
      for (const item of items) {
        const read = readEnvelope(suite, item)
        if (read.ok) this.holdings.tracker.add(read.value.id, read.value.seq)
      }
    }
    this.step({
      type: 'stored',
      server: SERVER,
      [kind]: items,
      ...(from === undefined ? {} : { from }),
      urgent
    })
  }

  #act(effect: SyncEffect): void {
    this.log.push(effect)
    const { world } = this
    switch (effect.type) {
      case 'send':
        return world.carry(this, effect.session, effect.bytes)
      case 'close':
        return world.cut(this.ends.get(effect.session))
      case 'timer': {
        const mark = ++this.#wake
        if (effect.at !== null)
          world.after(Math.max(0, effect.at - world.now), () => {
            if (mark === this.#wake) this.step({ type: 'wake' })
          })
        return
      }
      case 'lookup':
        return world.after(world.random.below(3), () =>
          this.step({
            type: 'found',
            lookup: effect.lookup,
            found: (this.views.get(effect.query.server) as Holdings).find(effect.query)
          })
        )
      case 'deliver':
        return this.#judge(effect)
      case 'receipt':
        this.holdings.tracker.apply(
          effect.receipt,
          { role: 'member', user: effect.receipt.signer as never, mayRead: () => true },
          { self: this.identity.device as never, otherHolders: 9, hasStores: false }
        )
        return
      case 'offered':
        return this.#receipts(this.holdings.idsAt(effect.device, effect.numbers), effect.device)
      default:
    }
  }

  #judge(effect: Extract<SyncEffect, { type: 'deliver' }>): void {
    this.#free = Math.max(this.#free, this.world.now) + this.world.random.below(4)
    this.world.after(this.#free - this.world.now, () => {
      this.onDeliver?.(effect)
      if (this.full) return this.step({ type: 'taken', delivery: effect.delivery, fresh: 0, lost: true })
      const verdict = this.views.get(effect.server)?.take(effect.kind, effect.items) ?? { fresh: 0 }
      if (verdict.fresh > 0)
        this.step({ type: 'stored', server: effect.server, from: effect.device, [effect.kind]: effect.items })
      if (effect.kind === 'operations' && verdict.fresh > 0) this.onOperations?.()
      this.step({ type: 'taken', delivery: effect.delivery, ...verdict })
      if (effect.kind === 'envelopes')
        this.#receipts(
          effect.items.flatMap(item => {
            const read = readEnvelope(suite, item)
            return read.ok ? [read.value.id] : []
          }),
          effect.device
        )
    })
  }

  onOperations: (() => void) | undefined

  #receipts(ids: readonly MessageId[], author: DeviceId): void {
    if (ids.length > 0) this.step({ type: 'receipts', server: SERVER, author, kind: 'durable', ids })
  }
}

/** All nodes, all streams, one clock. */
export class World {
  now = 1_000_000
  readonly random: Seeded
  readonly nodes: WorldNode[] = []
  readonly authors = new Map<string, DeviceId>()
  readonly faults: Faults
  bytes = 0
  frames = 0
  /** Sees every frame that leaves. */
  watch: ((from: WorldNode, to: WorldNode, bytes: Uint8Array) => void) | undefined
  #events: { at: number; order: number; run: () => void }[] = []
  #order = 0
  #session = 0

  constructor(seed: number, faults: Partial<Faults> = {}) {
    this.random = new Seeded(seed)
    this.faults = { latencyMs: 0, delayMs: 5, gossipLoss: 0, ...faults }
  }

  /** A node that holds the server, or joins it. */
  add(
    name: string,
    options: {
      joining?: boolean
      ranges?: boolean
      channels?: readonly ChannelId[]
      budget?: Budget
    } = {}
  ): WorldNode {
    const node = new WorldNode(this, name, options.ranges, options.budget)
    const holdings = new Holdings(this.authors, options.channels)
    if (options.joining === true) holdings.fallback = 'unjudged'
    node.views.set(SERVER, holdings)
    this.authors.set(String(node.identity.authorId), node.identity.device)
    this.nodes.push(node)
    return node
  }

  connect(a: WorldNode, b: WorldNode, options: { circuit?: boolean; gossip?: boolean } = {}): void {
    const [one, two]: End[] = [a, b].map(node => ({
      node,
      session: ++this.#session,
      alive: true,
      free: 0
    })) as [End, End]
    one.other = two
    two.other = one
    a.ends.set(one.session, one)
    b.ends.set(two.session, two)
    const common = {
      type: 'open' as const,
      circuit: options.circuit ?? false,
      gossip: options.gossip ?? true
    }
    b.step({ ...common, session: two.session, role: 'listener', peer: a.identity.device })
    a.step({ ...common, session: one.session, role: 'dialler', peer: b.identity.device })
  }

  carry(node: WorldNode, session: number, bytes: Uint8Array): void {
    const end = node.ends.get(session)
    if (end?.alive !== true || end.other === undefined) return
    this.bytes += bytes.length
    this.frames++
    this.watch?.(node, end.other.node, bytes)
    const { other } = end
    // Ordered, as streams are.
    end.free = Math.max(
      end.free,
      this.now + this.faults.latencyMs + this.random.below(this.faults.delayMs + 1)
    )
    this.after(end.free - this.now, () => {
      if (other.alive) other.node.step({ type: 'frame', session: other.session, bytes })
    })
  }

  cut(end: End | undefined): void {
    if (end?.alive !== true) return
    const both = [end, end.other as End]
    for (const each of both) each.alive = false
    for (const each of both) {
      each.node.ends.delete(each.session)
      this.after(1, () => each.node.step({ type: 'gone', session: each.session }))
    }
  }

  cutAll(): void {
    for (const node of this.nodes) for (const end of node.ends.values()) this.cut(end)
  }

  /** Gossip among all nodes: fast, and lossy as told. */
  gossip(from: WorldNode, envelope: Uint8Array): void {
    for (const node of this.nodes) {
      if (node === from || this.random.below(1_000) < this.faults.gossipLoss) continue
      this.after(1 + this.random.below(this.faults.delayMs + 1), () =>
        node.store('envelopes', [envelope], from.identity.device)
      )
    }
  }

  after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, order: this.#order++, run }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      const each = this.#events[middle] as typeof event
      if (each.at < event.at || (each.at === event.at && each.order < event.order)) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
  }

  /** Runs until the given time from now, or until the condition holds after an event. */
  run(ms: number, until?: () => boolean): boolean {
    const end = this.now + ms
    while (this.#events.length > 0 && (this.#events[0] as { at: number }).at <= end) {
      const event = this.#events.shift() as { at: number; run: () => void }
      this.now = event.at
      event.run()
      if (until?.() === true) return true
    }
    this.now = end
    return until?.() ?? true
  }

  agree(): boolean {
    const [first, ...rest] = this.nodes.map(node => node.holdings.fingerprint())
    return rest.every(each => each === first)
  }
}
