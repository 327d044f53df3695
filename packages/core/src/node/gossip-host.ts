/**
 * Gossip between replicas and the network (NT25–NT29): own envelopes leave in bundles, neighbours' bundles are
 * judged before they go on. Gossip is fast and lossy; what it drops, sync brings.
 */
import type { DeviceId } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  decodeBundle,
  encodeBundle,
  type Envelope,
  EnvelopeType,
  splitBundles,
  verifyBundle
} from '../graph/index.ts'
import type { GossipMessage, GossipVerdict, Transport } from '../net/index.ts'
import { mayForward } from './arrival-rules.ts'
import type { LiveReplica } from './replica.ts'
import { takeEnvelopes } from './take-envelopes.ts'
import type { Work } from './work.ts'

/** NT29: bytes waiting towards the slowest neighbour above which we stop gossiping and let neighbours pull. */
const BACKLOG_BYTES_MAX = 262_144
/** NT26: envelopes that may wait for a replica's turn; beyond, sync brings them at its own pace. */
const WAITING_MAX = 4_000

export interface GossipHostInit {
  readonly suite: Suite
  readonly transport: Transport
  now(): number
  readonly fault: (error: unknown) => void
}

export interface GossipHost {
  /** Subscribes to the topics a replica has now, and leaves those it has no more. */
  refresh(replica: LiveReplica): void
  forget(replica: LiveReplica): void
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  /** Whether a device is our neighbour in any topic. */
  neighbours(device: DeviceId): boolean
}

async function takeLive(
  work: Work,
  from: DeviceId,
  bundle: readonly Envelope[],
  verified: boolean
): Promise<number> {
  work.live = true
  try {
    return (await takeEnvelopes(work, bundle, from, verified)).fresh
  } finally {
    work.live = false
  }
}

/** Connects replicas to a transport's gossip. */
export function createGossipHost(init: GossipHostInit): GossipHost {
  const { gossip } = init.transport
  const byTopic = new Map<string, LiveReplica>()
  const waiting = new Map<LiveReplica, number>()

  const topicsOf = (replica: LiveReplica): ReadonlySet<string> =>
    new Set(
      replica.current.status === 'left' ? [] : replica.current.ring.topics(init.now()).map(each => each.topic)
    )

  const drop = (topic: string): void => {
    byTopic.delete(topic)
    gossip.unsubscribe(topic)
  }

  gossip.validate(async message => {
    const replica = byTopic.get(message.topic)
    if (replica === undefined) return 'ignore'
    const bundle = decodeBundle(init.suite, message.data)
    if (!bundle.ok) return 'reject'
    return await judge(replica, message, bundle.value)
  })

  async function judge(
    replica: LiveReplica,
    message: GossipMessage,
    bundle: readonly Envelope[]
  ): Promise<GossipVerdict> {
    const first = bundle[0] as Envelope
    const { current } = replica
    if (first.type === EnvelopeType.ephemeral || current.ring.topicOf(first.tag)?.topic !== message.topic)
      return 'ignore'
    if ((waiting.get(replica) ?? 0) > WAITING_MAX) return 'ignore'
    const device = current.deviceOf(first.tag, first.authorId)
    if (device === undefined) {
      // EN10: control and key envelopes may introduce their author; kept only if its signature verifies.
      const taken = await take(replica, message.from, bundle, false)
      return taken > 0 ? 'accept' : 'ignore'
    }
    if (!verifyBundle(init.suite, bundle, device).ok) return 'reject'
    // Before it is taken: what we know of the author's pace ends with the message before.
    const passes = mayForward(current, device, bundle, init.now())
    // What does not go on is not taken either; what of it belongs into chains, sync brings.
    if (passes) take(replica, message.from, bundle, true).catch(init.fault)
    return passes ? 'accept' : 'ignore'
  }

  async function take(
    replica: LiveReplica,
    from: DeviceId,
    bundle: readonly Envelope[],
    verified: boolean
  ): Promise<number> {
    waiting.set(replica, (waiting.get(replica) ?? 0) + bundle.length)
    try {
      return await replica.do(async work => await takeLive(work, from, bundle, verified))
    } finally {
      waiting.set(replica, (waiting.get(replica) ?? 0) - bundle.length)
    }
  }

  return {
    refresh: replica => {
      const wanted = topicsOf(replica)
      for (const [topic, owner] of byTopic) if (owner === replica && !wanted.has(topic)) drop(topic)
      for (const topic of wanted) {
        if (byTopic.has(topic)) continue
        byTopic.set(topic, replica)
        gossip.subscribe(topic)
      }
    },
    forget: replica => {
      for (const [topic, owner] of byTopic) if (owner === replica) drop(topic)
      waiting.delete(replica)
    },
    publish: (replica, envelopes) => {
      if (gossip.backlogBytes() > BACKLOG_BYTES_MAX) return
      for (const bundle of splitBundles(envelopes)) {
        const topic = replica.current.ring.topicOf((bundle[0] as Envelope).tag)?.topic
        if (topic !== undefined) gossip.publish(topic, encodeBundle(bundle)).catch(init.fault)
      }
    },
    neighbours: device => {
      for (const topic of byTopic.keys()) if (gossip.subscribers(topic).includes(device)) return true
      return false
    }
  }
}
