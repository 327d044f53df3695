/** Histories by liars: forks, backdating, cuts, thieves, puppets, and what leaves and threads bring. */
import { idAs, type InviteId } from '../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftKick,
  draftLeave,
  draftOverwrite,
  draftRoleAssign,
  draftRoleUnassign,
  draftUnban,
  everyoneRole
} from '../src/authority/index.ts'
import type { SigningKey } from '../src/crypto/index.ts'
import { type CutRow, type Operation } from '../src/graph/index.ts'
import {
  type Account,
  appendRevocation,
  createAccount,
  createRevocation,
  recoverAccount
} from '../src/identity/index.ts'
import { type Beginning, historyOf } from './authority-beginning.ts'
import { accountOf, joinOf, makeInvite, START, transferTo, type VectorSite } from './authority-stage.ts'
import { fill, seededRandom } from './vector-tools.ts'

const rename = (name: string): ReturnType<typeof draft> =>
  draft('serverSet', { rows: [{ key: 0, value: name }], reason: null })

const rowOf = (last: Operation, contentSeq: number | null = null): CutRow => ({
  device: last.device,
  seq: last.seq,
  operation: last.id,
  contentSeq,
  envelope: contentSeq === null ? null : fill(contentSeq)
})

function forkedChain({ base, ada, grace, alan, helper }: Beginning): object {
  const [left, right] = [base.copy(), base.copy()]
  const kept = left.act(grace, draftRoleAssign(alan.user, helper))
  right.act(grace, draftKick(alan.user))
  const both = base.copy().merge(left, right)
  const refused = both.sign(grace, rename('both branches'))
  both.act(ada, draftBan(grace.user, null, [rowOf(kept)]))
  const note = 'AU39 and AU19: a fork; the device may not extend both branches; a cut keeps one'
  return historyOf(note, both, [['extends both branches of its own fork', refused, 'AU5']])
}

function earlyCut({ base, ada, grace, alan, helper }: Beginning): object {
  const site = base.copy()
  const early = site.act(grace, draftRoleAssign(alan.user, helper))
  site.act(grace, draftRoleUnassign(alan.user, helper))
  const last = site.act(
    grace,
    draftChannelCreate({ kind: 'voice', name: 'late', position: Uint8Array.of(2) })
  )
  const ban = site.act(ada, draftBan(grace.user, 'cut', [rowOf(early, 4)]))
  const rows = [{ device: grace.device.device, contentSeq: 9, envelope: fill(9) }]
  site.act(ada, draft('cutExtend', { denial: ban.id, rows, reason: null }))
  const note = 'AU19 and AU37: a ban whose cut is early, and an extension that re-admits content'
  return historyOf(note, site, [['an edit of what is gone', site.sign(grace, rename(last.id)), 'AU14']])
}

function sealedDeparture({ base, ada, grace, alan }: Beginning): object {
  const away = base.copy()
  const leaving = base.copy()
  leaving.act(grace, draftLeave())
  const seal = draft('seal', { user: grace.user, role: null, reason: null }, { cut: null })
  const refused = leaving.sign(alan, seal)
  leaving.act(ada, seal)
  away.act(grace, draftKick(alan.user))
  const note = 'AU40: a moderator leaves, is sealed, and has backdated a kick'
  return historyOf(note, base.copy().merge(leaving, away), [['a seal by a member', refused, 'AU14']])
}

function thiefOfDevice({ base, suite, ada }: Beginning): object {
  const random = seededRandom('authority thief')
  const eve = createAccount(suite, random, START)
  const other = recoverAccount(suite, random, START, eve.phrase, { log: eve.log })
  if (!other.ok) throw new Error(other.reason)
  const laptop = other.value
  const site = base.copy()
  const invite = makeInvite(site, ada, 'eve')
  site.act(eve, joinOf(site, eve, invite))
  site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
  const [left, right] = [site.copy(), site.copy()]
  appendRevocation(suite, laptop.log, eve.device, laptop.device.device)
  const revocation = createRevocation(laptop.log, laptop.device.device)
  if (revocation === undefined) throw new Error('no revocation')
  left.act(eve, draft('deviceRevoke', { revocation, devices: [laptop.device.device] }))
  right.act(laptop, draft('nick', { nick: 'thief' }))
  right.act(laptop, draftLeave())
  const note = 'AU22: what a revoked device backdates falls, its leaving included'
  return historyOf(note, site.copy().merge(left, right))
}

