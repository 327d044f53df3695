/** AU-S: invites, their uses and their ends. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../../../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftInviteCreate,
  draftInviteRevoke
} from '../../../src/authority/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { joinDraft, person, type Site } from '../cast.ts'
import { Stage, standingIn, apart, status, refusing, onceInvite } from '../ladder.ts'

describe('[AU-S] invites', () => {
  it('[AU-S25] an invite closed by its roleless maker voids concurrent joins, and no earlier ones', () => {
    const stage = new Stage({ m: 0 })
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('m'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null })
      ).id
    )
    const [y, z] = [person('y'), person('z')]
    stage.site.act(y, joinDraft(y, invite))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('m'), draftInviteRevoke(invite))
    const join = right.act(z, joinDraft(z, invite))
    const log = stage.converge(left, right)
    expect(standingIn(log, join)).toBe('voided')
    expect([status(log, y.user), status(log, z.user)]).toEqual(['in', undefined])
  })

  it('[AU-S26] [AU26] one use and two joins: exactly one, the lower by (lam, id)', () => {
    const stage = new Stage({})
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, maxUses: 1 })
      ).id
    )
    const sites = apart(stage, 3)
    const joins = sites.map((site, index) => {
      const who = person(`guest${index}`)
      return site.act(who, joinDraft(who, invite))
    })
    const log = stage.converge(...sites)
    const lowest = [...joins].sort((a, b) => a.lamport - b.lamport || (a.id < b.id ? -1 : 1))[0]
    for (const join of joins) expect(standingIn(log, join)).toBe(join === lowest ? 'effective' : 'voided')
    expect(log.state().invite(invite)?.uses).toBe(1)
  })

  it('[AU-S27] an expired invite admits nobody by ts, and late live arrivals are held', () => {
    const stage = new Stage({})
    const notAfter = stage.site.now + 10_000
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, notAfter })
      ).id
    )
    const x = person('x')
    const late = stage.site.sign(x, joinDraft(x, invite), { at: notAfter + 1 })
    expect(stage.site.log.add(late, notAfter + 2)).toMatchObject({
      kind: 'rejected',
      refusal: { rule: 'AU14' }
    })
    const forged = stage.site.sign(x, joinDraft(x, invite), { at: notAfter })
    expect(stage.site.log.add(forged, notAfter + 600_001, { live: true })).toMatchObject({ kind: 'held' })
    expect(stage.site.log.add(forged, notAfter + 599_999, { live: true })).toMatchObject({ kind: 'accepted' })
  })

  it('[AU-S28] the inviter banned while the invitee joined: not a member, and what it posted is hidden', () => {
    const stage = new Stage({ m: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftBan(stage.user('m')))
    const invite = idAs(
      'i',
      right.act(stage.who('m'), draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null }))
        .id
    )
    const z = person('z')
    const join = right.act(z, joinDraft(z, invite))
    const act = {
      device: z.device,
      seq: 1,
      id: idAs('m', join.id),
      channel,
      auth: [join.id],
      at: right.now,
      needs: ['SendMessages']
    }
    expect(right.log.judge(act)).toMatchObject({ kind: 'visible', user: z.user })
    const log = stage.converge(left, right)
    expect(status(log, z.user)).toBeUndefined()
    expect(log.judge(act)).toMatchObject({ kind: 'hidden', rule: 'AU36' })
  })

  it('[AU-S28] [AU17] the invited invite nobody once their own admission has fallen', () => {
    const stage = new Stage({ m: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftBan(stage.user('m')))
    const invite = (who: ReturnType<typeof person>): Operation =>
      right.act(who, draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null }))
    const [z, w] = [person('z'), person('w')]
    const first = invite(stage.who('m'))
    right.act(z, joinDraft(z, idAs('i', first.id)))
    const second = invite(z)
    const join = right.act(w, joinDraft(w, idAs('i', second.id)))
    const log = stage.converge(left, right)
    expect([first, second, join].map(op => standingIn(log, op))).toEqual(['voided', 'voided', 'voided'])
    expect(log.standing(second.id)?.rule).toBe('AU18')
    expect(status(log, w.user)).toBeUndefined()
  })

  it('[AU-S26] [AU17] who came in beyond the uses invites nobody', () => {
    const stage = new Stage({})
    const once = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, maxUses: 1 })
      ).id
    )
    const sites = apart(stage) as [Site, Site]
    const chains = sites.map((site, index) => {
      const [guest, friend] = [person(`guest${index}`), person(`friend${index}`)]
      const join = site.act(guest, joinDraft(guest, once))
      const invite = site.act(
        guest,
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null })
      )
      return [join, invite, site.act(friend, joinDraft(friend, idAs('i', invite.id)))]
    })
    const log = stage.converge(...sites)
    const fates = chains.map(chain => chain.map(op => standingIn(log, op)))
    expect(fates.sort()).toEqual([
      ['effective', 'effective', 'effective'],
      ['voided', 'voided', 'voided']
    ])
  })

  it('[AU-S26] closing an invite fixes who came in: a join that claims to be older comes too late', () => {
    const stage = new Stage({ m: 0 })
    const invite = idAs('i', stage.site.act(stage.who('o'), onceInvite()).id)
    const [honest, other] = apart(stage) as [Site, Site]
    const [y, z] = [person('y'), person('z')]
    honest.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'later' }], reason: null }))
    const join = honest.act(y, joinDraft(y, invite))
    honest.act(stage.who('o'), draftInviteRevoke(invite))
    const older = other.act(z, joinDraft(z, invite))
    expect(older.lamport).toBeLessThan(join.lamport)
    const log = stage.converge(honest, other)
    expect([join, older].map(op => standingIn(log, op))).toEqual(['effective', 'voided'])
    expect(log.standing(older.id)?.rule).toBe('AU19')
  })

  it('[AU-S27] closing an expired invite voids the joins that claim an earlier time', () => {
    const stage = new Stage({})
    const notAfter = stage.site.now + 10_000
    const key = { signPublicKey: new Uint8Array(32), boxPublicKey: null }
    const invite = idAs('i', stage.site.act(stage.who('o'), draftInviteCreate({ ...key, notAfter })).id)
    const [left, right] = apart(stage) as [Site, Site]
    const [x, y] = [person('x'), person('y')]
    const forged = right.act(x, joinDraft(x, invite), { at: notAfter })
    const late = right.sign(y, joinDraft(y, invite), { at: notAfter + 1 })
    left.act(stage.who('o'), draftInviteRevoke(invite))
    const log = stage.convergeTo(refusing([late]), left, right)
    expect(standingIn(log, forged)).toBe('voided')
    expect(refusing([late])(log)).toEqual(['AU14'])
    expect(status(log, x.user)).toBeUndefined()
  })
})
