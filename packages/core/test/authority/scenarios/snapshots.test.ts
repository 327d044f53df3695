/** AU-S: whoever begins with a snapshot, and whoever signs a false one. */
import { describe, expect, it } from 'vitest'
import {
  type AuthorityLog,
  type AuthoritySnapshot,
  draft,
  draftBan,
  draftCheckpoint,
  draftKick,
  draftRoleAssign,
  openAuthorityLog,
  readCheckpoint,
  readSnapshot
} from '../../../src/authority/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { fakeDeps, hashOf, type Site } from '../cast.ts'
import { together } from '../converge.ts'
import { orders } from '../orders.ts'
import { apart, Stage, status } from '../ladder.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000

/** A server whose leaves are gathered, so that its heads are all there is to know. */
function gathered(): Stage {
  const stage = new Stage({ a: 10, b: 8, x: 0, y: 0 })
  for (const what of stage.site.log.gathers()) stage.site.act(stage.who('o'), what)
  return stage
}

function taken(log: AuthorityLog): AuthoritySnapshot {
  const snapshot = log.snapshot()
  if (snapshot === undefined) throw new Error('no snapshot')
  return snapshot
}

function opened(genesis: Operation, snapshot: AuthoritySnapshot): AuthorityLog {
  const read = readSnapshot(snapshot, snapshot.chunks)
  if (read === undefined) throw new Error('does not read')
  return openAuthorityLog(fakeDeps, genesis, { snapshot: read })
}

describe('[AU-S] snapshots', () => {
  it('[AU-S49] a log that begins with a snapshot and full replay come to one root, whatever came first after it', () => {
    const stage = gathered()
    const genesis = stage.site.operations[0] as Operation
    const snapshot = taken(stage.site.log)
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftBan(stage.user('b')))
    right.act(stage.who('b'), draftKick(stage.user('x')))
    right.act(
      stage.who('b'),
      draft('timeout', { user: stage.user('y'), until: right.now + 5_000, reason: null })
    )
    const whole = stage.converge(left, right)
    const { late } = together(stage.site, left, right)
    for (const order of orders(late)) {
      const log = opened(genesis, snapshot)
      expect(hashOf(log)).toBe(hashOf(stage.site.log))
      for (const op of order) expect(log.add(op, FAR)).toMatchObject({ kind: 'accepted' })
      expect(hashOf(log)).toBe(hashOf(whole))
      expect(status(log, stage.user('x'))).toBe('in')
    }
  })

  it('[AU-S50] a snapshot with a false root is found out by whoever replays, and its signer is known; in every order', () => {
    const stage = gathered()
    const { site } = stage
    const honest = taken(site.log)
    const lie = { ...honest, stateRoot: Uint8Array.from(honest.stateRoot, byte => byte ^ 1) }
    const published = site.act(stage.who('b'), draftCheckpoint(lie, undefined))
    const [left] = apart(stage, 1) as [Site]
    left.act(stage.who('o'), draftRoleAssign(stage.user('x'), stage.role(8)))
    const claim = readCheckpoint(published)
    if (claim === undefined) throw new Error('no claim')
    const audit = (log: AuthorityLog): unknown => (log.has(published.id) ? log.auditSnapshot(claim) : null)
    const log = stage.convergeTo(audit, left)
    expect(audit(log)).toMatchObject({ ok: false, rule: 'AU60' })
    expect(log.state().device(published.device)?.user).toBe(stage.user('b'))
    expect(log.standing(published.id)?.standing).toBe('effective')
  })
})
