import type { InviteId } from '@xcord/core'
import { dateOf } from './date-of.ts'
import type { InviteJson } from '../shapes.ts'
import type { Invite, Written } from '../types.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

/** An invite of one server. */
export class LiveInvite implements Invite {
  readonly id: InviteId
  readonly server: LiveServer

  constructor(server: LiveServer, id: InviteId) {
    this.server = server
    this.id = id
  }

  get #state(): ReturnType<ReturnType<LiveServer['replica']['state']>['invite']> {
    return this.server.replica.state().invite(this.id)
  }

  get link(): string | undefined {
    return this.server.replica.linkOf(this.id)
  }

  get mode(): 'open' | 'approval' {
    return this.#state?.boxPublicKey === null ? 'approval' : 'open'
  }

  get expiresAt(): Date | null {
    const notAfter = this.#state?.notAfter ?? null
    return notAfter === null ? null : dateOf(notAfter)
  }

  get uses(): number {
    return this.#state?.uses ?? 0
  }

  get maxUses(): number | null {
    return this.#state?.maxUses ?? null
  }

  get open(): boolean {
    return this.#state?.open ?? false
  }

  async revoke(options: { readonly reason?: string } = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'invite:revoke', invite: this.id }, options.reason ?? null)
    )
  }

  toJSON(): InviteJson {
    const { link } = this
    return {
      id: this.id,
      server: this.server.id,
      ...(link === undefined ? {} : { link }),
      mode: this.mode,
      author: this.#state?.author ?? '',
      expiresAt: this.expiresAt?.toISOString() ?? null,
      uses: this.uses,
      maxUses: this.maxUses,
      open: this.open
    }
  }
}
