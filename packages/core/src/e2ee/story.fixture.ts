/** Random stories over the real authority: members act at random, apart from each other, and meet at random. */
import { type ChannelId, idAs, type InviteId, type OperationId, type RoleId } from '../base/index.ts'
import {
  type AuthorityLog,
  draftBan,
  draftChannelCreate,
  draftInviteCreate,
  draftInviteRevoke,
  draftKick,
  draftLeave,
  draftOverwrite,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleDelete,
  draftRoleEdit,
  draftRoleUnassign,
  everyoneRole,
  KINDS,
  openAuthorityLog,
  type OperationDraft,
  readSnapshot
} from '../authority/index.ts'
import type { Operation } from '../graph/index.ts'
import type { KeyRing, RingPins } from './contract.ts'
import { inviteKeys } from './invite-link.ts'
import { createState, ringOver } from './key-ring.ts'
import { seeded, suite } from './peers.fixture.ts'
import { decodePins, encodePins } from './pins-codec.ts'
import { deps, found, type Peer, time } from './real-peers.fixture.ts'
import type { RingState } from './ring-state.ts'

const ROLE = KINDS.roleCreate[0]
const CHANNEL = KINDS.channelCreate[0]
const INVITE = KINDS.inviteCreate[0]

/** A town whose members act at random, apart from each other, and meet at random. */
export class Story {
  readonly town = found()
  readonly peers: Peer[]
  readonly roles: RoleId[] = []
  readonly channels: ChannelId[]
  readonly invites: InviteId[] = []
  readonly #random: ReturnType<typeof seeded>

  constructor(seed: number) {
    this.#random = seeded(seed)
    const { ada, join, general } = this.town
    this.peers = [ada, join(2), join(3), join(4)]
    this.channels = [general]
    const role = idAs(
      'r',
      ada.operate(
        draftRoleCreate({
          name: 'mods',
          position: Uint8Array.of(9),
          permissions: ['BanMembers', 'KickMembers', 'ManageRoles', 'ManageChannels']
        })
      ).id
    )
    this.roles.push(role)
    ada.operate(draftRoleAssign((this.peers[1] as Peer).account.user, role))
    for (const peer of this.peers) this.meet(peer, ada)
  }

  dice(sides: number): number {
    const [a = 0, b = 0] = this.#random.bytes(2)
    return (a * 256 + b) % sides
  }

  pick<T>(of: readonly T[]): T {
    return of[this.dice(of.length)] as T
  }

  meet(a: Peer, b: Peer): void {
    a.meet(b)
    b.meet(a)
  }

  step(): void {
    const peer = this.pick(this.peers)
    const kind = this.dice(10)
    if (kind < 2) return this.meet(peer, this.pick(this.peers))
    if (kind < 4) return this.send(peer)
    if (kind < 6) return this.mend(peer)
    const draft = this.draft(peer)
    if (!peer.log.permits(peer.account.device.device, draft, time.now + 1).ok) return
    const { id } = peer.operate(draft)
    if (draft.kind === ROLE) this.roles.push(idAs('r', id))
    if (draft.kind === CHANNEL) this.channels.push(idAs('c', id))
    if (draft.kind === INVITE) this.invites.push(idAs('i', id))
  }

  send(peer: Peer): void {
    const channel = this.pick(this.channels)
    if (peer.ring.epochFor(seeded(1), channel, time.now).kind === 'refused') return
    if (peer.ring.epochFor(seeded(1), channel, time.now).kind === 'gather') return
    peer.send(channel, 'word')
  }

  mend(peer: Peer): void {
    if (this.dice(2) === 0) peer.rotate()
    else if (peer.ring.grantsDue(time.now).length > 0) peer.grant()
  }

  draft(peer: Peer): OperationDraft {
    const user = this.pick(this.peers).account.user
    const role = this.pick(this.roles)
    const everyone = everyoneRole(peer.log.server)
    const channel = this.pick(this.channels)
    switch (this.dice(15)) {
      case 0:
        return draftBan(user)
      case 1:
        return draftKick(user)
      case 2:
        return draftLeave()
      case 3:
        return draftRoleCreate({ name: `r${this.dice(100)}`, position: Uint8Array.of(1 + this.dice(200)) })
      case 4:
      case 5:
        return draftRoleAssign(user, role)
      case 6:
        return draftRoleUnassign(user, role)
      case 7:
        return draftRoleEdit(this.dice(3) === 0 ? everyone : role, {
          [this.dice(2) === 0 ? 'set' : 'clear']: ['ViewChannel']
        })
      case 8:
        return draftOverwrite(channel, this.pick([everyone, role, user]), {
          [this.pick(['allow', 'deny', 'none'])]: ['ViewChannel']
        })
      case 9:
      case 10:
        return draftChannelCreate({
          kind: 'text',
          name: null,
          position: Uint8Array.of(1 + this.dice(200)),
          history: this.pick([[0], [1], [2, 7]]),
          overwrites: [
            { target: everyone, deny: ['ViewChannel'] },
            { target: role, allow: ['ViewChannel', 'SendMessages'] }
          ]
        })
      case 11:
      case 12: {
        const keys = inviteKeys(suite, this.#random.bytes(16))
        return draftInviteCreate({
          signPublicKey: keys.signingKey.publicKey,
          boxPublicKey: keys.boxPublicKey
        })
      }
      case 13:
        return draftRoleDelete(role)
      default:
        return draftInviteRevoke(
          this.invites.length === 0 ? idAs('i', this.town.invite.id) : this.pick(this.invites)
        )
    }
  }
}

/** The peer's ring as it is when its profile is opened again: from the snapshot, or from all operations. */
export function reopen(peer: Peer, log: AuthorityLog, pins?: RingPins): RingState {
  const { device, user, userKeys } = peer.account
  return createState({
    suite,
    server: log.server,
    log,
    user,
    device: device.device,
    signingKey: device.signingKey,
    userKeys,
    records: peer.ring.records().map(({ bytes }) => ({ bytes, receivedAt: 5 })),
    seeds: peer.seeds,
    ...(pins === undefined ? {} : { pins })
  })
}

export interface Opened {
  readonly log: AuthorityLog
  readonly state: RingState
  readonly ring: KeyRing
}

export function openFromSnapshot(peer: Peer, genesis: Operation, lag: number): Opened | undefined {
  const snapshot = peer.log.snapshot({ lag })
  if (snapshot === undefined) return undefined
  const { heads, chunks } = snapshot
  const read = readSnapshot(snapshot, chunks)
  if (read === undefined) throw new Error('the snapshot does not read')
  const inside = (id: OperationId): boolean => heads.includes(id) || peer.log.covers(heads, id)
  const marks = new Map(
    [...peer.log.operations()].filter(op => inside(op.id)).map(op => [op.id, peer.log.mark(op.id)])
  )
  const log = openAuthorityLog(deps, genesis, { snapshot: read, trusted: true, inside: id => marks.get(id) })
  for (const op of peer.log.operations()) if (!marks.has(op.id)) log.add(op, time.now, { trusted: true })
  const pins = decodePins(encodePins(peer.ring.pin(heads)))
  if (!pins.ok) throw new Error(pins.reason)
  const state = reopen(peer, log, pins.value)
  return { log, state, ring: ringOver(state) }
}
