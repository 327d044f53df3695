/** Gossip over @libp2p/gossipsub (NT25 to NT29): unsigned messages, judged by the layers above before they go on. */
import {
  gossipsub,
  type GossipSub,
  type GossipsubMessage,
  StrictNoSign,
  TopicValidatorResult
} from '@libp2p/gossipsub'
import type { Connection as P2pConnection, PeerId } from '@libp2p/interface'
import {
  BUNDLE_BYTES_MAX,
  type DeviceId,
  GOSSIP_BACKLOG_BYTES_MAX,
  GOSSIP_PENDING_MAX,
  XcordError
} from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type Gossip,
  gossipMessageId,
  type GossipMessage,
  type GossipVerdict,
  meshProfile
} from '../../net/index.ts'
import { deviceOfPeer } from './identity.ts'
import { quietly } from './quiet-timer.ts'
import { createVerdicts } from './verdicts.ts'

/** How often neighbours without a stream are looked for, ms. */
const REPAIR_MS = 5_000
/** Every score counter decays at this pace, ms. */
const DECAY_MS = 1_000

const VERDICTS: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  blame: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject
}

/** Score of one topic (NT27). P3 and P3b are off: chat is silent for hours. */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1_000,
  firstMessageDeliveriesWeight: 0.5,
  firstMessageDeliveriesDecay: 0.99,
  firstMessageDeliveriesCap: 20,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -5,
  invalidMessageDeliveriesDecay: 0.9988
}

/** What gossipsub can and its public interface leaves out. */
interface FullGossipSub extends GossipSub {
  reportMessageValidationResult(id: string, source: string, verdict: TopicValidatorResult): void
  publish(
    topic: string,
    data: Uint8Array,
    options?: { floodPublish?: boolean; batchPublish?: boolean }
  ): Promise<{ recipients: PeerId[] }>
}

/** The parts of gossipsub that are its own; each use is guarded. */
interface GossipInternals {
  readonly opts?: { D: number; Dlo: number; Dhi: number; Dout: number; Dscore: number }
  readonly score?: { readonly params?: { readonly topics?: Record<string, unknown> } }
  readonly peers?: ReadonlyMap<string, PeerId>
  readonly streamsOutbound?: ReadonlyMap<
    string,
    { readonly rawStream?: { readonly writeBufferLength?: number } }
  >
  createOutboundStream?(peer: PeerId, connection: P2pConnection): Promise<void>
}

/** Service factory of libp2p with the options of NT25. `scoreOf` answers NT27's application score. */
export function gossipService(
  suite: Pick<Suite, 'sha256'>,
  scoreOf: (peer: string) => number
): ReturnType<typeof gossipsub> {
  const { D, Dlo, Dhi, Dout, Dscore } = meshProfile(0)
  return gossipsub({
    D,
    Dlo,
    Dhi,
    Dout,
    Dscore,
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: message => gossipMessageId(suite, message.topic, message.data),
    asyncValidation: true,
    floodPublish: true,
    doPX: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    maxInboundDataLength: 131_072,
    maxOutboundBufferSize: 1 << 20,
    idontwantMinDataSize: 1_024,
    runOnLimitedConnection: false,
    decodeRpcLimits: {
      maxSubscriptions: 512,
      maxMessages: 500,
      maxIhaveMessageIDs: 500,
      maxIwantMessageIDs: 500,
      maxIdontwantMessageIDs: 51,
      maxControlMessages: 500,
      maxPeerInfos: 2
    },
    scoreParams: {
      topics: {},
      topicScoreCap: 20,
      appSpecificScore: scoreOf,
      appSpecificWeight: 1,
      IPColocationFactorWeight: 0,
      behaviourPenaltyWeight: -10,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.2,
      decayInterval: DECAY_MS
    },
    scoreThresholds: { gossipThreshold: -10, publishThreshold: -50, graylistThreshold: -80 }
  })
}

/** The contract's gossip, and what the transport needs to run it. */
export interface GossipAdapter extends Gossip {
  start(): void
  stop(): void
}

/** What the adapter is given. */
export interface GossipDeps {
  readonly pubsub: GossipSub
  /** Direct connections to a peer, best first. */
  connectionsTo(device: DeviceId): readonly P2pConnection[]
  changed(change: { topic: string; device: DeviceId; subscribed: boolean }): void
  /** A neighbour passed on what it should not have (NT26). */
  blame(peer: string): void
}

/** Wraps the running service. */
export function createGossip(deps: GossipDeps): GossipAdapter {
  return new Gossipsub(deps)
}

type Judge = (message: GossipMessage) => Promise<GossipVerdict>

class Gossipsub implements GossipAdapter {
  readonly #deps: GossipDeps
  readonly #pubsub: FullGossipSub
  readonly #internals: GossipInternals
  readonly #wanted = new Set<string>()
  #judge: Judge | undefined
  readonly #verdicts = createVerdicts()
  #floodBytesMax = meshProfile(0).floodBytesMax
  #started = false
  #repair: ReturnType<typeof setInterval> | undefined

