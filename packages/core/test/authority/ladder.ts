/** A server with a ladder of roles and people on it: the stage of AU-S's scenarios. */
import {
  type ChannelId,
  idAs,
  type InviteId,
  type OperationId,
  type RoleId,
  type UserId
} from '../../src/base/index.ts'
import {
  type AuthorityLog,
  type ContentAct,
  draft,
  draftChannelCreate,
  draftInviteCreate,
  draftRoleAssign,
  draftRoleCreate,
  type PermissionName
} from '../../src/authority/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import { found, joinDraft, type Person, person, type Site } from './cast.ts'
import { converge, type Look, together } from './converge.ts'

const MODERATOR: readonly PermissionName[] = [
  'KickMembers',
  'BanMembers',
  'ManageRoles',
  'ManageChannels',
  'ManageServer',
  'ModerateMembers',
  'CreateInstantInvite',
  'ViewChannel',
  'SendMessages',
  'ManageNicknames',
  'ManageMessages',
  'ManageThreads'
]

/** The stage, and people by name; `o` owns, the others hold a role at the position given, 0 for none. */
export class Stage {
  readonly site: Site & { readonly invite: InviteId }
  readonly people = new Map<string, Person>()
  readonly roles = new Map<number, RoleId>()
  readonly joins = new Map<string, Operation>()

  constructor(
    positions: Readonly<Record<string, number>>,
    init: { everyone?: bigint; permissions?: Readonly<Record<number, readonly PermissionName[]>> } = {}
  ) {
    const owner = person('o')
    this.people.set('o', owner)
    this.site = found(owner, init.everyone === undefined ? {} : { everyone: init.everyone })
    for (const [name, position] of Object.entries(positions))
      this.enter(name, position, init.permissions?.[position] ?? MODERATOR)
  }

  enter(name: string, position = 0, permissions: readonly PermissionName[] = MODERATOR): Person {
    const who = person(name)
    this.people.set(name, who)
    this.joins.set(name, this.site.act(who, joinDraft(who, this.site.invite)))
    if (position > 0)
      this.site.act(this.who('o'), draftRoleAssign(who.user, this.role(position, permissions)))
    return who
  }

  role(position: number, permissions: readonly PermissionName[] = MODERATOR): RoleId {
    let role = this.roles.get(position)
    if (role === undefined) {
      role = idAs(
        'r',
        this.site.act(
          this.who('o'),
          draftRoleCreate({ name: `r${position}`, position: Uint8Array.of(position), permissions })
        ).id
      )
      this.roles.set(position, role)
    }
    return role
  }

  who(name: string): Person {
    const found = this.people.get(name)
    if (found === undefined) throw new Error(`nobody is called ${name}`)
    return found
  }

  user(name: string): Person['user'] {
    return this.who(name).user
  }

  /** Everything that happened on the sites, in every order; compared with the oracle. */
  converge(...sites: Site[]): AuthorityLog {
    return this.convergeTo(() => null, ...sites)
  }

  /** The same, and what `look` says has to be the same too. */
  convergeTo(look: Look, ...sites: Site[]): AuthorityLog {
    const { common, late } = together(this.site, ...sites)
    return converge(common, late, look)
  }

  transfer(to: string): ReturnType<typeof draft> {
    return draft('transfer', {
      user: this.user(to),
      consent: { device: this.who(to).device, signature: new Uint8Array(64) },
      root: null,
      reason: null
    })
  }
}

/** Sites that do not hear of each other, then meet. */
export function apart(stage: Stage, count = 2): Site[] {
  return Array.from({ length: count }, () => stage.site.fork())
}

export const move = (role: RoleId, position: number): ReturnType<typeof draft> =>
  draft('roleMove', { role, position: Uint8Array.of(position), reason: null })

export const status = (log: AuthorityLog, user: UserId): string | undefined =>
  log.state().member(user)?.status

/** A text channel made by the owner. */
export function textChannel(stage: Stage): ChannelId {
  const what = draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
  return idAs('c', stage.site.act(stage.who('o'), what).id)
}

/** What somebody says where a site stands. */
export function message(site: Site, who: Person, channel: ChannelId, at: number, seq = 1): ContentAct {
  const auth = site.log.frontierFor(who.device)
  return {
    device: who.device,
    seq,
    id: idAs('m', auth[0] as OperationId),
    channel,
    auth,
    at,
    needs: ['SendMessages']
  }
}

/** Verdicts on messages. */
export const judging =
  (acts: readonly ContentAct[]) =>
  (log: AuthorityLog): readonly unknown[] =>
    acts.map(act => log.judge(act))

/** Rules by which a log refuses operations, whatever else it knows. */
export const refusing =
  (operations: readonly Operation[]) =>
  (log: AuthorityLog): readonly string[] =>
    operations.map(op => {
      const result = log.add(op, Number.MAX_SAFE_INTEGER - 1_000_000)
      return result.kind === 'rejected' ? result.refusal.rule : result.kind
    })

/** An invite for one. */
export const onceInvite = (): ReturnType<typeof draft> =>
  draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, maxUses: 1 })

export const standingIn = (log: AuthorityLog, op: { readonly id: OperationId }): string | undefined =>
  log.standing(op.id)?.standing
