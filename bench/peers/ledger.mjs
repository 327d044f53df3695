/**
 * A server's authority alone: histories of a size, then opening them, adding to them, asking them. Operations are
 * signed and verified for real; certificates are stand-ins, since identity verifies each of them once elsewhere.
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
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
import { serve, threadMs } from './serve.mjs'

const START = Date.UTC(2026, 0, 1)
const CHANNELS = 20
const ROLES = 10
const LATER = START + 1e9
let suite
let deps
/** Bytes of the history, genesis first. */
let history
let grown

function createPerson() {
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

/** Certificate: user, then device. */
const standIn = bytes =>
  accept({ user: idFromBytes('u', bytes.slice(0, 32)), device: idFromBytes('d', bytes.slice(32)) })

class History {
  constructor() {
    this.now = START
    this.owner = createPerson()
    const { key, device, credential, userKey } = this.owner
    const init = { name: 'Bench', credential, userKey, nonce: new Uint8Array(randomBytes(16)), at: START }
    this.genesis = signGenesis(suite, key, device, init)
    this.bytes = [this.genesis.bytes]
    this.log = createAuthorityLog(deps, this.genesis)
    this.members = []
    this.given = 0
  }

  sign(person, draft) {
    this.now += 1_000
    return signOperation(suite, person.key, this.log.place(person.device, draft, this.now))
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
    const { key } = createPerson()
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

  join() {
    const person = createPerson()
    const { user, userKey, credential } = person
    const signature = signJoin(suite, this.inviteKey, this.log.server, user, userKey)
    this.members.push(person)
    return this.act(person, draftJoin({ invite: this.invite, credential, userKey, signature }))
  }
}

const decoded = (bytes, options) => {
  const operation = decodeOperation(suite, bytes, options)
  if (!operation.ok) throw new Error(`${operation.rule}: ${operation.reason}`)
  return operation.value
}

function openAll(list) {
  const log = createAuthorityLog(deps, decoded(list[0], { trusted: true }), { trusted: true })
  for (const bytes of list.slice(1)) {
    const result = log.add(decoded(bytes, { trusted: true }), LATER, { trusted: true })
    if (result.kind !== 'accepted') throw new Error(result.kind)
  }
  return log
}

serve({
  start: async () => {
    suite = await createNodeSuite()
    deps = { ...authorityDeps(suite), verifyCredential: standIn }
  },
  /** Makes a history of so many operations. */
  grow: ({ count }) => {
    const began = performance.now()
    grown = new History()
    grown.found()
    for (let index = 0; grown.bytes.length < count; index++) grown.step(index)
    history = grown.bytes.slice()
    return { ms: performance.now() - began, members: grown.members.length + 1 }
  },
  /** Opens the history from its stored bytes, up to a state that answers. */
  open: () => {
    globalThis.gc?.()
    const before = process.memoryUsage()
    const began = threadMs()
    const log = openAll(history)
    const state = log.state()
    const channel = grown.channels[0]
    state.permissions(grown.owner.user, channel, LATER)
    const ms = threadMs() - began
    globalThis.gc?.()
    const after = process.memoryUsage()
    const heap = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    return { ms, heap, count: log.count() }
  },
  /** One operation after another at the heads: decode, verify, add, and the state asked. Microseconds of each. */
  apply: ({ count }) => {
    const times = []
    for (let index = 0; index < count; index++) {
      const draft =
        index % 2 === 0
          ? draftChannelEdit(grown.channels[index % CHANNELS], { topic: `new ${index}` })
          : draftRoleAssign(grown.members[grown.given++].user, grown.extra)
      const { bytes } = grown.sign(grown.owner, draft)
      const began = performance.now()
      const result = grown.log.add(decoded(bytes), LATER)
      grown.log.state().permissions(grown.owner.user, grown.channels[0], LATER)
      times.push((performance.now() - began) * 1_000)
      if (result.kind !== 'accepted') throw new Error(`${result.kind}: ${JSON.stringify(result.refusal)}`)
    }
    return times
  },
  /** Warm answers: microseconds for one. */
  permissions: ({ rounds }) => {
    const state = grown.log.state()
    const people = grown.members.slice(-100)
    const ask = () => {
      let bits = 0n
      for (const { user } of people)
        for (const channel of grown.channels) bits |= state.permissions(user, channel, LATER)
      return bits
    }
    ask()
    const began = threadMs()
    for (let round = 0; round < rounds; round++) ask()
    return ((threadMs() - began) * 1_000) / (rounds * people.length * grown.channels.length)
  },
  /** The floor of applying: one verification by node:crypto. */
  verify: () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const message = randomBytes(300)
    const signature = sign(null, message, privateKey)
    const began = threadMs()
    for (let each = 0; each < 500; each++) verify(null, message, publicKey, signature)
    return (threadMs() - began) * 2
  }
})