  constructor(deps: GossipDeps) {
    this.#deps = deps
    this.#pubsub = deps.pubsub as FullGossipSub
    this.#internals = deps.pubsub as unknown as GossipInternals
  }

  start(): void {
    this.#started = true
    this.#pubsub.addEventListener('gossipsub:message', this.#onMessage)
    this.#pubsub.addEventListener('subscription-change', this.#onSubscription)
    for (const topic of this.#wanted) this.#join(topic)
    this.#repair = quietly(setInterval(() => reopenStreams(this.#internals, this.#deps), REPAIR_MS))
  }

  stop(): void {
    this.#started = false
    clearInterval(this.#repair)
    this.#pubsub.removeEventListener('gossipsub:message', this.#onMessage)
    this.#pubsub.removeEventListener('subscription-change', this.#onSubscription)
  }

  subscribe(topic: string): void {
    if (this.#wanted.has(topic)) return
    this.#wanted.add(topic)
    if (this.#started) this.#join(topic)
  }

  unsubscribe(topic: string): void {
    if (!this.#wanted.delete(topic)) return
    if (this.#started) this.#pubsub.unsubscribe(topic)
    delete this.#internals.score?.params?.topics?.[topic]
  }

  async publish(topic: string, data: Uint8Array): Promise<number> {
    if (data.length > BUNDLE_BYTES_MAX)
      throw new RangeError(`a gossip message has at most ${BUNDLE_BYTES_MAX} bytes, not ${data.length}`)
    if (!this.#started)
      throw new XcordError('XCORD_CLOSED', 'The network is not started.', { what: 'transport' })
    // NT29: a neighbour that cannot follow is healed by sync; more would only cut its stream.
    if (this.backlogBytes() > 2 * GOSSIP_BACKLOG_BYTES_MAX) return 0
    const { recipients } = await this.#pubsub.publish(topic, data, {
      floodPublish: data.length <= this.#floodBytesMax,
      batchPublish: true
    })
    return recipients.length
  }

  subscribers(topic: string): readonly DeviceId[] {
    if (!this.#started) return []
    return this.#pubsub
      .getSubscribers(topic)
      .map(deviceOfPeer)
      .filter(each => each !== undefined)
  }

  validate(judge: Judge): void {
    this.#judge = judge
  }

  setOnline(count: number): void {
    const { floodBytesMax, ...mesh } = meshProfile(count)
    this.#floodBytesMax = floodBytesMax
    if (this.#internals.opts !== undefined) Object.assign(this.#internals.opts, mesh)
  }

  backlogBytes(): number {
    let most = 0
    for (const stream of this.#internals.streamsOutbound?.values() ?? [])
      most = Math.max(most, stream.rawStream?.writeBufferLength ?? 0)
    return most
  }

  #join(topic: string): void {
    const topics = this.#internals.score?.params?.topics
    if (topics !== undefined) topics[topic] = TOPIC_SCORE
    this.#pubsub.subscribe(topic)
  }

  readonly #onMessage = (event: CustomEvent<GossipsubMessage>): void => {
    const { msg, msgId, propagationSource } = event.detail
    const from = deviceOfPeer(propagationSource)
    // PF21: the source as text, else nobody is scored.
    const source = propagationSource.toString()
    const report = (verdict: GossipVerdict): void => {
      if (verdict === 'blame') this.#deps.blame(source)
      this.#pubsub.reportMessageValidationResult(msgId, source, VERDICTS[verdict])
    }
    if (from === undefined || this.#judge === undefined || this.#verdicts.waiting >= GOSSIP_PENDING_MAX)
      return report('ignore')
    if (msg.data.length > BUNDLE_BYTES_MAX) return report('reject')
    this.#verdicts.expect(this.#judge({ topic: msg.topic, data: msg.data, from }), report)
  }

  readonly #onSubscription = (
    event: CustomEvent<{ peerId: PeerId; subscriptions: { topic: string; subscribe: boolean }[] }>
  ): void => {
    const device = deviceOfPeer(event.detail.peerId)
    if (device === undefined) return
    for (const { topic, subscribe } of event.detail.subscriptions) {
      if (this.#wanted.has(topic)) this.#deps.changed({ topic, device, subscribed: subscribe })
    }
  }
}

/**
 * gossipsub opens one stream a neighbour and never again: if it was cut (a full buffer, say), that neighbour would
 * hear nothing until it reconnects.
 */
function reopenStreams(internals: GossipInternals, deps: GossipDeps): void {
  for (const [name, peer] of internals.peers ?? []) {
    if (internals.streamsOutbound?.has(name) !== false) continue
    const device = deviceOfPeer(peer)
    const connection =
      device === undefined ? undefined : deps.connectionsTo(device).find(each => each.limits === undefined)
    if (connection !== undefined)
      void internals.createOutboundStream?.(peer, connection).catch(() => undefined)
  }
}
