/**
 * A removal from a role of ten thousand, planned in a worker of the browser (EK5, T3): the real key ring and libsodium,
 * over a small authority whose members need not have joined one by one.
 */
import { createSodiumSuite } from '@xcord/core/adapters/crypto-sodium'
import type { AuthorityLog, AuthorityState, MemberState } from '@xcord/core/authority'
import { idAs, idFromBytes, type OperationId, type UserId } from '@xcord/core/base'
import { readBoxes, type Suite } from '@xcord/core/crypto'
import { createKeyRing, type KeyPlan, type KeyRing } from '@xcord/core/e2ee'
import { bytesOf, createWorld, type World } from '../../../core/src/e2ee/authority.fixture.ts'
import { createFakeLog, type FakeLog } from '../../../core/src/e2ee/fake-log.fixture.ts'

/** What one removal came to. */
export interface Removal {
  readonly members: number
  /** Boxes in the records that were made. */
  readonly boxes: number
  readonly bytes: number
  /** Agreements of keys that it took: the work that there is. */
  readonly agreements: number
  readonly signatures: number
  /** Of the worker's clock: told, not promised. */
  readonly ms: number
  /** Whether the key in force after it is safe, and the one from before is not. */
  readonly safe: readonly [boolean, boolean]
}

/** A log in which many more are members than joined by its operations. */
function crowded(
  base: FakeLog,
  crowd: ReadonlyMap<UserId, MemberState>,
  out: Map<UserId, OperationId>
): AuthorityLog {
  const extended = new WeakMap<AuthorityState, AuthorityState>()
  const extend = (state: AuthorityState, knows: (id: OperationId) => boolean): AuthorityState => {
    const kept = extended.get(state)
    if (kept !== undefined) return kept
    const gone = new Set([...out].filter(([, ban]) => knows(ban)).map(([user]) => user))
    const member = (user: UserId): MemberState | undefined => {
      const one = crowd.get(user)
      return one === undefined || !gone.has(user) ? one : { ...one, status: 'banned' }
    }
    const made: AuthorityState = {
      ...state,
      member: user => member(user) ?? state.member(user),
      *members() {
        yield* state.members()
        for (const one of crowd.values()) if (!gone.has(one.user)) yield one
      },
      permissions: (user, channel, at) => {
        if (!crowd.has(user)) return state.permissions(user, channel, at)
        return gone.has(user) ? 0n : (state.role(idAs('r', state.server))?.permissions ?? 0n)
      }
    }
    extended.set(state, made)
    return made
  }
  return {
    ...base,
    state: () => extend(base.state(), id => base.has(id)),
    stateAt: frontier => {
      const state = base.stateAt(frontier)
      return state && extend(state, id => base.covers(frontier, id))
    }
  }
}

interface Counts {
  agreements: number
  signatures: number
}

/** The suite, counting what costs. */
function counting(suite: Suite, counts: Counts): Suite {
  return {
    ...suite,
    x25519: (secret, publicKey) => {
      counts.agreements++
      return suite.x25519(secret, publicKey)
    },
    signingKey: seed => {
      const key = suite.signingKey(seed)
      return {
        ...key,
        sign: message => {
          counts.signatures++
          return key.sign(message)
        }
      }
    }
  }
}

function crowdOf(suite: Suite, count: number): Map<UserId, MemberState> {
  // A hundred keys serve: what a box costs does not depend on whose it is.
  const keys = Array.from({ length: 100 }, (_, at) => suite.x25519PublicKey(bytesOf(at + 7)))
  const crowd = new Map<UserId, MemberState>()
  for (let at = 0; at < count; at++) {
    const user = idFromBytes('u', suite.sha256(bytesOf(at)))
    const boxPublicKey = keys[at % keys.length] as Uint8Array
    crowd.set(user, {
      user,
      status: 'in',
      joins: [],
      joinedAt: 0,
      roles: [],
      nick: null,
      timeoutUntil: 0,
      voice: { mute: false, deaf: false },
      devices: [],
      userKey: { generation: 1, boxPublicKey }
    })
  }
  return crowd
}

interface Town {
  readonly ring: KeyRing
  readonly log: FakeLog
  readonly world: World
  readonly out: Map<UserId, OperationId>
  readonly crowd: ReadonlyMap<UserId, MemberState>
  readonly counts: Counts
  readonly device: ReturnType<typeof idFromBytes<'d'>>
}

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }

function use(ring: KeyRing, plan: KeyPlan): KeyPlan {
  for (const each of ring.apply(plan, 0)) if (each.kind === 'rejected') throw new Error(each.refusal.reason)
  return plan
}

function found(plain: Suite, members: number): Town {
  const counts = { agreements: 0, signatures: 0 }
  const suite = counting(plain, counts)
  const signingKey = suite.signingKey(bytesOf(1))
  const [user, device] = [idFromBytes('u', bytesOf(2)), idFromBytes('d', signingKey.publicKey)]
  const boxSecret = bytesOf(3)
  const boxPublicKey = suite.x25519PublicKey(boxSecret)
  const world = createWorld(user, device, boxPublicKey)
  const log = createFakeLog(world, [idAs('o', world.server)])
  const crowd = crowdOf(suite, members - 1)
  const out = new Map<UserId, OperationId>()
  const ring = createKeyRing({
    suite,
    server: world.server,
    log: crowded(log, crowd, out),
    user,
    device,
    signingKey,
    userKeys: [{ generation: 1, boxSecret, boxPublicKey }],
    invites: []
  })
  const first = ring.epochFor(random, idAs('c', world.server), 0)
  if (first.kind !== 'plan') throw new Error(first.kind)
  use(ring, first.plan)
  return { ring, log, world, out, crowd, counts, device }
}

/** Founds a server, puts one member out, and says what that took. */
export function remove(suite: Suite, members: number): Removal {
  const { ring, log, world, out, crowd, counts, device } = found(suite, members)
  const meta = idAs('c', world.server)
  const before = ring.chooseEpoch(meta, 0)
  const [user] = crowd.keys()
  if (user === undefined || before === undefined) throw new Error('nobody to put out')
  out.set(user, log.act(device, { do: 'ban', user }))
  const counted = { ...counts }
  const began = performance.now()
  const result = ring.planRotations(random, 0)
  if (result.kind !== 'plan') throw new Error(result.kind)
  const { records } = use(ring, result.plan)
  const ms = performance.now() - began
  const work = {
    agreements: counts.agreements - counted.agreements,
    signatures: counts.signatures - counted.signatures
  }
  const next = ring.epochFor(random, meta, 0)
  if (next.kind !== 'plan') throw new Error(next.kind)
  use(ring, next.plan)
  return {
    members,
    boxes: records.reduce(
      (sum, { body }) => sum + ('boxes' in body ? [...(readBoxes(body.boxes, 640)?.rids() ?? [])].length : 0),
      0
    ),
    bytes: records.reduce((sum, { bytes }) => sum + bytes.length, 0),
    ...work,
    ms,
    safe: [ring.isSafe(next.keyId), ring.isSafe(before)]
  }
}

if ('WorkerGlobalScope' in globalThis)
  globalThis.onmessage = async ({ data }: MessageEvent<number>) => {
    const suite = await createSodiumSuite()
    postMessage(remove(suite, data))
  }
