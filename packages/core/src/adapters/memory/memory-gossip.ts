/** Gossip among the peers of a memory network: flooding over direct links, each message judged once. */
import { toString } from 'uint8arrays'
import { BUNDLE_BYTES_MAX, type DeviceId, XcordError } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { type Gossip, gossipMessageId, type GossipMessage, type GossipVerdict } from '../../net/index.ts'
import type { MemoryPeer } from './memory-peer.ts'

/** Rejects by one neighbour before it is no longer heard, as four do in NT27. */
const REJECTS_MAX = 4
/** Message ids remembered. */
const SEEN_MAX = 20_000

/** What messages were called, each with the topic that it was sent to. */
export type GossipIds = WeakMap<Uint8Array, { readonly topic: string; readonly id: string }>

/** A message's id, as text; remembered, since the same bytes go over many links. */
export function idOfGossip(known: GossipIds, suite: Suite, topic: string, data: Uint8Array): string {
  const found = known.get(data)
  if (found?.topic === topic) return found.id
  const id = toString(gossipMessageId(suite, topic, data), 'base64')
  known.set(data, { topic, id })
  return id
}

/** What became of a message: a verdict, or nobody looked at it. */
export type GossipFate = GossipVerdict | 'again' | 'unheard'

/** One message on its way to one neighbour. */
export interface GossipTold {
  readonly topic: string
  readonly data: Uint8Array
}

/** A peer's mouth: what is told to a neighbour in place of a message, for peers that lie. */
export interface GossipMouth {
  /** @param topics - Those the neighbour listens to. */
  leaving(told: GossipTold, to: DeviceId, topics: readonly string[]): readonly GossipTold[]
  /** What the neighbour made of it. */
  judged(told: GossipTold, fate: GossipFate): void
}

/** The peer's half that other peers reach. */
export interface MemoryGossip extends Gossip {
  isSubscribed(topic: string): boolean
  topics(): readonly string[]
  receive(told: GossipTold, from: DeviceId, judged?: (fate: GossipFate) => void): void
}

/** What gossip needs of its peer. */
export interface MemoryGossipDeps {
  idOf(topic: string, data: Uint8Array): string
  isStarted(): boolean
  isBanned(device: DeviceId): boolean
  /** Peers on direct links. */
  neighbours(): readonly MemoryPeer[]
  /** Hands a message to a neighbour, as the network allows. */
  pass(to: MemoryPeer, told: GossipTold, judged?: (fate: GossipFate) => void): void
  readonly mouth: GossipMouth | undefined
  subscriptionChanged(topic: string, subscribed: boolean): void
}

/** Makes the gossip of one peer. */
export function createMemoryGossip(deps: MemoryGossipDeps): MemoryGossip {
  const topics = new Set<string>()
  const seen = new Set<string>()
  const rejects = new Map<DeviceId, number>()
  let judge: ((message: GossipMessage) => Promise<GossipVerdict>) | undefined

  const isNew = (id: string): boolean => {
    if (seen.has(id)) return false
    seen.add(id)
    const oldest = seen.size > SEEN_MAX ? seen.values().next().value : undefined
    if (oldest !== undefined) seen.delete(oldest)
    return true
  }
  const spread = (topic: string, data: Uint8Array, except: DeviceId | undefined): number => {
    const to = deps.neighbours().filter(each => each.device !== except && each.gossip.isSubscribed(topic))
    const { mouth } = deps
    for (const peer of to) {
      if (mouth === undefined) deps.pass(peer, { topic, data })
      else
        for (const told of mouth.leaving({ topic, data }, peer.device, peer.gossip.topics()))
          deps.pass(peer, told, fate => mouth.judged(told, fate))
    }
    return to.length
  }
  return {
    topics: () => [...topics],
    isSubscribed: topic => topics.has(topic),
    subscribe: topic => {
      if (topics.has(topic)) return
      topics.add(topic)
      deps.subscriptionChanged(topic, true)
    },
    unsubscribe: topic => {
      if (topics.delete(topic)) deps.subscriptionChanged(topic, false)
    },
    publish: async (topic, data) => {
      if (data.length > BUNDLE_BYTES_MAX)
        throw new RangeError(`a gossip message has at most ${BUNDLE_BYTES_MAX} bytes, not ${data.length}`)
      if (!deps.isStarted())
        throw new XcordError('XCORD_CLOSED', 'The network is not started.', { what: 'transport' })
      return isNew(deps.idOf(topic, data)) ? spread(topic, new Uint8Array(data), undefined) : 0
    },
    subscribers: topic =>
      deps
        .neighbours()
        .filter(each => each.gossip.isSubscribed(topic))
        .map(each => each.device),
    validate: run => {
      judge = run
    },
    setOnline: () => undefined,
    backlogBytes: () => 0,
    receive: ({ topic, data }, from, judged) => {
      if (
        !topics.has(topic) ||
        judge === undefined ||
        deps.isBanned(from) ||
        (rejects.get(from) ?? 0) >= REJECTS_MAX
      )
        return judged?.('unheard')
      if (!isNew(deps.idOf(topic, data))) return judged?.('again')
      void judge({ topic, data, from })
        .catch((): GossipVerdict => 'ignore')
        .then(verdict => {
          judged?.(verdict)
          if (verdict === 'reject') rejects.set(from, (rejects.get(from) ?? 0) + 1)
          if (verdict === 'accept' && topics.has(topic)) spread(topic, data, from)
        })
    }
  }
}
