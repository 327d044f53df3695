/**
 * A network of real sockets that misbehaves as told. Every peer dials by libp2p's TCP, and each of its dials is led over a
 * relay of its own for the pair: so it is known whose bytes pass, and each way can be harmed by itself. The seed decides what
 * goes wrong when, and where within the bytes.
 */
import { connect, createServer, type Server as TcpServer, type Socket } from 'node:net'
import { tcp } from '@libp2p/tcp'
import type { Transport } from '@xcord/core/net'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createPeerTransport, type Platform } from '../../../core/src/adapters/libp2p/peer-transport.ts'

/** What can go wrong, each with how many steps of the test it lasts. */
export const FAULTS = {
  /** A connection ends by RST in the middle of a frame. */
  cut: 0,
  /** A connection ends politely, in the middle of a frame too. */
  close: 0,
  /** A connection takes nothing for a while, either way. */
  stall: 8,
  /** A connection stays open for ever, and what is sent on it vanishes. */
  drop: 0,
  /** Everything to and from a peer takes longer. */
  delay: 10,
  /** What one peer says to another does not get there; the other way all is well. */
  'one-way': 12,
  /** Some peers and the others are parted: nothing passes, and dials end nowhere or are refused. */
  partition: 15
} as const
export type Fault = keyof typeof FAULTS

/** What lasts long strikes seldom. */
const ODDS: readonly Fault[] = [
  ...Array<Fault>(4).fill('cut'),
  ...Array<Fault>(2).fill('close'),
  ...Array<Fault>(3).fill('stall'),
  ...Array<Fault>(2).fill('drop'),
  ...Array<Fault>(2).fill('delay'),
  ...Array<Fault>(2).fill('one-way'),
  'partition'
]

/** So many steps go by chance; then comes what did not come yet. */
const CHANCE_STEPS = 40

/** Whose bytes: who says them, and to whom. */
interface Way {
  readonly from: string
  readonly to: string
}

/** A network in which peers are known by name. */
export interface FaultyNetwork {
  /** The transport of a peer; made again, it listens where it did before. */
  transportOf(
    name: string,
    init: Pick<Parameters<typeof createPeerTransport>[0], 'suite' | 'seed'>
  ): Promise<Transport>
  /** One step of the storm: what had its time ends, and perhaps something new goes wrong. */
  step(): void
  /** The faults end: what was held back passes, connections that lost bytes are cut. */
  calm(): void
  /** How often each fault struck something. */
  readonly struck: Readonly<Record<Fault, number>>
  close(): Promise<void>
}

/** Connections over a pair's relay. */
class Link {
  readonly dialler: Socket
  readonly target: Socket
  readonly pipes: readonly [Pipe, Pipe]

  constructor(way: Way, dialler: Socket, target: Socket, world: Weather) {
    this.dialler = dialler
    this.target = target
    const back = { from: way.to, to: way.from }
    this.pipes = [new Pipe(way, dialler, target, world), new Pipe(back, target, dialler, world)]
    for (const [socket, other] of [
      [dialler, target],
      [target, dialler]
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
    }
  }

  get open(): boolean {
    return !this.dialler.destroyed && !this.target.destroyed
  }

  /** Its bytes were not all passed on: nothing sensible can follow. */
  get torn(): boolean {
    return this.pipes.some(each => each.lost)
  }

  reset(): void {
    for (const socket of [this.dialler, this.target]) socket.resetAndDestroy()
  }
}

/** What the pipes ask of the storm. */
interface Weather {
  holds(way: Way): boolean
  delayOf(way: Way): number
}

/** One direction of a connection. */
class Pipe {
  readonly way: Way
  readonly #source: Socket
  readonly #sink: Socket
  readonly #weather: Weather
  readonly #queue: Uint8Array[] = []
  #passing = false
  /** Steps for which nothing passes. */
  stalled = 0
  /** What goes in is gone. */
  swallows = false
  lost = false
  /** After so many bytes of the next chunk the connection ends this way. */
  ending: { readonly after: number; readonly how: 'cut' | 'close' } | undefined

