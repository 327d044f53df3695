import { describe, expect, it } from 'vitest'
import {
  type AuthorityLog,
  type AuthoritySnapshot,
  draft,
  draftCheckpoint,
  openAuthorityLog,
  readCheckpoint,
  readSnapshot,
  verifySnapshot
} from '../../src/authority/index.ts'
import { concatBytes } from '../../src/encoding/index.ts'
import { type Operation, signOperation } from '../../src/graph/index.ts'
import { Frozen } from '../../src/authority/frozen.ts'
import {
  RecordWriter,
  type SnapshotParts,
  type SnapshotRow,
  type SnapshotWriter,
  writeSnapshot
} from '../../src/authority/snapshot-writer.ts'
import { frozenRoot, merkleRoot } from '../../src/authority/state-root.ts'
import { dump } from './check.ts'
import { Maker } from './histories/maker.ts'
import { fakeDeps, fakeSuite, found, hashOf, joinDraft, person, type Site } from './cast.ts'

const LATER = Number.MAX_SAFE_INTEGER - 1_000_000
const owner = person('o')
const people = ['a', 'b', 'c'].map(name => person(name))

function server(): ReturnType<typeof found> {
  const site = found(owner)
  for (const who of people) site.act(who, joinDraft(who, site.invite))
  site.act(owner, draft('gather', {}, { refs: site.log.leaves() }))
  return site
}

function taken(site: Site): AuthoritySnapshot {
  const snapshot = site.log.snapshot()
  if (snapshot === undefined) throw new Error('no snapshot')
  return snapshot
}

/** The same claim over other content, as a liar would sign it. */
function forged(
  snapshot: AuthoritySnapshot,
  change: (parts: SnapshotParts) => SnapshotParts
): AuthoritySnapshot {
  const chunks = writeSnapshot(change((Frozen.read(snapshot.chunks) as Frozen).whole()))
  return { ...snapshot, chunks, contentRoot: merkleRoot(fakeSuite, chunks) }
}

function refusal(snapshot: AuthoritySnapshot): string {
  const verdict = verifySnapshot(fakeSuite, snapshot, snapshot.chunks)
  return verdict.ok ? 'none' : `${verdict.rule} ${verdict.reason}`
}

function open(site: Site, snapshot = taken(site)): AuthorityLog {
  const read = readSnapshot(snapshot, snapshot.chunks)
  if (read === undefined) throw new Error('does not read')
  const kept = new Map(site.operations.map(op => [op.id, op]))
  return openAuthorityLog(fakeDeps, site.operations[0] as Operation, {
    snapshot: read,
    inside: id => kept.get(id)
  })
}

