import type { ChannelId, DeviceId, RoleId, UserId } from '@xcord/core'
import { dateOf } from './date-of.ts'
import { avatarJson, fetchAvatar } from './profile.ts'
import type { PresenceJson } from '../presence-types.ts'
import type { Avatar } from '../profile-types.ts'
import type { MemberJson } from '../shapes.ts'
import type { Channel, Member, ReasonOptions, Role, WaitOptions, Written } from '../types.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

/** A member of one server: a thin handle, everything is read from the present state. */
export class LiveMember implements Member {
  readonly id: UserId
  readonly server: LiveServer

  constructor(server: LiveServer, id: UserId) {
    this.server = server
    this.id = id
  }

  get name(): string {
    return this.nick ?? this.server.replica.nameOf(this.id)
  }

  get nick(): string | null {
    return this.server.replica.state().member(this.id)?.nick ?? null
  }

  get roles(): readonly Role[] {
    const held: readonly RoleId[] = this.server.replica.state().member(this.id)?.roles ?? []
    return held.flatMap(id => this.server.roles.all.find(role => role.id === id) ?? [])
  }

  get joinedAt(): Date {
    return dateOf(this.server.replica.state().member(this.id)?.joinedAt ?? 0)
  }

  get owner(): boolean {
    return this.server.owner === this.id
  }

  get online(): boolean {
    return this.presence.status !== 'offline'
  }

  get presence(): PresenceJson {
    return this.server.context.node.presence.of(this.server.id, this.id)
  }

  async avatar(options?: WaitOptions): Promise<Avatar | undefined> {
    return await fetchAvatar(this.server.context.node, this.id, this.server.id, options)
  }

  async kick(options: { readonly reason?: string } = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'member:kick', user: this.id }, options.reason ?? null)
    )
  }

  async ban(options: { readonly reason?: string } = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'member:ban', user: this.id }, options.reason ?? null)
    )
  }

  get timeoutUntil(): Date | null {
    const until = this.server.replica.state().member(this.id)?.timeoutUntil ?? 0
    return until === 0 ? null : dateOf(until)
  }

  async timeout(until: Date | number | null, options: ReasonOptions = {}): Promise<Written> {
    if (typeof until === 'number' && !(until >= 0))
      throw new RangeError('a timeout is a duration in ms, a date, or null')
    const end =
      until === null ? null : typeof until === 'number' ? this.server.now() + until : until.getTime()
    return toWritten(
      await this.server.replica.operate(
        { kind: 'member:timeout', user: this.id, until: end },
        options.reason ?? null
      )
    )
  }

  get muted(): boolean {
    return this.server.replica.state().member(this.id)?.voice.mute ?? false
  }

  get deafened(): boolean {
    return this.server.replica.state().member(this.id)?.voice.deaf ?? false
  }

  async setVoice(
    changes: { readonly muted?: boolean; readonly deafened?: boolean },
    options: ReasonOptions = {}
  ): Promise<Written> {
    const { muted, deafened } = changes
    if (muted === undefined && deafened === undefined) throw new TypeError('say muted or deafened')
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'member:voice',
          user: this.id,
          ...(muted === undefined ? {} : { mute: muted }),
          ...(deafened === undefined ? {} : { deaf: deafened })
        },
        options.reason ?? null
      )
    )
  }

  moveTo(channel: Channel | ChannelId | null): void {
    const to = channel === null || typeof channel === 'string' ? channel : channel.id
    this.server.context.node.voice.moveMember(this.server.id, this.id, to)
  }

  async setNick(nick: string | null, options: ReasonOptions = {}): Promise<Written> {
    if (nick !== null && nick.trim() === '') throw new TypeError('a nickname needs a letter; null removes it')
    return toWritten(
      await this.server.replica.operate({ kind: 'member:nick', user: this.id, nick }, options.reason ?? null)
    )
  }

  /** Devices that signed two things for one place of their chain, and are on still. */
  get forkedDevices(): readonly DeviceId[] {
    const found = this.server.replica.equivocations()
    return found.filter(each => each.user === this.id && each.on).map(each => each.device)
  }

  toJSON(): MemberJson {
    const { forkedDevices, timeoutUntil, presence } = this
    const avatar = this.server.context.node.profiles.avatarOf(this.id, this.server.id)
    return {
      id: this.id,
      server: this.server.id,
      name: this.name,
      nick: this.nick,
      roles: this.roles.map(role => role.id),
      joinedAt: this.joinedAt.toISOString(),
      owner: this.owner,
      online: this.online,
      ...(presence.status === 'offline' ? {} : { presence }),
      ...(avatar === null ? {} : { avatar: avatarJson(avatar) }),
      ...(timeoutUntil === null ? {} : { timeoutUntil: timeoutUntil.toISOString() }),
      ...(this.muted ? { muted: true as const } : {}),
      ...(this.deafened ? { deafened: true as const } : {}),
      ...(forkedDevices.length === 0 ? {} : { forkedDevices })
    }
  }
}
