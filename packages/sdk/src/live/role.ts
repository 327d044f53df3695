import type { PermissionName, RoleId, UserId } from '@xcord/core'
import { permissionsFromBits } from '@xcord/core/authority'
import type { RoleJson } from '../shapes.ts'
import type { Member, ReasonOptions, Role, Written } from '../types.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

/** `#rrggbb` as a number. */
export function parseColor(text: string): number {
  const found = /^#?([0-9a-f]{6})$/i.exec(text)
  if (found === null) throw new TypeError(`"${text}" is not a colour such as #5865f2`)
  return Number.parseInt(found[1] as string, 16)
}

/** A role of one server. */
export class LiveRole implements Role {
  readonly id: RoleId
  readonly server: LiveServer

  constructor(server: LiveServer, id: RoleId) {
    this.server = server
    this.id = id
  }

  get name(): string {
    return this.server.replica.state().role(this.id)?.name ?? this.id.slice(0, 9)
  }

  get color(): string | null {
    const color = this.server.replica.state().role(this.id)?.color ?? 0
    return color === 0 ? null : `#${color.toString(16).padStart(6, '0')}`
  }

  /** Rank from the bottom: `@everyone` is 0. */
  get position(): number {
    const all = this.server.replica.state().roles()
    return all.length - 1 - all.findIndex(each => each.id === this.id)
  }

  get permissions(): readonly PermissionName[] {
    return permissionsFromBits(this.server.replica.state().role(this.id)?.permissions ?? 0n)
  }

  get hoist(): boolean {
    return this.server.replica.state().role(this.id)?.hoist ?? false
  }

  get mentionable(): boolean {
    return this.server.replica.state().role(this.id)?.mentionable ?? false
  }

  get members(): readonly Member[] {
    return this.server.holdersOf(this.id)
  }

  async edit(changes: Parameters<Role['edit']>[0], options: ReasonOptions = {}): Promise<Written> {
    const { color, allow, deny, ...rest } = changes
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'role:edit',
          role: this.id,
          ...rest,
          ...(color === undefined ? {} : { color: color === null ? 0 : parseColor(color) }),
          ...(allow === undefined ? {} : { set: allow }),
          ...(deny === undefined ? {} : { clear: deny })
        },
        options.reason ?? null
      )
    )
  }

  async move(position: number, options: ReasonOptions = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate(
        { kind: 'role:move', role: this.id, position },
        options.reason ?? null
      )
    )
  }

  async delete(options: ReasonOptions = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'role:delete', role: this.id }, options.reason ?? null)
    )
  }

  async grant(member: Member | UserId, options: { readonly reason?: string } = {}): Promise<Written> {
    return await this.#assign('role:grant', member, options.reason)
  }

  async revoke(member: Member | UserId, options: { readonly reason?: string } = {}): Promise<Written> {
    return await this.#assign('role:revoke', member, options.reason)
  }

  async #assign(
    kind: 'role:grant' | 'role:revoke',
    member: Member | UserId,
    reason: string | undefined
  ): Promise<Written> {
    const user = typeof member === 'string' ? member : member.id
    return toWritten(await this.server.replica.operate({ kind, role: this.id, user }, reason ?? null))
  }

  toJSON(): RoleJson {
    return {
      id: this.id,
      server: this.server.id,
      name: this.name,
      color: this.color,
      position: this.position,
      permissions: this.permissions,
      hoist: this.hoist,
      mentionable: this.mentionable,
      members: this.members.length
    }
  }
}
