/** A server's authority alone: histories of a size, then opening them, adding to them, asking them. */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createAuthorityLog, draftChannelEdit, draftRoleAssign } from '@xcord/core/authority'
import { CHANNELS, decoded, History, LATER, standInDeps } from '../harness/history.mjs'
import { serve, threadMs } from './serve.mjs'

let suite
let deps
/** Bytes of the history, genesis first. */
let history
let grown

function openAll(list) {
  const log = createAuthorityLog(deps, decoded(suite, list[0], { trusted: true }), { trusted: true })
  for (const bytes of list.slice(1)) {
    const result = log.add(decoded(suite, bytes, { trusted: true }), LATER, { trusted: true })
    if (result.kind !== 'accepted') throw new Error(result.kind)
  }
  return log
}

serve({
  start: async () => {
    suite = await createNodeSuite()
    deps = standInDeps(suite)
  },
  /** Makes a history of so many operations. */
  grow: ({ count }) => {
    const began = performance.now()
    grown = new History(suite)
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
      const result = grown.log.add(decoded(suite, bytes), LATER)
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