  constructor(way: Way, source: Socket, sink: Socket, weather: Weather) {
    this.way = way
    this.#source = source
    this.#sink = sink
    this.#weather = weather
    source.on('data', chunk => this.#take(chunk))
    source.on('end', () => this.#finish())
    source.on('close', () => this.#finish())
  }

  #finish(): void {
    if (this.#queue.length === 0) this.#sink.end()
    else void this.pass()
  }

  #take(chunk: Uint8Array): void {
    if (this.swallows) {
      this.lost = true
      return
    }
    this.#queue.push(chunk)
    // Back-pressure as a full line has it: whoever sends is made to wait.
    if (this.#queue.length > 16) this.#source.pause()
    void this.pass()
  }

  /** Passes on what waits, unless something holds it back. */
  async pass(): Promise<void> {
    if (this.#passing) return
    this.#passing = true
    while (this.#queue.length > 0 && this.stalled === 0 && !this.#weather.holds(this.way)) {
      const delay = this.#weather.delayOf(this.way)
      if (delay > 0) await new Promise(resolve => setTimeout(resolve, delay))
      const chunk = this.#queue.shift()
      if (chunk === undefined || this.#sink.destroyed) break
      if (this.ending !== undefined) {
        this.#end(chunk)
        break
      }
      if (!this.#sink.write(chunk))
        await new Promise<void>(resolve => {
          this.#sink.once('drain', resolve)
          this.#sink.once('close', resolve)
        })
    }
    this.#passing = false
    if (this.#queue.length === 0) {
      this.#source.resume()
      if (this.#source.destroyed || this.#source.readableEnded) this.#sink.end()
    }
  }

  #end(chunk: Uint8Array): void {
    this.lost = true
    this.swallows = true
    this.#queue.length = 0
    this.#sink.write(chunk.subarray(0, Math.min(chunk.length - 1, this.ending?.after ?? 0)))
    if (this.ending?.how === 'cut') {
      this.#sink.resetAndDestroy()
      this.#source.resetAndDestroy()
    } else {
      this.#sink.end()
      this.#source.end()
    }
  }
}

interface Spell {
  readonly harms: (way: Way) => boolean
  readonly delayMs: number
  readonly refuses: boolean
  left: number
}

/** Makes a network without peers, in which nothing is wrong. */
export function createFaultyNetwork(random: () => number): FaultyNetwork {
  return new Storm(random)
}

class Storm implements FaultyNetwork, Weather {
  readonly struck: Record<Fault, number> = {
    cut: 0,
    close: 0,
    stall: 0,
    drop: 0,
    delay: 0,
    'one-way': 0,
    partition: 0
  }
  readonly #random: () => number
  /** Port by name, and name by port. */
  readonly #ports = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #relays = new Map<string, Promise<TcpServer>>()
  readonly #links = new Set<Link>()
  #spells: Spell[] = []
  #steps = 0

  constructor(random: () => number) {
    this.#random = random
  }

  async transportOf(
    name: string,
    init: Pick<Parameters<typeof createPeerTransport>[0], 'suite' | 'seed'>
  ): Promise<Transport> {
    const port = this.#ports.get(name) ?? (await freePort())
    this.#ports.set(name, port)
    this.#names.set(port, name)
    return await createPeerTransport(
      { ...init, listen: [`/ip4/127.0.0.1/tcp/${port}`], reservations: 0 },
      {
        listen: [],
        connectionsMax: 100,
        transports: [this.#tcpOf(name)],
        services: {},
        mdns: undefined,
        webrtc: false
      }
    )
  }

  /** libp2p's TCP, whose sockets are opened towards the pair's relay instead of the peer. */
  #tcpOf(name: string): Platform['transports'][number] {
    return components => {
      const real = tcp()(components) as unknown as {
        _connect(address: Multiaddr, options: object): Promise<Socket>
      }
      const connectTo = real._connect.bind(real)
      real._connect = async (address, options) => await connectTo(await this.#led(name, address), options)
      return real as never
    }
  }

  async #led(from: string, address: Multiaddr): Promise<Multiaddr> {
    const [, port] = /\/tcp\/(\d+)/.exec(address.toString()) ?? []
    const to = this.#names.get(Number(port))
    if (to === undefined) throw new Error(`nobody listens at ${address.toString()}`)
    const key = `${from} ${to}`
    const relay = this.#relays.get(key) ?? this.#relay({ from, to }, Number(port))
    this.#relays.set(key, relay)
    const told = (await relay).address()
    if (told === null || typeof told === 'string') throw new Error('the relay is closed')
    return multiaddr(`/ip4/127.0.0.1/tcp/${told.port}`)
  }

  async #relay(way: Way, port: number): Promise<TcpServer> {
    const server = createServer({ allowHalfOpen: true }, dialler => {
      const spell = this.#spells.find(each => each.delayMs === 0 && each.harms(way))
      if (spell?.refuses === true) return void dialler.resetAndDestroy()
      const link = new Link(way, dialler, connect({ port, host: '127.0.0.1', allowHalfOpen: true }), this)
      this.#links.add(link)
      for (const socket of [link.dialler, link.target])
        socket.on('close', () => {
          if (link.dialler.destroyed && link.target.destroyed) this.#links.delete(link)
        })
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return server
  }

  holds(way: Way): boolean {
    return this.#spells.some(each => each.delayMs === 0 && each.harms(way))
  }

  delayOf(way: Way): number {
    return Math.max(0, ...this.#spells.filter(each => each.harms(way)).map(each => each.delayMs))
  }

  step(): void {
    for (const spell of this.#spells) spell.left--
    this.#spells = this.#spells.filter(each => each.left > 0)
    for (const link of this.#links) for (const pipe of link.pipes) if (pipe.stalled > 0) pipe.stalled--
    this.#passAll()
    const picked = this.#pick(ODDS)
    const owed = (Object.keys(FAULTS) as Fault[]).find(each => this.struck[each] === 0)
    this.#strike(++this.#steps > CHANCE_STEPS ? (owed ?? picked) : picked)
  }

  calm(): void {
    this.#spells = []
    for (const link of [...this.#links]) {
      for (const pipe of link.pipes) {
        pipe.stalled = 0
        pipe.ending = undefined
      }
      if (link.torn || link.pipes.some(each => each.swallows)) link.reset()
    }
    this.#passAll()
  }

  async close(): Promise<void> {
    for (const link of [...this.#links]) link.reset()
    for (const relay of this.#relays.values()) (await relay).close()
  }

  #passAll(): void {
    for (const link of this.#links) for (const pipe of link.pipes) void pipe.pass()
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T
  }

  #strike(fault: Fault): void {
    const names = [...this.#ports.keys()]
    const links = [...this.#links].filter(each => each.open && !each.torn)
    const ofPeer = fault === 'delay' || fault === 'one-way' || fault === 'partition'
    if ((ofPeer && names.length < 2) || (!ofPeer && links.length === 0)) return
    this.struck[fault]++
    if (ofPeer) return this.#spell(fault, names)
    const { pipes } = this.#pick(links)
    const pipe = this.#pick(pipes)
    if (fault === 'stall') for (const each of pipes) each.stalled = FAULTS.stall
    else if (fault === 'drop') for (const each of pipes) each.swallows = true
    else pipe.ending = { after: Math.floor(this.#random() * 400), how: fault === 'cut' ? 'cut' : 'close' }
  }

  #spell(fault: 'delay' | 'one-way' | 'partition', names: readonly string[]): void {
    const left = FAULTS[fault]
    const first = this.#pick(names)
    if (fault === 'delay') {
      const delayMs = 10 + Math.floor(this.#random() * 190)
      const harms = ({ from, to }: Way): boolean => from === first || to === first
      this.#spells.push({ harms, delayMs, refuses: false, left })
    } else if (fault === 'one-way') {
      const second = this.#pick(names.filter(each => each !== first))
      const harms = ({ from, to }: Way): boolean => from === first && to === second
      this.#spells.push({ harms, delayMs: 0, refuses: false, left })
    } else {
      const side = new Set(names.filter(() => this.#random() < 0.4))
      const harms = ({ from, to }: Way): boolean => side.has(from) !== side.has(to)
      this.#spells.push({ harms, delayMs: 0, refuses: this.#random() < 0.5, left })
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
