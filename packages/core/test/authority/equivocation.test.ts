import { describe, expect, it } from 'vitest'
import { type AddResult, draft, draftLeave } from '../../src/authority/index.ts'
import { type Operation, signOperation } from '../../src/graph/index.ts'
import { fakeSuite, found, joinDraft, orders, person, type Site, START } from './cast.ts'

const [ada, grace] = [person('ada'), person('grace')]
const nick = (name: string): ReturnType<typeof draft> => draft('nick', { nick: name })

function stage(): { site: Site; branches: Operation[] } {
  const site = found(ada)
  site.act(grace, joinDraft(grace, site.invite))
  return { site, branches: ['one', 'two', 'three'].map(name => site.fork().act(grace, nick(name))) }
}

/** Adds what the site never heard of, and gives the alarms. */
function alarmsOf(site: Site, operations: readonly Operation[]): readonly object[] {
  const results = operations.map(op => site.add(op))
  return results.flatMap(result => (result.kind === 'accepted' ? result.changes : [])).filter(isAlarm)
}
const isAlarm = (change: { readonly type: string }): boolean => change.type === 'device:fork'

describe('equivocation', () => {
  it('[AU39] rings once, when the second branch comes, whichever that is; all are kept and nobody is banned', () => {
    const { site, branches } = stage()
    for (const order of orders(branches)) {
      const here = site.fork()
      const [first, second] = order as [Operation, Operation]
      expect(alarmsOf(here, order)).toEqual([
        { type: 'device:fork', device: grace.device, seq: 1, operation: second.id, other: first.id }
      ])
      expect(here.log.forks()).toEqual([
        { device: grace.device, seq: 1, operations: branches.map(each => each.id).sort() }
      ])
      for (const each of branches) expect(here.standing(each)).toBe('effective')
      expect(here.log.state().member(grace.user)).toMatchObject({ status: 'in', devices: [grace.device] })
    }
  })

  it('[AU39] is not told of what comes twice, of a chain that goes on, or of what is refused', () => {
    const { site, branches } = stage()
    const [one] = branches as [Operation]
    expect(alarmsOf(site, [one, one])).toEqual([])
    expect(alarmsOf(site, [site.sign(grace, nick('next'))])).toEqual([])
    const elsewhere = found(grace)
    expect(site.add(elsewhere.sign(grace, nick('x')))).toMatchObject({
      kind: 'rejected',
      refusal: { rule: 'AU1' }
    })
    // Nobody may take the place of another's operation with what the rules refuse: it is not even kept.
    const kick = draft('kick', { user: ada.user, reason: null })
    const refused = stage().site.sign(grace, kick)
    expect(site.add({ ...refused })).toMatchObject({ kind: 'rejected' })
    expect(site.log.forks()).toEqual([])
  })

  it('[AU5] [AU39] who forked may go on with one branch, and may not know of the other', () => {
    const { site, branches } = stage()
    const [one, two] = branches as [Operation, Operation]
    alarmsOf(site, [one, two])
    const onwards = (refs: readonly Operation[]): AddResult =>
      site.add(
        signOperation(fakeSuite, grace.key, {
          ...site.log.place(grace.device, draftLeave(), START + 90_000),
          prev: one.id,
          seq: 2,
          refs: refs.map(each => each.id)
        })
      )
    expect(onwards([two])).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU5' } })
    expect(onwards([])).toMatchObject({ kind: 'accepted' })
  })
})
