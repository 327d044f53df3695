/** Peers with real keys over the small authority of `authority.fixture.ts`. */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  idFromBytes,
  type KeyId,
  type OperationId,
  type Random,
  type RoleId,
  type UserId
} from '../base/index.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { SecretKey, SigningKey, Suite } from '../crypto/index.ts'
import { concatBytes, utf8 } from '../encoding/index.ts'
import { type Act, bytesOf, createWorld, type World } from './authority.fixture.ts'
import { createFakeLog, type FakeLog } from './fake-log.fixture.ts'
import { createState, ringOver } from './key-ring.ts'
import type { RingState } from './ring-state.ts'
import type { HeldInvite, KeyPlan, KeyRecord, KeyRing, OwnUserKey, StoredSeed } from './contract.ts'

const plainSuite = await createNodeSuite()
const remembered = new Map<string, unknown>()
const REMEMBERED_MAX = 50_000

/** The same question has the same answer: peers of one history ask the slow ones again and again. */
function once<V>(name: string, inputs: readonly Uint8Array[], ask: () => V): V {
  const key = `${name}/${inputs.map(each => Buffer.from(each).toString('latin1')).join('/')}`
  if (!remembered.has(key)) {
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(key, ask())
  }
  return remembered.get(key) as V
}

export const suite: Suite = {
  ...plainSuite,
  verify: (publicKey, message, signature) =>
    once('verify', [publicKey, signature, message], () => plainSuite.verify(publicKey, message, signature)),
  x25519: (secret, publicKey) =>
    once('x25519', [secret, publicKey], () => plainSuite.x25519(secret, publicKey)),
  x25519PublicKey: secret => once('public', [secret], () => plainSuite.x25519PublicKey(secret)),
  signingKey: seed => once('signing', [seed], () => plainSuite.signingKey(seed))
}

/** A seeded stream: the same seed draws the same keys. */
export function seeded(seed: number): Random {
  let counter = 0
  return {
    bytes: length => {
      const out: Uint8Array[] = []
      for (let done = 0; done < length; done += 32)
        out.push(suite.sha256(concatBytes([bytesOf(seed), bytesOf(counter++)])))
      return concatBytes(out).slice(0, length)
    }
  }
}

const secretOf = (name: string): SecretKey => suite.sha256(utf8(name))

/** An account with one device. */
export interface Person {
  readonly name: string
  readonly user: UserId
  readonly device: DeviceId
  readonly signingKey: SigningKey
  readonly userKey: (generation: number) => OwnUserKey
}

export function person(name: string): Person {
  const signingKey = suite.signingKey(secretOf(`${name}/sign`))
  return {
    name,
    signingKey,
    user: idFromBytes('u', secretOf(`${name}/user`)),
    device: idFromBytes('d', signingKey.publicKey),
    userKey: generation => {
      const boxSecret = secretOf(`${name}/box/${generation}`)
      return { generation, boxSecret, boxPublicKey: suite.x25519PublicKey(boxSecret) }
    }
  }
}

export const inviteSecret = (n: number): SecretKey => secretOf(`invite/${n}`)

export interface Peer extends Person {
  readonly log: FakeLog
  ring: KeyRing
  /** What the ring remembers. */
  state: RingState
  readonly seeds: StoredSeed[]
  readonly random: Random
  /** Every record published so far, by anybody. */
  readonly published: KeyRecord[]
  act(act: Act): OperationId
  /** Applies and publishes. */
  use(plan: KeyPlan, at?: number): void
  /** Learns another's operations and records. */
  meet(other: Peer, what?: { readonly operations?: boolean; readonly records?: boolean }): void
  /** The key to send under, made if needed. Throws if refused. */
  sendKey(channel: ChannelId, at?: number): KeyId
  rotate(at?: number): void
  grant(at?: number): number
  restart(): void
}

/** A server with a founder; `published` is shared by everyone. */
export interface Town {
  readonly world: World
  readonly published: KeyRecord[]
  readonly meta: ChannelId
  readonly everyone: RoleId
  founder: Peer
}

export function createTown(name = 'ada', seed = 1): Town {
  const founder = person(name)
  const world = createWorld(founder.user, founder.device, founder.userKey(1).boxPublicKey)
  const published: KeyRecord[] = []
  const town = { world, published, meta: idAs('c', world.server), everyone: idAs('r', world.server) }
  return Object.assign(town, { founder: createPeer(town, name, seed, [idAs('o', world.server)]) })
}

export function createPeer(
  town: Omit<Town, 'founder'>,
  name: string,
  seed: number,
  known: Iterable<OperationId> = [],
  invites: readonly HeldInvite[] = []
): Peer {
  const who = person(name)
  const log = createFakeLog(town.world, known)
  const random = seeded(seed)
  const userKeys = [who.userKey(1)]
  const create = (extra: object): RingState =>
    createState({
      suite,
      server: town.world.server,
      log,
      user: who.user,
      device: who.device,
      signingKey: who.signingKey,
      userKeys,
      invites,
      ...extra
    })
  const state = create({})
  const peer: Peer = {
    ...who,
    log,
    random,
    seeds: [],
    published: town.published,
    state,
    ring: ringOver(state),
    act: act => log.act(who.device, act),
    use: (plan, at = 0) => {
      peer.seeds.push(...plan.seeds)
      for (const result of peer.ring.apply(plan, at))
        if (result.kind === 'rejected') throw new Error(result.refusal.reason)
      town.published.push(...plan.records)
    },
    meet: (other, what = {}) => {
      if (what.operations !== false) for (const id of other.log.heads()) log.learn(id)
      if (what.records === false) return
      for (const record of other.ring.records()) {
        const result = peer.ring.add(record.bytes, 0)
        if (result.kind === 'accepted') peer.seeds.push(...result.seeds)
      }
    },
    sendKey: (channel, at = 0) => {
      const choice = peer.ring.epochFor(random, channel, at)
      if (choice.kind === 'plan') peer.use(choice.plan, at)
      if (choice.kind === 'refused') throw new Error(choice.refusal.reason)
      if (choice.kind === 'gather') throw new Error('gather')
      return choice.keyId
    },
    rotate: (at = 0) => {
      const result = peer.ring.planRotations(random, at)
      if (result.kind === 'plan') peer.use(result.plan, at)
    },
    grant: (at = 0) => {
      const due = peer.ring.grantsDue(at)
      const result = peer.ring.planGrants(random, due)
      if (result.kind === 'plan') peer.use(result.plan, at)
      return due.length
    },
    restart: () => {
      peer.state = create({
        records: peer.ring.records().map(record => ({ bytes: record.bytes, receivedAt: 0 })),
        seeds: peer.seeds
      })
      peer.ring = ringOver(peer.state)
    }
  }
  return peer
}

/** Makes a member: joins by the founder's hand, meets the founder, is granted what it needs. */
export function welcome(town: Town, name: string, seed: number): Peer {
  const who = person(name)
  town.founder.log.act(who.device, {
    do: 'join',
    user: who.user,
    device: who.device,
    box: who.userKey(1).boxPublicKey
  })
  town.founder.grant()
  const peer = createPeer(town, name, seed)
  peer.meet(town.founder)
  return peer
}

/** The invite that an operation created, as its holder has it. */
export function holdInvite(operation: OperationId, n: number): HeldInvite {
  const boxSecret = inviteSecret(n)
  return { invite: idAs('i', operation), boxSecret, boxPublicKey: suite.x25519PublicKey(boxSecret) }
}
