import type { PermissionName, RoleId, UserId } from '@xcord/core'
import { permissionsFromBits } from '@xcord/core/authority'
import type { RoleJson } from '../shapes.ts'
import type { Member, Role, Written } from '../types.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

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

  async grant(member: Member | UserId, options: { readonly reason?: string } = {}): Promise<Written> {
    return await this.#assign('role:grant', member, options.reason)
  }

  async revoke(member: Member | UserId, options: { readonly reason?: string } = {}): Promise<Written> {
    return await this.#assign('role:revoke', member, options.reason)
  }

  async #assign(kind: 'role:grant' | 'role:revoke', member: Member | UserId, reason: string | undefined): Promise<Written> {
    const user = typeof member === 'string' ? member : member.id
    return toWritten(await this.server.replica.operate({ kind, role: this.id, user }, reason ?? null))
  }

  toJSON(): RoleJson {
    return { id: this.id, server: this.server.id, name: this.name, color: this.color, position: this.position, permissions: this.permissions }
  }
}
