/** The server that the histories of the vectors begin with, and how one is written down. */
import { type ChannelId, idAs, type InviteId, type RoleId } from '../src/base/index.ts'
import {
  draftChannelCreate,
  draftOverwrite,
  draftRoleAssign,
  draftRoleCreate
} from '../src/authority/index.ts'
import type { SigningKey, Suite } from '../src/crypto/index.ts'
import type { Operation } from '../src/graph/index.ts'
import type { Account } from '../src/identity/index.ts'
import { hexOf } from './authority-forms.ts'
import { accountOf, foundServer, joinOf, makeInvite, type VectorSite } from './authority-stage.ts'
import { toHex } from './vector-tools.ts'

/** Where all these histories begin. */
export interface Beginning {
  readonly suite: Suite
  readonly base: VectorSite
  readonly invite: { readonly invite: InviteId; readonly key: SigningKey }
  /** At position 8. */
  readonly moderator: RoleId
  /** At position 3. */
  readonly helper: RoleId
  readonly channel: ChannelId
  /** The owner. */
  readonly ada: Account
  /** A moderator. */
  readonly grace: Account
  /** A member. */
  readonly alan: Account
  /** Not in. */
  readonly mary: Account
}

/** Three people, two roles, a channel. */
export function begin(suite: Suite): Beginning {
  const person = (name: string): Account => accountOf(suite, name)
  const [ada, grace, alan, mary] = [person('ada'), person('grace'), person('alan'), person('mary')]
  const base = foundServer(suite, ada)
  const invite = makeInvite(base, ada, 'open')
  for (const who of [grace, alan]) base.act(who, joinOf(base, who, invite))
  const roleOf = (name: string, position: number, permissions: readonly string[]): RoleId =>
    idAs('r', base.act(ada, draftRoleCreate({ name, position: Uint8Array.of(position), permissions })).id)
  const manages = ['KickMembers', 'BanMembers', 'ManageRoles', 'ManageChannels', 'ModerateMembers']
  const moderator = roleOf('moderator', 8, manages)
  const helper = roleOf('helper', 3, ['KickMembers'])
  base.act(ada, draftRoleAssign(grace.user, moderator))
  const general = draftChannelCreate({ kind: 'text', name: 'general', position: Uint8Array.of(1) })
  const channel = idAs('c', base.act(grace, general).id)
  base.act(ada, draftOverwrite(channel, helper, { deny: ['SendMessages'] }))
  return { suite, base, invite, moderator, helper, channel, ada, grace, alan, mary }
}

/** A history with what has to come of it. */
export function historyOf(
  note: string,
  site: VectorSite,
  refused: readonly (readonly [string, Operation, string])[] = []
): object {
  const state = site.log.state()
  return {
    note,
    operations: site.operations.map(op => toHex(op.bytes)),
    voided: site.operations.flatMap(op => {
      const standing = site.log.standing(op.id)
      return standing?.standing === 'voided'
        ? [
            {
              id: hexOf(op.id),
              rule: standing.rule,
              by: standing.by === undefined ? null : hexOf(standing.by)
            }
          ]
        : []
    }),
    refused: refused.map(([why, op, rule]) => ({ why, bytes: toHex(op.bytes), rule })),
    heads: site.log.heads().map(hexOf),
    leaves: site.log.leaves().map(hexOf),
    owner: hexOf(state.owner),
    members: [...state.members()].map(member => hexOf(member.user)).sort(),
    banned: [...state.banned()].map(hexOf).sort(),
    stateHash: toHex(state.hash())
  }
}
