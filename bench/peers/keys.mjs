/** Keys of a large server over the real authority log: removal from it, one message sealed and opened, unlocking. */
import { randomBytes } from 'node:crypto'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { draftBan } from '@xcord/core/authority'
import { createKeyRing, metaChannel } from '@xcord/core/e2ee'
import { linkAfter, readEnvelope, verifyChain, verifyEnvelope } from '@xcord/core/graph'
import { createAccount, createKeyStore, keyStoreContents, openKeyStore } from '@xcord/core/identity'
import { History, LATER } from '../harness/history.mjs'
import { serve, threadMs } from './serve.mjs'

const random = { bytes: length => new Uint8Array(randomBytes(length)) }
const CHAT = 1
const TEXT = 'x'.repeat(150)
const PASSWORD = 'a long enough password'
let suite
let history
let ring
let chain
let store

function use(plan) {
  for (const each of ring.apply(plan, LATER))
    if (each.kind === 'rejected') throw new Error(each.refusal.reason)
  return plan
}

/** The key to write under: kept, or made. So many joined at once that they are gathered first (AU8). */
function epochOf(channel) {
  for (const draft of history.log.gathers()) history.act(history.owner, draft)
  const found = ring.epochFor(random, channel, LATER)
  if (found.kind === 'plan') use(found.plan)
  else if (found.kind !== 'key') throw new Error(found.refusal?.reason ?? found.kind)
  return found.keyId
}

/** The owner's ring: removals are planned by who removes. */
function openRing() {
  const { owner, log } = history
  ring = createKeyRing({
    suite,
    server: log.server,
    log,
    user: owner.user,
    device: owner.device,
    signingKey: owner.key,
    userKeys: [{ ...owner.userKey, boxSecret: owner.boxSecret }],
    invites: []
  })
  epochOf(metaChannel(log.server))
  return epochOf(history.channels[0])
}

function seal(keyId, last) {
  const mentions = { users: [], roles: [], everyone: false }
  const body = { kind: 'message', content: TEXT, replyTo: null, mentions, attachments: [] }
  const payload = { thread: null, at: LATER, auth: history.log.heads().slice(0, 16), parents: [], body }
  return ring.seal({ random, type: CHAT, keyId, link: linkAfter(last), payload })
}

function open(envelope) {
  if (ring.open(envelope).kind !== 'opened') throw new Error('not opened')
}

function read(bytes) {
  const envelope = readEnvelope(suite, bytes)
  if (!envelope.ok) throw new Error(envelope.reason)
  return envelope.value
}

/** Microseconds of the thread for one, over a time. */
function timed(ms, run) {
  const began = threadMs()
  let count = 0
  for (; threadMs() - began < ms; count++) run()
  return ((threadMs() - began) * 1_000) / count
}

serve({
  start: async () => {
    suite = await createNodeSuite()
    const contents = keyStoreContents(createAccount(suite, random, LATER))
    store = createKeyStore(suite, random, LATER, contents, {
      password: { text: PASSWORD }
    }).bytes
  },
  grow: ({ members }) => {
    const { boxSecret, boxPublicKey } = pair()
    history = new History(suite, { boxPublicKey })
    history.owner.boxSecret = boxSecret
    history.found()
    for (let each = 1; each < members; each++) history.join()
    const keyId = openRing()
    chain = []
    for (let each = 0; each < 50; each++) chain.push(seal(keyId, chain.at(-1)))
    return history.members.length + 1
  },
  /** Puts one member out: thread time of planning and taking in the keys, bytes published, boxes made. */
  remove: ({ index }) => {
    history.act(history.owner, draftBan(history.members[index].user))
    const began = threadMs()
    const result = ring.planRotations(random, LATER)
    if (result.kind !== 'plan') throw new Error(result.kind)
    use(result.plan)
    return {
      ms: threadMs() - began,
      bytes: result.plan.records.reduce((sum, each) => sum + each.bytes.length, 0)
    }
  },
  message: ({ side, ms }) => {
    const keyId = epochOf(history.channels[0])
    const { device } = history.owner
    const bytes = chain.map(each => each.bytes)
    const sides = {
      seal: () => seal(keyId, chain.at(-1)),
      open: () => {
        const envelope = read(bytes[0])
        if (!verifyEnvelope(suite, envelope, device).ok) throw new Error('not verified')
        open(envelope)
      },
      page: () => {
        const page = bytes.map(read)
        const checked = verifyChain(suite, page, device)
        if (checked.ok === false) throw new Error('not verified')
        for (const envelope of page) open(envelope)
      }
    }
    return timed(ms, sides[side])
  },
  unlock: () => {
    const began = performance.now()
    if (!openKeyStore(suite, store, { password: PASSWORD }).ok) throw new Error('not opened')
    return performance.now() - began
  }
})

function pair() {
  const boxSecret = random.bytes(32)
  return { boxSecret, boxPublicKey: suite.x25519PublicKey(boxSecret) }
}
