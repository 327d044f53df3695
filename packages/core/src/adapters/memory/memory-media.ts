/**
 * Media engines in memory: links between them carry frames as they are, after a negotiation as real ones have it, so that
 * calls can be tried without WebRTC. Faults on demand.
 */
import type { Random, Timers } from '../../base/index.ts'
import type {
  LinkDescription,
  LinkFailure,
  LinkId,
  LinkInit,
  LinkStats,
  MediaEvent,
  MediaPort
} from '../../voice/index.ts'

export interface MemoryMediaInit {
  readonly timers: Timers
  readonly random: Random
  /** How long each step of a negotiation and each frame takes, ms; default 0. */
  readonly delayMs?: () => number
}

/** What connects engines; cut it and they do not meet. */
export interface MemoryMedia {
  port(): MediaPort
  /** Between two engines nothing passes any more, or passes again. Links that were up are interrupted. */
  cut(a: MediaPort, b: MediaPort, on: boolean): void
  /** Links connect and no media arrives at `b` from `a`. */
  deafen(a: MediaPort, b: MediaPort, on: boolean): void
  /** As if the engine's process had died: all its links fail. */
  crash(port: MediaPort): void
  /** Links that are open, of all engines. */
  openLinks(): number
}

interface Link {
  readonly id: LinkId
  readonly port: Port
  readonly init: LinkInit
  readonly ufrag: string
  readonly fingerprint: string
  remote: { readonly ufrag: string; readonly fingerprint: string } | undefined
  /** Where it leads, once both know each other. */
  other: Link | undefined
  up: boolean
  arrived: boolean
  sending: boolean
  receiving: boolean
  packetsReceived: number
  packetsSent: number
}

/** As the contract has it. */
const STALL_MS = 2_000
const UFRAG = /a=ice-ufrag:(\S+)/
const OPUS = /^a=rtpmap:\d+ opus\//m
const FINGERPRINT = /a=fingerprint:sha-256 (\S+)/

function hex(bytes: Uint8Array, between: string): string {
  return Array.from(bytes, each => each.toString(16).padStart(2, '0')).join(between)
}

function describe(link: Link, type: LinkDescription['type']): LinkDescription {
  const lines = [
    'v=0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=rtpmap:111 opus/48000/2',
    `a=ice-ufrag:${link.ufrag}`,
    `a=fingerprint:sha-256 ${link.fingerprint}`,
    `a=setup:${type === 'offer' ? 'actpass' : 'active'}`,
    ''
  ]
  return { type, sdp: lines.join('\r\n') }
}

const pairName = (a: Port, b: Port): string => `${a.name} ${b.name}`

class Net {
  readonly init: MemoryMediaInit
  readonly links = new Map<string, Link>()
  readonly cuts = new Set<string>()
  readonly deaf = new Set<string>()
  ports = 0

  constructor(init: MemoryMediaInit) {
    this.init = init
  }

  later(run: () => void): void {
    this.init.timers.after(this.init.delayMs?.() ?? 0, run)
  }

  isCut(a: Port, b: Port): boolean {
    return this.cuts.has(pairName(a, b)) || this.cuts.has(pairName(b, a))
  }

  /** Connects two links that took each other's descriptions. */
  meet(link: Link): void {
    const other = link.remote === undefined ? undefined : this.links.get(link.remote.ufrag)
    if (other?.remote?.ufrag !== link.ufrag) return
    const trusted =
      other.fingerprint === link.remote?.fingerprint && link.fingerprint === other.remote.fingerprint
    for (const each of [link, other]) {
      each.other = each === link ? other : link
      if (!trusted) each.port.fail(each, 'dtls')
      else this.later(() => each.port.rise(each))
    }
  }
}

class Port implements MediaPort {
  readonly name: number
  readonly links = new Map<LinkId, Link>()
  readonly #net: Net
  readonly #listeners = new Set<(event: MediaEvent) => void>()

  constructor(net: Net) {
    this.#net = net
    this.name = net.ports++
  }

  open(id: LinkId, init: LinkInit): void {
    const { random } = this.#net.init
    const link: Link = {
      id,
      port: this,
      init,
      ufrag: hex(random.bytes(8), ''),
      fingerprint: hex(random.bytes(32), ':').toUpperCase(),
      remote: undefined,
      other: undefined,
      up: false,
      arrived: false,
      sending: false,
      receiving: false,
      packetsReceived: 0,
      packetsSent: 0
    }
    this.links.set(id, link)
    this.#net.links.set(link.ufrag, link)
    if (init.initiator) this.#say(link, 'offer')
  }

  take(id: LinkId, signal: Parameters<MediaPort['take']>[1]): void {
    const link = this.links.get(id)
    if (link === undefined || signal.kind === 'candidate') return
    const { type, sdp } = signal.description
    const [, ufrag] = UFRAG.exec(sdp) ?? []
    const [, fingerprint] = FINGERPRINT.exec(sdp) ?? []
    if (ufrag === undefined || fingerprint === undefined || (type === 'offer') === link.init.initiator) {
      this.fail(link, 'description')
      return
    }
    if (!OPUS.test(sdp)) {
      this.fail(link, 'codec')
      return
    }
    link.remote = { ufrag, fingerprint }
    if (type === 'offer') this.#say(link, 'answer')
    this.#net.meet(link)
  }

