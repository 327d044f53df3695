/** A hand-moved peer against one machine: it keeps the hello, and everything else is up to the test. */
import { idToBytes, type ServerId } from '../../src/base/index.ts'
import { concatBytes } from '../../src/encoding/index.ts'
import {
  createSync,
  decodeFrame,
  encodeFrame,
  type Frame,
  type Summary,
  type SyncEffect,
  type SyncInput
} from '../../src/sync/index.ts'
import { helloToken } from '../../src/sync/hello.ts'
import { deviceOf, Holdings, SECRET, Seeded, SERVER, suite } from './world.ts'

export const NOTHING: Summary = {
  level: 2,
  flags: 0,
  checkpoint: idToBytes(SERVER),
  operations: { count: 0, sum: 0n },
  heads: [],
  leaves: 0n,
  records: { count: 0, sum: 0n },
  buckets: [0n]
}

export class Puppet {
  readonly own = deviceOf('puppet')
  readonly other = deviceOf('machine')
  readonly holdings: Holdings
  readonly effects: SyncEffect[] = []
  readonly frames: Frame[] = []
  readonly views = new Map<ServerId, Holdings>()
  readonly machine
  at = 5_000_000
  role: 'dialler' | 'listener' = 'dialler'
  readonly nonceD = new Uint8Array(32).fill(1)
  nonceL: Uint8Array = new Uint8Array(32)

  constructor(seed = 1) {
    this.holdings = new Holdings(
      new Map([
        [String(this.own.authorId), this.own.device],
        [String(this.other.authorId), this.other.device]
      ])
    )
    this.views.set(SERVER, this.holdings)
    this.machine = createSync({
      suite,
      random: new Seeded(seed),
      device: this.other.device,
      signer: this.other.key,
      views: this.views
    })
  }

  input(input: { type: SyncInput['type'] } & Record<string, unknown>): readonly SyncEffect[] {
    const effects = this.machine.step({ ...input, at: this.at } as SyncInput)
    this.effects.push(...effects)
    for (const effect of effects) {
      if (effect.type !== 'send') continue
      const frame = decodeFrame(effect.bytes)
      if (!frame.ok) throw new Error(`the machine sent a bad frame: ${frame.reason}`)
      this.frames.push(frame.value)
    }
    return effects
  }

  bytes(bytes: Uint8Array): readonly SyncEffect[] {
    return this.input({ type: 'frame', session: 1, bytes })
  }

  /** Credit given so far. */
  given = 0

  send(frame: Exclude<Frame, { kind: 'unknown' }>): readonly SyncEffect[] {
    if (frame.kind === 'credit') this.given += frame.bytes
    return this.bytes(encodeFrame(frame))
  }

  token(role: 'dialler' | 'listener', secret: Uint8Array = SECRET): Uint8Array {
    const devices = [idToBytes(this.own.device), idToBytes(this.other.device)]
    return helloToken(suite, secret, role, concatBytes([this.nonceD, this.nonceL, ...devices]))
  }

  /** Dials, proves the secret, opens handle 0 with the given summary. */
  dial(
    summary: Summary | null = NOTHING,
    options: { circuit?: boolean; gossip?: boolean; secret?: Uint8Array; ranges?: boolean } = {}
  ): this {
    this.input({
      type: 'open',
      session: 1,
      role: 'listener',
      peer: this.own.device,
      circuit: options.circuit ?? false,
      gossip: options.gossip ?? true
    })
    this.send({ kind: 'hello', nonce: this.nonceD, features: options.ranges === true ? 1 : 0 })
    this.nonceL = (this.last('welcome') as { nonce: Uint8Array }).nonce
    const proof = this.token('dialler', options.secret)
    this.send({
      kind: 'tokens',
      tokens: [proof, ...Array.from({ length: 7 }, (_, i) => new Uint8Array(16).fill(i))]
    })
    if (summary !== null) this.send({ kind: 'open', handle: 0, proof, summary })
    return this
  }

  last<K extends Frame['kind']>(kind: K): (Frame & { readonly kind: K }) | undefined {
    return this.frames.filter(frame => frame.kind === kind).at(-1) as
      (Frame & { readonly kind: K }) | undefined
  }

  of<T extends SyncEffect['type']>(type: T): readonly Extract<SyncEffect, { type: T }>[] {
    return this.effects.filter(effect => effect.type === type) as Extract<SyncEffect, { type: T }>[]
  }

  /** Answers every lookup so far from the holdings, again and again. */
  answer(from = 0): void {
    for (let i = from; i < this.effects.length; i++) {
      const effect = this.effects[i] as SyncEffect
      if (effect.type === 'lookup')
        this.input({ type: 'found', lookup: effect.lookup, found: this.holdings.find(effect.query) })
    }
  }

  /** The rule by which the machine ended the stream; null politely; undefined: it did not. */
  get closedBy(): string | null | undefined {
    const closes = this.of('close')
    return closes.length === 0 ? undefined : (closes[0]?.rule ?? null)
  }
}
