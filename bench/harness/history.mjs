/**
 * Histories of a server for the benchmarks of authority. Operations are signed and verified for real; certificates are
 * stand-ins, since identity verifies each of them once elsewhere.
 */
import { randomBytes } from 'node:crypto'
import {
  authorityDeps,
  createAuthorityLog,
  draftChannelCreate,
  draftChannelEdit,
  draftInviteCreate,
  draftJoin,
  draftRoleAssign,
  draftRoleCreate,
  signGenesis,
  signJoin
} from '@xcord/core/authority'
import { accept, idAs, idFromBytes } from '@xcord/core/base'
import { decodeOperation, signOperation } from '@xcord/core/graph'

export const START = Date.UTC(2026, 0, 1)
export const CHANNELS = 20
const ROLES = 10
export const LATER = START + 1e9

/** Certificate: user, then device. */
const standIn = bytes =>
  accept({ user: idFromBytes('u', bytes.slice(0, 32)), device: idFromBytes('d', bytes.slice(32)) })

/** What a log needs of the layers below, with stand-ins for certificates. */
export const standInDeps = suite => ({ ...authorityDeps(suite), verifyCredential: standIn })

export function createPerson(suite) {
  const user = randomBytes(32)
  const key = suite.signingKey(randomBytes(32))
  return {
    user: idFromBytes('u', user),
    device: idFromBytes('d', key.publicKey),
    key,
    credential: Uint8Array.from([...user, ...key.publicKey]),
    userKey: { generation: 1, boxPublicKey: new Uint8Array(randomBytes(32)) }
  }
}

export function decoded(suite, bytes, options) {
  const operation = decodeOperation(suite, bytes, options)
  if (!operation.ok) throw new Error(`${operation.rule}: ${operation.reason}`)
  return operation.value
}

export class History {
  /** `ownKey`: of the owner's, where its secret is needed. */
  constructor(suite, ownKey = {}) {
    this.suite = suite
    this.deps = standInDeps(suite)
    this.now = START
    this.owner = createPerson(this.suite)
    Object.assign(this.owner.userKey, ownKey)
    const { key, device, credential, userKey } = this.owner
    const init = { name: 'Bench', credential, userKey, nonce: new Uint8Array(randomBytes(16)), at: START }
    this.genesis = signGenesis(suite, key, device, init)
    this.bytes = [this.genesis.bytes]
    this.log = createAuthorityLog(this.deps, this.genesis)
    this.members = []
    this.given = 0
  }

  sign(person, draft) {
    this.now += 1_000
    return signOperation(this.suite, person.key, this.log.place(person.device, draft, this.now))
  }

  act(person, draft) {
    const operation = this.sign(person, draft)
    const result = this.log.add(operation, LATER)
    if (result.kind !== 'accepted')
      throw new Error(`${result.kind}: ${JSON.stringify(result.refusal ?? result.missing)}`)
    this.bytes.push(operation.bytes)
    return operation.id
  }

  /** Invite, roles, channels. */
  found() {
    const { key } = createPerson(this.suite)
    this.inviteKey = key
    const box = new Uint8Array(randomBytes(32))
    this.invite = idAs(
      'i',
      this.act(this.owner, draftInviteCreate({ signPublicKey: key.publicKey, boxPublicKey: box }))
    )
    this.roles = Array.from({ length: ROLES + 1 }, (_, each) =>
      idAs(
        'r',
        this.act(
          this.owner,
          draftRoleCreate({
            name: `role ${each}`,
            position: Uint8Array.of(each + 1),
            permissions: ['ManageMessages']
          })
        )
      )
    )
    // Given to nobody while the history grows: what is applied later may give it to anybody once.
    this.extra = this.roles.pop()
    this.channels = Array.from({ length: CHANNELS }, (_, each) =>
      idAs(
        'c',
        this.act(
          this.owner,
          draftChannelCreate({ kind: 'text', name: `channel-${each}`, position: Uint8Array.of(each + 1) })
        )
      )
    )
  }

  /** As servers live: somebody joins, gets a role, a channel changes. */
  step(index) {
    if (index % 3 === 0) return this.join()
    const pick = list => list[index % list.length]
    if (index % 3 === 1)
      return this.act(this.owner, draftRoleAssign(this.members.at(-1).user, pick(this.roles)))
    return this.act(this.owner, draftChannelEdit(pick(this.channels), { topic: `topic ${index}` }))
  }

  /** A large server: one in `every` joins, one of five of those gets a role, the rest are channels' topics. */
  stepWide(index, every) {
    if (index % every === 0) return this.join()
    if (index % (every * 5) === 1)
      return this.act(this.owner, draftRoleAssign(this.members.at(-1).user, this.roles[0]))
    return this.act(
      this.owner,
      draftChannelEdit(this.channels[index % CHANNELS], { topic: `topic ${index}` })
    )
  }

  join() {
    const person = createPerson(this.suite)
    const { user, userKey, credential } = person
    const signature = signJoin(this.suite, this.inviteKey, this.log.server, user, userKey)
    this.members.push(person)
    return this.act(person, draftJoin({ invite: this.invite, credential, userKey, signature }))
  }
}