describe('[AU58] what a snapshot consists of', () => {
  it('[AU58] is the same bytes whoever takes it, and is read back whole', () => {
    const site = server()
    const snapshot = taken(site)
    expect(taken(site.fork())).toEqual(snapshot)
    expect(writeSnapshot((Frozen.read(snapshot.chunks) as Frozen).whole())).toEqual(snapshot.chunks)
    expect(refusal(snapshot)).toBe('none')
    expect(hashOf(open(site))).toBe(hashOf(site.log))
  })

  it('[AU58] refuses chunks that are not under the root, cut short, or garbled at any byte', () => {
    const snapshot = taken(server())
    const [chunk] = snapshot.chunks as [Uint8Array]
    expect(refusal({ ...snapshot, chunks: [] })).toMatch(/^AU58/)
    expect(refusal({ ...snapshot, chunks: [chunk, chunk] })).toMatch(/^AU58 the chunks are not/)
    for (let at = 0; at < chunk.length; at += 3) {
      const chunks = [chunk.with(at, (chunk[at] as number) ^ 0x15)]
      // What no root of the state covers (times, sequence numbers) only a replay can find: the content root differs.
      const verdict = refusal({ ...snapshot, chunks, contentRoot: merkleRoot(fakeSuite, chunks) })
      expect(['AU58', 'AU41', 'none']).toContain(verdict.slice(0, 4))
      expect(() => Frozen.read([chunk.subarray(0, at)])).not.toThrow()
    }
  })

  it('[AU58] refuses another order of records, and names written twice in full', () => {
    const snapshot = taken(server())
    const parts = (Frozen.read(snapshot.chunks) as Frozen).whole()
    const [first, second] = [parts.writers.slice(0, 1), parts.writers.slice(1)].map(
      writers =>
        writeSnapshot({ writers, heads: [], uses: [], forks: [], claims: [], knows: [] })[0] as Uint8Array
    )
    const chunks = [Uint8Array.from([...(second as Uint8Array), ...(first as Uint8Array)])]
    expect(refusal({ ...snapshot, chunks, contentRoot: merkleRoot(fakeSuite, chunks) })).toMatch(/^AU58/)
  })

  it('[AU58] refuses chunks cut elsewhere than where the next record no longer fits', () => {
    const site = server()
    for (let n = 0; n < 500; n++) {
      const who = person(`m${n}`)
      site.act(who, joinDraft(who, site.invite))
      if (n % 8 === 7) site.act(owner, draft('gather', {}, { refs: site.log.leaves() }))
    }
    const snapshot = taken(site)
    expect(snapshot.chunks.length).toBeGreaterThan(1)
    expect(refusal(snapshot)).toBe('none')
    const whole = concatBytes(snapshot.chunks as Uint8Array[])
    const [first] = snapshot.chunks as [Uint8Array]
    const [founding] = (Frozen.read(snapshot.chunks) as Frozen).whole().writers
    const record = new RecordWriter().writer(founding as SnapshotWriter)
    for (const at of [1, record.length, first.length - 1, first.length + 1]) {
      const chunks = [whole.slice(0, at), whole.slice(at)]
      const verdict = refusal({ ...snapshot, chunks, contentRoot: merkleRoot(fakeSuite, chunks) })
      expect(verdict).toMatch(/^AU58 (not the canonical form|the chunks hold no snapshot)$/)
    }
    const one = [whole]
    expect(refusal({ ...snapshot, chunks: one, contentRoot: merkleRoot(fakeSuite, one) })).toBe(
      'AU58 not the canonical form'
    )
  })

  it('[AU58] opens whatever it accepts, and answers without a throw', () => {
    const maker = new Maker({ seed: 3, steps: 0 })
    for (let step = 0; step < 20; step++) maker.step()
    const snapshot = taken(maker.site)
    const [chunk] = snapshot.chunks as [Uint8Array]
    let opened = 0
    for (let at = 0; at < chunk.length; at += 17) {
      const chunks = [chunk.with(at, (at * 31 + 7) & 255)]
      const frozen = Frozen.read(chunks)
      if (frozen === undefined) continue
      const claim = {
        ...snapshot,
        contentRoot: merkleRoot(fakeSuite, chunks),
        stateRoot: frozenRoot(fakeSuite, frozen)
      }
      const verdict = verifySnapshot(fakeSuite, claim, chunks)
      if (!verdict.ok) continue
      const log = openAuthorityLog(fakeDeps, maker.site.operations[0] as Operation, {
        snapshot: verdict.value
      })
      dump(log.state(), LATER)
      log.snapshot()
      for (const op of maker.site.operations.slice(-3)) log.add(op, LATER)
      opened++
    }
    expect(opened).toBeGreaterThan(20)
  })

  it('[AU58] refuses values that no operation writes, under whatever roots', () => {
    const snapshot = taken(server())
    const wrong: readonly (readonly [number, SnapshotRow['value']])[] = [
      [0, [0, new Uint8Array(3)]],
      [2, 3],
      [2, 'in'],
      [4, [1, new Uint8Array(31)]],
      [10, []],
      [12, 2],
      [18, null]
    ]
    for (const [family, value] of wrong) {
      const { chunks, contentRoot } = forged(snapshot, parts => ({
        ...parts,
        writers: parts.writers.map(each => ({
          ...each,
          rows: each.rows.map(row => (row.family === family ? { ...row, value } : row))
        }))
      }))
      const stateRoot = frozenRoot(fakeSuite, Frozen.read(chunks) as Frozen)
      expect(refusal({ ...snapshot, chunks, contentRoot, stateRoot })).toBe(
        'AU58 a value does not fit its cell'
      )
    }
  })

  it('[AU41] [AU58] refuses a state other than the one signed, and one without owner or heads', () => {
    const snapshot = taken(server())
    const without = (family: number) => (parts: SnapshotParts) => ({
      ...parts,
      writers: parts.writers.map(each => ({ ...each, rows: each.rows.filter(row => row.family !== family) }))
    })
    expect(refusal(forged(snapshot, without(5)))).toBe('none')
    expect(refusal(forged(snapshot, without(2)))).toMatch(/^AU41/)
    expect(refusal(forged(snapshot, without(0)))).toBe('AU58 it tells of no owner')
    expect(refusal(forged(snapshot, parts => ({ ...parts, writers: parts.writers.slice(0, 2) })))).toMatch(
      /^AU58 it/
    )
    expect(refusal({ ...snapshot, count: 2 })).toMatch(/^AU58 it tells of more/)
    expect(refusal({ ...snapshot, heads: [] })).toMatch(/^AU58 a snapshot has/)
  })
})

