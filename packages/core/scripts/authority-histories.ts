/** Whole histories with their outcome and state hash: what any implementation has to come to (AU23, AU41). */
import { idAs, type OperationId } from '../src/base/index.ts'
import {
  draft,
  draftBan,
  draftInviteRevoke,
  draftKick,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleEdit,
  draftRoleUnassign
} from '../src/authority/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import type { Operation } from '../src/graph/index.ts'
import { begin, type Beginning, historyOf } from './authority-beginning.ts'
import { hostileHistories } from './authority-hostile.ts'
import { accountOf, foundServer, joinOf, makeInvite, START, transferTo } from './authority-stage.ts'

function plainHistory({ base, suite, ada, grace, alan, helper }: Beginning): object {
  const assign = draftRoleAssign(alan.user, helper)
  const high = draftRoleCreate({ name: 'high', position: Uint8Array.of(9) })
  return historyOf('a server with roles, a channel and an overwrite', base, [
    ['a kick without the permission', base.sign(alan, draftKick(grace.user)), 'AU14'],
    ["a role above one's own", base.sign(grace, high), 'AU14'],
    ['a bit one lacks', base.sign(grace, draftRoleEdit(helper, { set: ['Administrator'] })), 'AU14'],
    [
      'a lamport one too high',
      base.sign(ada, assign, fields => ({ ...fields, lamport: fields.lamport + 1 })),
      'AU1'
    ],
    ["a ts before its parents'", base.sign(ada, assign, fields => ({ ...fields, at: START })), 'AU1'],
    [
      'a leaf among the parents',
      base.sign(ada, assign, fields => ({
        ...fields,
        parents: [...fields.parents, base.operations[2]?.id as OperationId]
      })),
      'AU1'
    ],
    ['a second genesis', foundServer(suite, grace).operations[0] as Operation, 'AU1']
  ])
}

function demotedModerator({ base, ada, grace, alan, moderator, helper }: Beginning): object {
  const [left, right] = [base.copy(), base.copy()]
  left.act(ada, draftRoleUnassign(grace.user, moderator))
  right.act(grace, draftRoleAssign(alan.user, helper))
  right.act(grace, draftBan(alan.user, 'noise'))
  return historyOf('AU-S12: what a moderator did while being demoted falls', base.copy().merge(left, right))
}

function transferred({ base, ada, alan }: Beginning): object {
  const given = base.copy()
  given.act(ada, transferTo(given, ada, alan))
  const meanwhile = base.copy()
  meanwhile.act(ada, draftBan(alan.user))
  return historyOf("AU-S31: a transfer beats the old owner's ban", base.copy().merge(given, meanwhile))
}

function oneUse({ base, suite, ada, mary }: Beginning): object {
  const once = base.copy()
  const single = makeInvite(once, ada, 'once', 1)
  const [first, second] = [once.copy(), once.copy()]
  first.act(mary, joinOf(first, mary, single))
  const late = accountOf(suite, 'late')
  second.act(late, joinOf(second, late, single))
  return historyOf('AU-S26: one use, two joins', once.copy().merge(first, second))
}

function closedInvite({ base, ada, alan, mary, invite }: Beginning): object {
  const [closing, joining] = [base.copy(), base.copy()]
  closing.act(ada, draftInviteRevoke(invite.invite))
  closing.act(ada, draft('timeout', { user: alan.user, until: closing.now + 60_000, reason: null }))
  joining.act(mary, joinOf(joining, mary, invite))
  joining.act(alan, draft('nick', { nick: 'Al' }))
  const note = 'AU-S25 and AU-S43: an invite closed, a timeout set, meanwhile a join and a nickname'
  return historyOf(note, base.copy().merge(closing, joining))
}

function revivedBan({ base, ada, grace, alan, mary, invite, moderator }: Beginning): object {
  const stage = base.copy()
  const high = { name: 'admin', position: Uint8Array.of(10), permissions: ['ManageRoles'] }
  const admin = idAs('r', stage.act(ada, draftRoleCreate(high)).id)
  stage.act(ada, draftRoleAssign(alan.user, admin))
  stage.act(mary, joinOf(stage, mary, invite))
  const [banning, demoting, overruling] = [stage.copy(), stage.copy(), stage.copy()]
  banning.act(grace, draftBan(mary.user))
  demoting.act(alan, draftRoleUnassign(grace.user, moderator))
  const between = stage.copy().merge(banning, demoting)
  between.act(mary, draft('nick', { nick: 'safe' }))
  overruling.act(ada, draftRoleUnassign(alan.user, admin))
  const note = 'AU19: a ban stands again after its target acted while it seemed void'
  return historyOf(note, between.merge(overruling))
}

/** vectors/authority/histories.json */
export function histories(suite: Suite): object[] {
  const beginning = begin(suite)
  const plain = [plainHistory, demotedModerator, transferred, oneUse, closedInvite, revivedBan]
  return [...plain.map(make => make(beginning)), ...hostileHistories(beginning)]
}
