/** Voice channels as live objects: who is in them, and our own session. */
import { judgeQuality } from '@xcord/core/audio'
import type { VoiceEvent, VoicePairStats, VoicePresence, VoiceSession as NodeSession } from '@xcord/core/node'
import type { ChannelId } from '@xcord/core'
import type { Channel } from '../types.ts'
import type {
  ChannelVoice,
  Occupant,
  VoiceCause,
  VoiceEnd,
  VoiceEvents,
  VoicePairJson,
  VoiceParticipant,
  VoiceSession
} from '../voice-types.ts'
import type { LiveServer } from './server.ts'

type NodeParticipant = ReturnType<NodeSession['participants']>[number]
type Listener = (data: never) => void | Promise<void>

/** Somebody in a voice channel. */
function createOccupant(server: LiveServer, presence: VoicePresence): Occupant {
  const { device, user, channel, muted, deafened, speaking, silenced } = presence
  const member = server.liveMember(user)
  const flags = { muted, deafened, speaking, silenced }
  return {
    member,
    device,
    ...flags,
    toJSON: () => ({ member: user, name: member.name, device, channel, ...flags })
  }
}

function toParticipant(server: LiveServer, found: NodeParticipant): VoiceParticipant {
  const { user, session: _session, ...rest } = found
  return { member: server.liveMember(user), ...rest }
}

function toPair(server: LiveServer, { participant, stats }: VoicePairStats): VoicePairJson {
  const { user, device, path, trouble, heard, hears } = participant
  return {
    member: user,
    name: server.liveMember(user).name,
    device,
    path,
    trouble,
    heard,
    hears,
    route: stats?.path ?? null,
    rttMs: stats?.rttMs ?? null,
    jitterMs: stats?.jitterMs ?? null,
    lossPct: stats?.lossPct ?? null,
    receivedKbps: stats?.receivedKbps ?? null,
    sentKbps: stats?.sentKbps ?? null,
    concealedPct: stats?.concealedPct ?? null,
    quality:
      stats === null
        ? null
        : judgeQuality({
            rttMs: stats.rttMs ?? 0,
            jitterMs: stats.jitterMs ?? 0,
            lossShare: (stats.lossPct ?? 0) / 100,
            concealedShare: (stats.concealedPct ?? 0) / 100
          })
  }
}

/** The voice of one channel. */
export function channelVoice(server: LiveServer, channel: ChannelId): ChannelVoice {
  const { node } = server.context
  return {
    get occupants() {
      return node.voice.present(server.id, channel).map(each => createOccupant(server, each))
    },
    join: async (options = {}) => createVoice(server, node.voice.join(server.id, channel, options))
  }
}

/** The one object for a session of the node: joining twice gives it again. */
const sessions = new WeakMap<NodeSession, LiveVoice>()

/** A session of the node as applications see it. */
export function createVoice(server: LiveServer, session: NodeSession): VoiceSession {
  let live = sessions.get(session)
  if (live === undefined) sessions.set(session, (live = new LiveVoice(server, session)))
  return live
}

class LiveVoice implements VoiceSession {
  readonly #server: LiveServer
  readonly #session: NodeSession
  /** The last verdict of each pair. */
  #verdicts = new Map<string, VoicePairJson['quality']>()
  readonly #listeners = new Map<keyof VoiceEvents, Set<Listener>>()

  constructor(server: LiveServer, session: NodeSession) {
    this.#server = server
    this.#session = session
    session.on(event => this.#receive(event))
  }

  get channel(): Channel {
    return this.#server.liveChannel(this.#session.channel)
  }

  get cause(): VoiceCause {
    return this.#session.cause
  }

  get ended(): VoiceEnd | null {
    return this.#session.ended
  }

  get muted(): boolean {
    return this.#session.self.muted
  }

  get deafened(): boolean {
    return this.#session.self.deafened
  }

  get pushToTalk(): boolean {
    return this.#session.self.pushToTalk
  }

  get talking(): boolean {
    return this.#session.self.talking
  }

  get priority(): boolean {
    return this.#session.self.priority
  }

  get participants(): readonly VoiceParticipant[] {
    return this.#session.participants().map(each => toParticipant(this.#server, each))
  }

  get code(): string {
    return this.#session.code()
  }

  send(frame: Int16Array): void {
    this.#session.send(frame)
  }

  mute(on = true): void {
    this.#session.set({ muted: on })
  }

  deafen(on = true): void {
    this.#session.set({ deafened: on })
  }

  talk(on: boolean): void {
    this.#session.set({ talking: on })
  }

  setPriority(on: boolean): void {
    this.#session.set({ priority: on })
  }

  setPushToTalk(on: boolean): void {
    this.#session.set({ pushToTalk: on })
  }

  async stats(): Promise<readonly VoicePairJson[]> {
    return (await this.#session.stats()).map(each => toPair(this.#server, each))
  }

  move(channel: Channel): void {
    this.#session.move(channel.id)
  }

  leave(): void {
    this.#session.leave()
  }

  on<E extends keyof VoiceEvents>(
    event: E,
    listener: (data: VoiceEvents[E]) => void | Promise<void>
  ): () => void {
    const set = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, set)
    const added = listener as Listener
    set.add(added)
    return () => void set.delete(added)
  }

  #receive(event: VoiceEvent): void {
    switch (event.type) {
      case 'audio': {
        const { user, device, frame } = event
        this.#tell('audio', { member: user, device, frame })
        return
      }
      case 'stats':
        this.#figures(event.pairs.map(each => toPair(this.#server, each)))
        return
      case 'moved':
        this.#tell('moved', { channel: this.channel, cause: event.cause })
        return
      case 'ended':
        this.#tell('ended', { end: event.end })
        return
      default:
        if (this.#listeners.has(event.type))
          this.#tell(event.type, { participant: toParticipant(this.#server, event.participant) })
    }
  }

  #figures(pairs: readonly VoicePairJson[]): void {
    const before = this.#verdicts
    this.#verdicts = new Map(pairs.map(({ device, quality }) => [device, quality]))
    this.#tell('stats', { pairs })
    for (const pair of pairs)
      if (pair.quality !== null && pair.quality !== before.get(pair.device)) this.#tell('quality', { pair })
  }

  #tell<E extends keyof VoiceEvents>(event: E, data: VoiceEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        const result = listener(data as never)
        if (result instanceof Promise) result.catch((error: unknown) => this.#server.context.fault(error))
      } catch (error) {
        this.#server.context.fault(error)
      }
    }
  }
}
