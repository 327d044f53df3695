/** Servers of many members: grown and frozen by one process, opened from their snapshot by others. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import {
  createAuthorityLog,
  draftChannelEdit,
  draftRoleCreate,
  draftRoleAssign,
  draftRoleUnassign,
  openAuthorityLog,
  readSnapshot
} from '@xcord/core/authority'
import { idAs } from '@xcord/core/base'
import { signOperation } from '@xcord/core/graph'
import { CHANNELS, decoded, History, LATER, standInDeps } from '../harness/history.mjs'
import { serve, threadMs } from './serve.mjs'

const MEMBERS_SHARE = 10
let suite
let deps
let grown
let rest

/** A list of byte strings in one file, each behind its length. */
function pack(list) {
  const parts = list.flatMap(bytes => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bytes.length)
    return [head, Buffer.from(bytes)]
  })
  return Buffer.concat(parts)
}

function unpack(all) {
  const list = []
  for (let at = 0; at < all.length;) {
    const length = all.readUInt32BE(at)
    list.push(new Uint8Array(all.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return list
}

function add(log, bytes, options) {
  const result = log.add(decoded(suite, bytes, options), LATER, options)
  if (result.kind !== 'accepted') throw new Error(`${result.kind}: ${JSON.stringify(result.refusal)}`)
  return result
}

/** Ids of what lies in the past of a snapshot's heads, the heads with them. */
function insideOf(log, heads) {
  const inside = new Set()
  const open = [...heads]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (inside.has(id)) continue
    inside.add(id)
    const { prev, parents, refs } = log.get(id)
    open.push(...parents, ...refs, ...(prev === null ? [] : [prev]))
  }
  return inside
}

/** One after the other at the heads: decode, verify, add, and the state asked. Microseconds of each. */
function apply(log, drafts, place) {
  return drafts.map(draft => {
    const { bytes } = place(draft)
    const began = performance.now()
    add(log, bytes)
    log.state().permissions(grown.owner.user, grown.channels[0], LATER)
    const took = (performance.now() - began) * 1_000
    grown.bytes.push(bytes)
    return took
  })
}

function timed(run) {
  const began = threadMs()
  run()
  return threadMs() - began
}

serve({
  load: async () => {
    suite = await createNodeSuite()
    deps = standInDeps(suite)
    return { rss: process.memoryUsage.rss() }
  },
  /** Grows a server of so many operations, a tenth of them joins, and freezes it into a file. */
  freeze: ({ count, file }) => {
    grown = new History(suite)
    grown.found()
    for (let index = 0; grown.bytes.length < count; index++) grown.stepWide(index, MEMBERS_SHARE)
    let snapshot
    const ms = timed(() => (snapshot = grown.log.snapshot({ lag: Math.min(500, count / 10) })))
    const inside = insideOf(grown.log, snapshot.heads)
    rest = [...grown.log.operations()].filter(each => !inside.has(each.id)).map(each => each.bytes)
    const { chunks, sum, stateRoot, contentRoot, ...claim } = snapshot
    const head = Buffer.from(JSON.stringify({ ...claim, sum: `${sum}`, chunks: chunks.length }))
    const ask = Buffer.from(JSON.stringify({ user: grown.owner.user, channel: grown.channels[0] }))
    writeFileSync(file, pack([head, ask, grown.genesis.bytes, ...chunks, ...rest]))
    const size = list => list.reduce((sum_, each) => sum_ + each.length, 0)
    return {
      ms,
      members: grown.members.length + 1,
      bytes: size(chunks),
      chunks: chunks.length,
      restBytes: size(rest),
      historyBytes: size(grown.bytes)
    }
  },
  /** Everything from its stored bytes, as without a snapshot. */
  replay: () => {
    globalThis.gc?.()
    const before = process.memoryUsage()
    let log
    const ms = timed(() => {
      log = createAuthorityLog(deps, decoded(suite, grown.bytes[0], { trusted: true }), { trusted: true })
      for (const bytes of grown.bytes.slice(1)) add(log, bytes, { trusted: true })
      log.state().permissions(grown.owner.user, grown.channels[0], LATER)
    })
    globalThis.gc?.()
    const after = process.memoryUsage()
    const heap = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    return { ms, heap, count: log.count() }
  },
  /** Opens a file's server from its snapshot, with what came after it. */
  thaw: ({ file }) => {
    const [head, ask, genesis, ...all] = unpack(readFileSync(file))
    const { chunks, sum, ...claim } = JSON.parse(Buffer.from(head))
    const { user, channel } = JSON.parse(Buffer.from(ask))
    let log
    const ms = timed(() => {
      const snapshot = readSnapshot({ ...claim, sum: BigInt(sum) }, all.slice(0, chunks))
      log = openAuthorityLog(deps, decoded(suite, genesis, { trusted: true }), { snapshot, trusted: true })
      for (const bytes of all.slice(chunks)) add(log, bytes, { trusted: true })
      if (log.state().permissions(user, channel, LATER) === 0n) throw new Error('the owner may nothing')
    })
    return { ms, rss: process.memoryUsage.rss(), count: log.count() }
  },
  /** Ordinary operations at the heads of the grown server. */
  apply: ({ count }) => {
    const drafts = Array.from({ length: count }, (_, index) =>
      draftChannelEdit(grown.channels[index % CHANNELS], { topic: `new ${index}` })
    )
    return apply(grown.log, drafts, draft => grown.sign(grown.owner, draft))
  },
  /**
   * The dearest operations found, each on the grown server: milliseconds. `flips` falls with whom it strikes; `concurrent`
   * has seen the beginning only; `cites` cites as much as it may, of branches side by side.
   */
  hostile: ({ falls }) => {
    const admin = grown.members[0]
    const role = idAs(
      'r',
      grown.act(
        grown.owner,
        draftRoleCreate({
          name: 'admin',
          position: Uint8Array.of(200),
          permissions: ['ManageRoles', 'ManageChannels']
        })
      )
    )
    grown.act(grown.owner, draftRoleAssign(admin.user, role))
    // Made before all that the admin does, and heard of afterwards.
    const denial = grown.sign(grown.owner, draftRoleUnassign(admin.user, role))
    const branch = createAuthorityLog(deps, grown.genesis)
    for (const bytes of grown.bytes.slice(1)) add(branch, bytes, { trusted: true })
    for (let at = 0; at < falls; at++)
      grown.act(admin, draftRoleAssign(grown.members[at + 1].user, grown.extra))
    const flips = timed(() => add(grown.log, denial.bytes))
    const begin = createAuthorityLog(deps, grown.genesis)
    for (const bytes of grown.bytes.slice(1, 60)) add(begin, bytes, { trusted: true })
    const early = signOperation(suite, grown.owner.key, {
      ...begin.place(grown.owner.device, draftChannelEdit(grown.channels[1], { topic: 'early' }), LATER - 1e8)
    })
    const concurrent = timed(() => {
      const result = grown.log.add(decoded(suite, early.bytes), LATER)
      if (result.kind !== 'accepted' && result.kind !== 'rejected') throw new Error(result.kind)
    })
    return { falls, flips, concurrent, cites: cites(branch) }
  }
})

/** Sixteen members act side by side on a long log; then one cites them all. */
function cites(log) {
  const acts = grown.members.slice(2, 18).map(each => {
    const draft = draftChannelEdit(grown.channels[2], { topic: 'side' })
    return signOperation(suite, each.key, log.place(each.device, draft, LATER - 1e7))
  })
  for (const each of acts) log.add(decoded(suite, each.bytes), LATER)
  const { bytes } = signOperation(
    suite,
    grown.owner.key,
    log.place(grown.owner.device, draftChannelEdit(grown.channels[2], { topic: 'all' }), LATER - 1e6)
  )
  return timed(() => add(log, bytes))
}
