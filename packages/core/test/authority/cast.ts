/**
 * People and their devices for authority's tests: cheap stand-ins for signatures and certificates, so that thousands
 * of histories fit into seconds. The wire form and the real proofs have tests of their own.
 */
import { createHash } from 'node:crypto'
import {
  accept,
  type DeviceId,
  idAs,
  idFromBytes,
  type InviteId,
  refuse,
  type ServerId,
  type UserId
} from '../../src/base/index.ts'
import type { SigningKey, Suite } from '../../src/crypto/index.ts'
import {
  type AddResult,
  type AuthorityDeps,
  type AuthorityLog,
  createAuthorityLog,
  draftInviteCreate,
  draftJoin,
  type OperationDraft,
  signGenesis
} from '../../src/authority/index.ts'
import { type Operation, signOperation } from '../../src/graph/index.ts'

const sha = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())
const named = (text: string): Uint8Array => sha(new TextEncoder().encode(text))

/** Hashes are real, signatures are the zero string and always right. */
export const fakeSuite = {
  name: 'fake',
  sha256: sha,
  verify: () => true,
  isEnrollable: () => true
} as unknown as Suite

/** A certificate is user ‖ device; a revocation user ‖ device (or user alone for all); an entry user ‖ generation ‖ key. */
export const fakeDeps: AuthorityDeps = {
  suite: fakeSuite,
  verifyCredential: bytes =>
    bytes.length === 64
      ? accept({ user: idFromBytes('u', bytes.slice(0, 32)), device: idFromBytes('d', bytes.slice(32)) })
      : refuse('ID6', 'not a certificate'),
  verifyRevocation: bytes =>
    accept({
      user: idFromBytes('u', bytes.slice(0, 32)),
      target: bytes.length === 32 ? 'all' : idFromBytes('d', bytes.slice(32))
    }),
  verifyIdentityEntry: bytes =>
    accept({
      user: idFromBytes('u', bytes.slice(0, 32)),
      userKey: { generation: bytes[32] ?? 0, boxPublicKey: bytes.slice(33) }
    }),
  readIdentityGenesis: bytes =>
    accept({ user: idFromBytes('u', bytes.slice(0, 32)), rootPublicKey: bytes.slice(0, 32) })
}

export interface Person {
  readonly name: string
  readonly user: UserId
  readonly device: DeviceId
  readonly key: SigningKey
  readonly credential: Uint8Array
}

/** A device of a user; `device` tells several apart. */
export function person(name: string, device = 'phone'): Person {
  const userBytes = named(`user ${name}`)
  const publicKey = named(`device ${name} ${device}`)
  return {
    name,
    user: idFromBytes('u', userBytes),
    device: idFromBytes('d', publicKey),
    key: { publicKey, sign: () => new Uint8Array(64) },
    credential: Uint8Array.from([...userBytes, ...publicKey])
  }
}

export const userKeyOf = (who: Person, generation = 0): { generation: number; boxPublicKey: Uint8Array } => ({
  generation,
  boxPublicKey: named(`box ${who.name} ${generation}`)
})

export const START = 1_000_000_000_000

/** A replica where people act. Forks of it are people who do not hear of each other. */
export class Site {
  readonly log: AuthorityLog
  readonly operations: Operation[]
  now: number

  constructor(genesis: Operation, now: number) {
    this.log = createAuthorityLog(fakeDeps, genesis)
    this.operations = [genesis]
    this.now = now
  }

  /** Signs and adds; throws what the rules refuse. */
  act(who: Person, draft: OperationDraft, options: { at?: number } = {}): Operation {
    const op = this.sign(who, draft, options)
    const result = this.add(op)
    if (result.kind !== 'accepted')
      throw new Error(
        `${who.name}: ${result.kind} ${JSON.stringify('refusal' in result ? result.refusal : '')}`
      )
    return op
  }

  sign(who: Person, draft: OperationDraft, options: { at?: number } = {}): Operation {
    this.now += 1_000
    return signOperation(fakeSuite, who.key, this.log.place(who.device, draft, options.at ?? this.now))
  }

  /** What the rules say against an act. */
  refusal(who: Person, draft: OperationDraft): string | undefined {
    const result = this.add(this.sign(who, draft))
    return result.kind === 'rejected'
      ? result.refusal.rule
      : result.kind === 'accepted'
        ? undefined
        : result.kind
  }

  add(op: Operation): AddResult {
    const result = this.log.add(op, Number.MAX_SAFE_INTEGER - 1_000_000)
    if (result.kind === 'accepted') this.operations.push(op)
    for (const each of this.log.drain(Number.MAX_SAFE_INTEGER - 1_000_000))
      if (each.kind === 'accepted') this.operations.push(each.operation)
    return result
  }

  fork(): Site {
    const other = new Site(this.operations[0] as Operation, this.now)
    for (const op of this.operations.slice(1)) other.add(op)
    return other
  }

  merge(...others: Site[]): this {
    for (const other of others) {
      for (const op of other.operations) if (!this.log.has(op.id)) this.add(op)
      this.now = Math.max(this.now, other.now)
    }
    return this
  }

  standing(op: Operation): string | undefined {
    return this.log.standing(op.id)?.standing
  }
}

/** A server with an owner and an open invite. */
export function found(
  owner: Person,
  init: { everyone?: bigint } = {}
): Site & { readonly invite: InviteId; readonly server: ServerId } {
  const genesis = signGenesis(fakeSuite, owner.key, owner.device, {
    name: 'test',
    credential: owner.credential,
    userKey: userKeyOf(owner),
    nonce: named('nonce').slice(0, 16),
    at: START,
    policy: [{ key: 3, value: 1 }],
    ...init
  })
  const site = new Site(genesis, START)
  const invite = site.act(
    owner,
    draftInviteCreate({ signPublicKey: named('invite'), boxPublicKey: named('invite box') })
  )
  return Object.assign(site, { invite: idAs('i', invite.id), server: site.log.server })
}

export function joinDraft(who: Person, invite: InviteId): OperationDraft {
  return draftJoin({
    invite,
    credential: who.credential,
    userKey: userKeyOf(who),
    signature: new Uint8Array(64)
  })
}

/** Hash of the state as text. */
export const hashOf = (log: AuthorityLog): string => Buffer.from(log.state().hash()).toString('hex')

export { orders } from './orders.ts'
