/** AU-S: ownership moves by transfer alone. */
import { describe, expect, it } from 'vitest'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftKick,
  draftRoleUnassign
} from '../../../src/authority/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { person, type Site } from '../cast.ts'
import { Stage, standingIn, apart, status } from '../ladder.ts'

/** The present owner of a site gives it to somebody. */
function transferBy(site: Site, stage: Stage, to: string): ReturnType<typeof draft> {
  const consent = { device: stage.who(to).device, signature: new Uint8Array(64) }
  expect(site.log.state().owner).not.toBe(stage.user(to))
  return draft('transfer', { user: stage.user(to), consent, root: null, reason: null })
}

describe('[AU-S] ownership', () => {
  it("[AU-S31] [AU21] [AU-S33] [AU-S34] a transfer beats the old owner's and everybody else's ban; the old owner backdates nothing", () => {
    const stage = new Stage({ a: 5, b: 8, x: 0 })
    const sites = apart(stage, 3) as [Site, Site, Site]
    const transfer = sites[0].act(stage.who('o'), stage.transfer('a'))
    sites[0].act(stage.who('a'), draftKick(stage.user('o')))
    const byOwner = sites[1].act(person('o'), draftBan(stage.user('a')))
    const byAdmin = sites[2].act(stage.who('b'), draftBan(stage.user('a')))
    const log = stage.converge(...sites)
    expect([transfer, byOwner, byAdmin].map(op => standingIn(log, op))).toEqual([
      'effective',
      'voided',
      'effective'
    ])
    expect(log.state().owner).toBe(stage.user('a'))
    expect(log.state().ownerGeneration).toBe(1)
    expect(status(log, stage.user('a'))).toBe('in')
    expect(log.state().member(stage.user('a'))?.roles).toEqual([stage.role(5)])
    expect(status(log, stage.user('o'))).toBe('out')
  })

  it('[AU-S32] of two transfers exactly one stands', () => {
    const stage = new Stage({ a: 5, b: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    const first = left.act(stage.who('o'), stage.transfer('a'))
    const second = right.act(stage.who('o'), stage.transfer('b'))
    const log = stage.converge(left, right)
    expect([first, second].filter(op => standingIn(log, op) === 'effective')).toHaveLength(1)
    const lower = [first, second].sort(
      (x, y) => x.lamport - y.lamport || (x.id < y.id ? -1 : 1)
    )[0] as Operation
    expect(standingIn(log, lower)).toBe('effective')
  })

  it("[AU-S35] the owner's two devices act at once: both count", () => {
    const stage = new Stage({})
    const laptop = person('o', 'laptop')
    stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'phone' }], reason: null }))
    right.act(laptop, draft('serverSet', { rows: [{ key: 0, value: 'laptop' }], reason: null }))
    right.act(laptop, draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) }))
    const log = stage.converge(left, right)
    expect(log.state().channels()).toHaveLength(1)
    expect(['phone', 'laptop']).toContain(log.state().name)
  })

  it('[AU-S33] [AU-S34] the new owner stays a member whatever was done meanwhile, also after giving ownership away', () => {
    const stage = new Stage({ a: 5, b: 8, c: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), stage.transfer('a'))
    const old = right.act(stage.who('o'), draftRoleUnassign(stage.user('a'), stage.role(5)))
    right.act(stage.who('b'), draftBan(stage.user('a')))
    left.act(stage.who('a'), transferBy(left, stage, 'c'))
    const log = stage.converge(left, right)
    expect(log.state().owner).toBe(stage.user('c'))
    expect(standingIn(log, old)).toBe('voided')
    expect(log.standing(old.id)?.rule).toBe('AU21')
    expect(status(log, stage.user('a'))).toBe('in')
  })
})