describe('[AU59] a log that begins with a snapshot', () => {
  it('[AU59] takes what builds on all of it, and holds what is concurrent with part of it', () => {
    const site = server()
    const late = site.fork()
    const kick = site.act(owner, draft('kick', { user: person('a').user, reason: null }))
    const log = open(site)
    const nick = late.sign(people[1] as never, draft('nick', { nick: 'late' }))
    expect(log.add(nick, LATER)).toEqual({ kind: 'history', operation: nick.id })
    expect(log.wantsHistory()).toBe(true)
    expect(log.standing(kick.id)).toBeUndefined()
    const next = site.sign(owner, draft('kick', { user: person('b').user, reason: null }))
    expect(log.add(next, LATER).kind).toBe('accepted')
    site.add(next)
    expect(hashOf(log)).toBe(hashOf(site.log))
  })

  it('[AU59] holds a cut that may strike before it, and takes one that names the newest', () => {
    const site = server()
    const [a] = people as [ReturnType<typeof person>]
    const joined = site.operations.find(op => op.device === a.device)
    const row = { device: a.device, contentSeq: null, envelope: null }
    const [all, none] = [
      { ...row, seq: joined?.seq ?? 0, operation: joined?.id ?? null },
      { ...row, seq: null, operation: null }
    ].map(each => draft('kick', { user: a.user, reason: null }, { cut: [each] }))
    expect(open(site).add(site.sign(owner, none as never), LATER).kind).toBe('history')
    expect(open(site).add(site.sign(owner, all as never), LATER).kind).toBe('accepted')
  })

  it('[AU59] [AU5] takes a device that begins anew for a fork', () => {
    const site = server()
    const log = open(site)
    const [a] = people as [ReturnType<typeof person>]
    const fields = site.log.place(a.device, joinDraft(a, site.invite), site.now)
    const fork = signOperation(fakeSuite, a.key, { ...fields, seq: 0, prev: null })
    expect(log.add(fork, LATER)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU5' } })
  })
})

describe('[AU60] published snapshots', () => {
  function published(change: (snapshot: AuthoritySnapshot) => AuthoritySnapshot = each => each): {
    readonly site: Site
    readonly claim: NonNullable<ReturnType<typeof readCheckpoint>>
  } {
    const site = server()
    const [a] = people as [ReturnType<typeof person>]
    const first = site.act(a, draftCheckpoint(change(taken(site)), undefined))
    const claim = readCheckpoint(first)
    if (claim === undefined) throw new Error('no claim')
    return { site, claim }
  }

  it('[AU60] is an operation that others audit by their own replay, also after more was done', () => {
    const { site, claim } = published()
    expect(claim).toMatchObject({ epoch: 0, heads: claim.heads })
    site.act(owner, draft('ban', { user: person('a').user, reason: null }))
    expect(site.fork().log.auditSnapshot(claim)).toMatchObject({
      ok: true,
      value: { stateRoot: claim.stateRoot, contentRoot: claim.contentRoot }
    })
    expect(readCheckpoint(site.operations[0] as Operation)).toBeUndefined()
    const next = draftCheckpoint(taken(site), { id: site.operations.at(-1)?.id as never, epoch: claim.epoch })
    expect(readCheckpoint(site.act(owner, next))?.epoch).toBe(1)
    // A log that began with a later snapshot has not seen how this one came about.
    expect(open(site).auditSnapshot(claim)).toBeUndefined()
  })

  it.each([
    ['another state', each => ({ ...each, stateRoot: each.contentRoot }), 'its state is false'],
    ['other content', each => ({ ...each, contentRoot: each.stateRoot }), 'its content is false'],
    ['another sum', each => ({ ...each, sum: each.sum + 1n }), 'it was made of other operations'],
    ['another count', each => ({ ...each, count: each.count + 1 }), /operations, not/]
  ] satisfies readonly [string, (each: AuthoritySnapshot) => AuthoritySnapshot, string | RegExp][])(
    '[AU60] is found false with %s, whoever looks',
    (_, change, reason) => {
      const { site, claim } = published(change)
      expect(site.fork().log.auditSnapshot(claim)).toMatchObject({
        ok: false,
        rule: 'AU60',
        reason: reason instanceof RegExp ? (expect.stringMatching(reason) as string) : reason
      })
    }
  )

  it('[AU60] is found false where one of its heads follows another', () => {
    const { site, claim } = published()
    const heads = [...claim.heads, site.operations[0]?.id as never]
    expect(site.log.auditSnapshot({ ...claim, heads })).toMatchObject({ ok: false, rule: 'AU60' })
  })
})