  send(ids: readonly LinkId[], frame: Int16Array): void {
    for (const id of ids) {
      const link = this.links.get(id)
      const other = link?.other
      if (link === undefined || other === undefined || !link.up || !link.sending) continue
      link.packetsSent++
      const copy = frame.slice()
      this.#net.later(() => {
        if (!other.up || this.#net.isCut(this, other.port) || this.#isDeaf(link, other)) return
        other.packetsReceived++
        if (other.receiving) other.port.tell({ kind: 'audio', link: other.id, frame: copy })
      })
    }
  }

  setSending(id: LinkId, on: boolean): void {
    const link = this.links.get(id)
    if (link !== undefined) link.sending = on
  }

  setReceiving(id: LinkId, on: boolean): void {
    const link = this.links.get(id)
    if (link !== undefined) link.receiving = on
  }

  async stats(id: LinkId): Promise<LinkStats | undefined> {
    const link = this.links.get(id)
    if (link === undefined) return undefined
    const { packetsReceived, packetsSent, up } = link
    return {
      rttMs: up ? 0 : null,
      jitterMs: up ? 0 : null,
      lossPct: up ? 0 : null,
      receivedKbps: null,
      sentKbps: null,
      concealedPct: null,
      path: up ? (link.init.relayOnly ? 'relay' : 'direct') : null,
      packetsReceived,
      packetsSent
    }
  }

  close(id: LinkId): void {
    const link = this.links.get(id)
    if (link === undefined) return
    this.#forget(link)
    const { other } = link
    if (other === undefined) return
    this.#net.later(() => {
      if (other.port.links.get(other.id) !== other || this.#net.isCut(this, other.port)) return
      other.port.#forget(other)
      other.port.tell({ kind: 'closed', link: other.id })
    })
  }

  listen(listener: (event: MediaEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async stop(): Promise<void> {
    for (const id of [...this.links.keys()]) this.close(id)
    this.#listeners.clear()
  }

  tell(event: MediaEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }

  fail(link: Link, failure: LinkFailure): void {
    if (this.links.get(link.id) !== link) return
    this.#forget(link)
    this.#net.later(() =>
      this.tell({ kind: 'failed', link: link.id, failure, reason: `the link failed: ${failure}` })
    )
  }

  rise(link: Link): void {
    const { other } = link
    if (this.links.get(link.id) !== link || other === undefined || link.up) return
    if (this.#net.isCut(this, other.port)) return
    link.up = true
    this.tell({ kind: 'connected', link: link.id })
    if (!link.arrived && !this.#isDeaf(other, link)) this.#net.later(() => this.#arrive(link))
  }

  sink(link: Link): void {
    if (!link.up) return
    link.up = false
    this.tell({ kind: 'interrupted', link: link.id })
  }

  /** What comes in stops, or comes again. */
  listenFor(link: Link): void {
    if (link.other === undefined || !link.up) return
    if (!this.#isDeaf(link.other, link)) this.#net.later(() => this.#arrive(link))
    else if (link.arrived) {
      link.arrived = false
      this.#net.init.timers.after(STALL_MS, () => {
        if (this.links.get(link.id) === link && link.up && !link.arrived)
          this.tell({ kind: 'stalled', link: link.id })
      })
    }
  }

  #arrive(link: Link): void {
    if (this.links.get(link.id) !== link || link.arrived) return
    link.arrived = true
    this.tell({ kind: 'arrived', link: link.id })
  }

  #isDeaf(from: Link, to: Link): boolean {
    if (from.init.relayOnly || to.init.relayOnly) return false
    return this.#net.deaf.has(pairName(from.port, to.port))
  }

  #say(link: Link, type: LinkDescription['type']): void {
    this.#net.later(() => {
      if (this.links.get(link.id) !== link) return
      const description = describe(link, type)
      this.tell({ kind: 'signal', link: link.id, signal: { kind: 'description', description } })
      const candidate = { candidate: `candidate:${this.name}`, mid: '0', line: 0 }
      this.tell({ kind: 'signal', link: link.id, signal: { kind: 'candidate', candidate } })
    })
  }

  #forget(link: Link): void {
    link.up = false
    this.links.delete(link.id)
    this.#net.links.delete(link.ufrag)
  }
}

/** A world of engines. */
export function createMemoryMedia(init: MemoryMediaInit): MemoryMedia {
  const net = new Net(init)
  return {
    port: () => new Port(net),
    cut: (a, b, on) => {
      const [one, two] = [a as Port, b as Port]
      if (on) net.cuts.add(pairName(one, two))
      else {
        net.cuts.delete(pairName(one, two))
        net.cuts.delete(pairName(two, one))
      }
      for (const link of [...one.links.values(), ...two.links.values()]) {
        const other = link.other?.port
        if (other !== one && other !== two) continue
        if (on) link.port.sink(link)
        else link.port.rise(link)
      }
    },
    deafen: (a, b, on) => {
      const name = pairName(a as Port, b as Port)
      if (on) net.deaf.add(name)
      else net.deaf.delete(name)
      for (const link of (b as Port).links.values()) if (link.other?.port === a) (b as Port).listenFor(link)
    },
    crash: port => {
      for (const link of [...(port as Port).links.values()]) (port as Port).fail(link, 'crashed')
    },
    openLinks: () => net.links.size
  }
}
