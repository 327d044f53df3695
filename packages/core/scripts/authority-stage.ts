/** Real people with real keys on a server, from one seed: what authority's vectors are made of. */
import { type DeviceId, idAs, idToBytes, type InviteId, type OperationId } from '../src/base/index.ts'
import {
  type AuthorityDeps,
  authorityDeps,
  type AuthorityLog,
  createAuthorityLog,
  draft,
  draftInviteCreate,
  draftJoin,
  type OperationDraft,
  signGenesis,
  signJoin,
  transferConsent
} from '../src/authority/index.ts'
import { signBytes, type SigningKey, type Suite } from '../src/crypto/index.ts'
import { type Operation, type OperationFields, signOperation } from '../src/graph/index.ts'
import { type Account, createAccount } from '../src/identity/index.ts'
import { seededRandom } from './vector-tools.ts'

export const START = 1_700_000_000_000

export function accountOf(suite: Suite, name: string): Account {
  return createAccount(suite, seededRandom(`authority ${name}`), START)
}

/** A replica that people act on; copies of it do not hear of each other. */
export class VectorSite {
  readonly suite: Suite
  readonly deps: AuthorityDeps
  readonly log: AuthorityLog
  readonly operations: Operation[]
  now: number

  constructor(suite: Suite, genesis: Operation, now: number) {
    this.suite = suite
    this.deps = authorityDeps(suite)
    this.log = createAuthorityLog(this.deps, genesis)
    this.operations = [genesis]
    this.now = now
  }

  copy(): VectorSite {
    const site = new VectorSite(this.suite, this.operations[0] as Operation, this.now)
    for (const operation of this.operations.slice(1)) site.take(operation)
    return site
  }

  take(operation: Operation): void {
    if (this.log.has(operation.id)) return
    const result = this.log.add(operation, this.now + 1_000_000)
    if (result.kind !== 'accepted') throw new Error(JSON.stringify(result))
    this.operations.push(operation)
  }

  merge(...sites: VectorSite[]): this {
    for (const site of sites) for (const operation of site.operations) this.take(operation)
    return this
  }

  sign(
    who: Account,
    what: OperationDraft,
    change: (fields: OperationFields) => OperationFields = fields => fields
  ): Operation {
    this.now += 1_000
    return signOperation(
      this.suite,
      who.device.signingKey,
      change(this.log.place(who.device.device, what, this.now))
    )
  }

  act(who: Account, what: OperationDraft): Operation {
    const operation = this.sign(who, what)
    this.take(operation)
    return operation
  }
}

export const keyOf = (who: Account): { generation: number; boxPublicKey: Uint8Array } => {
  const newest = who.userKeys.at(-1)
  if (newest === undefined) throw new Error('no user key')
  return { generation: newest.generation, boxPublicKey: newest.boxPublicKey }
}

export function foundServer(suite: Suite, owner: Account): VectorSite {
  const genesis = signGenesis(suite, owner.device.signingKey, owner.device.device, {
    name: 'Difference Engine',
    credential: owner.credential,
    userKey: keyOf(owner),
    nonce: seededRandom('authority nonce').bytes(16),
    at: START,
    policy: [{ key: 3, value: 1 }]
  })
  return new VectorSite(suite, genesis, START)
}

/** An open invite; its signing key comes back with it. */
export function makeInvite(
  site: VectorSite,
  who: Account,
  name: string,
  maxUses: number | null = null
): { invite: InviteId; key: SigningKey } {
  const key = site.suite.signingKey(seededRandom(`authority invite ${name}`).bytes(32))
  const operation = site.act(
    who,
    draftInviteCreate({ signPublicKey: key.publicKey, boxPublicKey: null, maxUses })
  )
  return { invite: idAs('i', operation.id), key }
}

export function joinOf(
  site: VectorSite,
  who: Account,
  invite: { invite: InviteId; key: SigningKey }
): OperationDraft {
  const signature = signJoin(site.suite, invite.key, site.log.server, who.user, keyOf(who))
  return draftJoin({ invite: invite.invite, credential: who.credential, userKey: keyOf(who), signature })
}

export function transferTo(site: VectorSite, owner: Account, target: Account): OperationDraft {
  const claim = transferConsent(site.log.server, site.log.state().ownerGeneration, owner.user, target.user)
  const signature = signBytes(site.suite, target.device.signingKey, 'consent', claim)
  return draft('transfer', {
    user: target.user,
    consent: { device: target.device.device, signature },
    root: null,
    reason: null
  })
}

export const raw = (id: OperationId | DeviceId): Uint8Array => idToBytes(id)