/** An invite by anybody, and a join by it. */
function letIn(
  site: VectorSite,
  by: Account,
  guest: Account,
  name: string
): { invite: InviteId; key: SigningKey } {
  const invite = makeInvite(site, by, name)
  site.act(guest, joinOf(site, guest, invite))
  return invite
}

function puppets({ base, suite, ada, alan, mary }: Beginning): object {
  const [left, right] = [base.copy(), base.copy()]
  left.act(ada, draftBan(alan.user))
  letIn(right, alan, mary, 'backdated')
  letIn(right, mary, accountOf(suite, 'late'), 'by a puppet')
  const note = 'AU17 and AU-S28: a banned member backdates an invite, its guest invites the next'
  return historyOf(note, base.copy().merge(left, right))
}

function twoTransfers({ base, ada, grace, alan }: Beginning): object {
  const [left, right] = [base.copy(), base.copy()]
  left.act(ada, transferTo(left, ada, alan))
  left.act(alan, draftKick(grace.user))
  right.act(ada, rename('once more'))
  right.act(ada, transferTo(right, ada, grace))
  right.act(grace, draftKick(alan.user))
  const note = 'AU21: two transfers of one generation, and what either new owner did'
  return historyOf(note, base.copy().merge(left, right))
}

function degreesOfDenial({ base, ada, grace, alan, mary, invite }: Beginning): object {
  const stage = base.copy()
  stage.act(mary, joinOf(stage, mary, invite))
  stage.act(grace, draftBan(mary.user))
  const [kicking, banning, lifting] = [base.copy(), base.copy(), stage.copy()]
  kicking.act(ada, draftKick(alan.user))
  banning.act(grace, draftBan(alan.user))
  lifting.act(ada, draftUnban(mary.user))
  const sealing = stage.copy()
  sealing.act(grace, draft('seal', { user: mary.user, role: null, reason: null }))
  const note = "AU24: an owner's kick lifts no ban; an owner's unban lifts a weaker seal"
  return historyOf(note, stage.copy().merge(kicking, banning, lifting, sealing))
}

function leavesAndThreads({ base, suite, ada, grace, alan, channel, invite }: Beginning): object {
  const site = base.copy()
  for (let n = 0; n < 18; n++) site.act(...guest(site, `guest ${n}`))
  for (const what of site.log.gathers()) site.act(ada, what)
  const private_ = draft('threadCreate', { parent: channel, private: 1, name: 'thread' })
  const thread = idAs('c', site.act(ada, private_).id)
  site.act(ada, draft('threadMember', { thread, user: alan.user, member: 1 }))
  const [left, right] = [site.copy(), site.copy()]
  left.act(ada, draftOverwrite(channel, everyoneRole(site.log.server), { deny: ['ViewChannel'] }))
  right.act(alan, draft('threadMember', { thread, user: grace.user, member: 1 }))
  right.act(alan, draft('threadMember', { thread, user: alan.user, member: 0 }))
  const note = 'AU8 and AU32: leaves gathered, a private thread, and a channel closed meanwhile'
  return historyOf(note, site.copy().merge(left, right))

  function guest(at: VectorSite, name: string): [Account, ReturnType<typeof joinOf>] {
    const who = accountOf(suite, name)
    return [who, joinOf(at, who, invite)]
  }
}

function movedUnderCategory({ base, ada, grace, channel }: Beginning): object {
  const site = base.copy()
  const category = draftChannelCreate({
    kind: 'category',
    name: 'open',
    position: Uint8Array.of(9),
    overwrites: [{ target: everyoneRole(site.log.server), allow: ['ManageMessages'] }]
  })
  const open = idAs('c', site.act(ada, category).id)
  const [left, right] = [site.copy(), site.copy()]
  left.act(ada, draftKick(grace.user))
  const position = Uint8Array.of(1)
  right.act(grace, draft('channelMove', { channel, parent: open, position, reason: null }))
  const synced = [{ key: 4, value: 1 }]
  right.act(grace, draft('channelEdit', { channel, rows: synced, reason: null }))
  const note = 'AU31: a channel moved and synced by a moderator who was kicked meanwhile'
  return historyOf(note, site.copy().merge(left, right))
}

export function hostileHistories(beginning: Beginning): object[] {
  return [
    forkedChain,
    earlyCut,
    sealedDeparture,
    thiefOfDevice,
    puppets,
    twoTransfers,
    degreesOfDenial,
    leavesAndThreads,
    movedUnderCategory
  ].map(make => make(beginning))
}
