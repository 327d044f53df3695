/**
 * Gossip between replicas and the network (NT25–NT29): own envelopes leave in bundles, neighbours' bundles are
 * judged before they go on. Gossip is fast and lossy; what it drops, sync brings.
 */
import type { DeviceId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  decodeBundle,
  encodeBundle,
  type Envelope,
  EnvelopeType,
  splitBundles,
  verifyBundle
} from '../../graph/index.ts'
import type { GossipMessage, GossipVerdict, Transport } from '../../net/index.ts'
import { judgeForward } from '../intake/arrival-rules.ts'
import { isOut } from '../replica/membership.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { takeEnvelopes } from '../intake/take-envelopes.ts'
import type { Work } from '../replica/work.ts'

/** NT29: bytes waiting towards the slowest neighbour above which we stop gossiping and let neighbours pull. */
const BACKLOG_BYTES_MAX = 262_144
/** NT26: envelopes that may wait for a replica's turn; beyond, sync brings them at its own pace. */
const WAITING_MAX = 4_000

export interface GossipHostInit {
  readonly suite: Suite
  readonly transport: Transport
  readonly now: () => number
  /** What is never stored (EN9). */
  readonly ephemeral: (replica: LiveReplica, bundle: readonly Envelope[]) => GossipVerdict
  readonly fault: (error: unknown) => void
}

export interface GossipHost {
  /** Subscribes to the topics a replica has now, and leaves those it has no more. */
  refresh(replica: LiveReplica): void
  forget(replica: LiveReplica): void
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  /**
   * Whether gossip brings a device all that we publish: it listens to the topic in force of each server that we share.
   * Just after a topic was renewed (EK17) it may not, and what we write then would only come with sync's next beat.
   */
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
  return new Host(init)
}

class Host implements GossipHost {
  readonly #init: GossipHostInit
  readonly #byTopic = new Map<string, LiveReplica>()
  readonly #waiting = new Map<LiveReplica, number>()

  constructor(init: GossipHostInit) {
    this.#init = init
    init.transport.gossip.validate(async message => {
      const replica = this.#byTopic.get(message.topic)
      if (replica === undefined) return 'ignore'
      const bundle = decodeBundle(init.suite, message.data)
      if (!bundle.ok) return 'reject'
      return await this.#judge(replica, message, bundle.value)
    })
  }

  refresh(replica: LiveReplica): void {
    const wanted = this.#topicsOf(replica)
    for (const [topic, owner] of this.#byTopic)
      if (owner === replica && !wanted.has(topic)) this.#leave(topic)
    for (const topic of wanted) {
      if (this.#byTopic.has(topic)) continue
      this.#byTopic.set(topic, replica)
      this.#init.transport.gossip.subscribe(topic)
    }
  }

  forget(replica: LiveReplica): void {
    for (const [topic, owner] of this.#byTopic) if (owner === replica) this.#leave(topic)
    this.#waiting.delete(replica)
  }

  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void {
    const { gossip } = this.#init.transport
    if (gossip.backlogBytes() > BACKLOG_BYTES_MAX) return
    for (const bundle of splitBundles(envelopes)) {
      const topic = replica.current.ring.topicOf((bundle[0] as Envelope).tag)?.topic
      if (topic !== undefined) gossip.publish(topic, encodeBundle(bundle)).catch(this.#init.fault)
    }
  }

  neighbours(device: DeviceId): boolean {
    const { gossip } = this.#init.transport
    let shared = false
    for (const replica of new Set(this.#byTopic.values())) {
      if (replica.view.standing(device) !== 'member') continue
      const topic = replica.current.ring.currentTopic()?.topic
      if (topic === undefined || !gossip.subscribers(topic).includes(device)) return false
      shared = true
    }
    return shared
  }

  #topicsOf({ current }: LiveReplica): ReadonlySet<string> {
    return new Set(
      isOut(current) || current.status === 'imported'
        ? []
        : current.ring.topics(this.#init.now()).map(each => each.topic)
    )
  }

  #leave(topic: string): void {
    this.#byTopic.delete(topic)
    this.#init.transport.gossip.unsubscribe(topic)
  }

  async #judge(
    replica: LiveReplica,
    message: GossipMessage,
    bundle: readonly Envelope[]
  ): Promise<GossipVerdict> {
    const { suite, now, fault } = this.#init
    const first = bundle[0] as Envelope
    const { current } = replica
    if (current.ring.topicOf(first.tag)?.topic !== message.topic) return 'ignore'
    if (first.type === EnvelopeType.ephemeral) return this.#init.ephemeral(replica, bundle)
    if ((this.#waiting.get(replica) ?? 0) > WAITING_MAX) return 'ignore'
    const device = current.deviceOf(first.tag, first.authorId)
    if (device === undefined) {
      // EN10: control and key envelopes may introduce their author; kept only if its signature verifies.
      const taken = await this.#take(replica, message.from, bundle, false)
      return taken > 0 ? 'accept' : 'ignore'
    }
    if (!verifyBundle(suite, bundle, device).ok) return 'reject'
    // Before it is taken: what we know of the author's pace ends with the message before.
    const verdict = judgeForward(current, device, bundle, now())
    // What does not go on is not taken either; what of it belongs into chains, sync brings.
    if (verdict === 'accept') this.#take(replica, message.from, bundle, true).catch(fault)
    return verdict
  }

  async #take(
    replica: LiveReplica,
    from: DeviceId,
    bundle: readonly Envelope[],
    verified: boolean
  ): Promise<number> {
    const waiting = this.#waiting
    waiting.set(replica, (waiting.get(replica) ?? 0) + bundle.length)
    try {
      return await replica.do(async work => await takeLive(work, from, bundle, verified))
    } finally {
      waiting.set(replica, (waiting.get(replica) ?? 0) - bundle.length)
    }
  }
}
