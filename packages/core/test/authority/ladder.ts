/** A server with a ladder of roles and people on it: the stage of AU-S's scenarios. */
import { idAs, type InviteId, type OperationId, type RoleId } from '../../src/base/index.ts'
import {
  type AuthorityLog,
  draft,
  draftRoleAssign,
  draftRoleCreate,
  type PermissionName
} from '../../src/authority/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import { converge, found, joinDraft, type Person, person, type Site, together } from './cast.ts'

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
    const { common, late } = together(this.site, ...sites)
    return converge(common, late)
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

export const standingIn = (log: AuthorityLog, op: { readonly id: OperationId }): string | undefined =>
  log.standing(op.id)?.standing
