/** One server of a simulated world: who is in it, what its members were promised, and what became of it. */
import { type ChannelId, type MessageId, type ServerId, type UserId, XcordError } from '../../base/index.ts'
import type { AuthorityLog } from '../../authority/index.ts'
import type { KeyRing } from '../../e2ee/index.ts'
import type { Replica } from '../../node/index.ts'
import type { SimulatedPeer } from './peer.ts'
import type { Simulation } from './simulation.ts'

/** Joins at once: more would only wait for the same few members. */
const JOINS_AT_ONCE = 5
const JOIN_MS = 300_000
const LOOK_MS = 200
/** What those who help to run the server may do. */
const CREW = ['KickMembers', 'BanMembers', 'ManageRoles', 'ManageChannels', 'ManageMessages'] as const

/** A message that a peer reported as stored. */
export interface Promised {
  readonly id: MessageId
  readonly channel: ChannelId
  readonly content: string
  readonly by: SimulatedPeer
  /** Whom its author knew to be out when it was written. */
  readonly notFor: ReadonlySet<UserId>
}

export class Community {
  readonly name: string
  readonly members: readonly SimulatedPeer[]
  readonly promised: Promised[] = []
  /** Users who were ever out, by whatever way: what they wrote may have been set aside. */
  readonly everOut = new Set<UserId>()
  /** Users who came back: they may read again. */
  readonly cameBack = new Set<UserId>()
  /** Users who left by themselves: the link that they hold may go on reading while it is open (IV3). */
  readonly left = new Set<UserId>()
  /** Who lies to the end: what they hold and show is their own affair. */
  readonly liars = new Set<SimulatedPeer>()
  readonly #simulation: Simulation
  readonly #last = new Map<SimulatedPeer, Replica>()
  #server: ServerId | undefined
  #link = ''

  constructor(simulation: Simulation, name: string, members: readonly SimulatedPeer[]) {
    this.#simulation = simulation
    this.name = name
    this.members = members
  }

  get server(): ServerId {
    if (this.#server === undefined) throw new TypeError('the server is not founded yet')
    return this.#server
  }

  get link(): string {
    return this.#link
  }

  /** Founds the server and lets everybody in; two members get a role with power. */
  async found(): Promise<void> {
    const [founder, ...others] = this.members as [SimulatedPeer, ...SimulatedPeer[]]
    const { node } = founder
    this.#server = await node.createServer({ name: this.name, channels: ['general', 'workshop'] })
    const open = { maxUses: null, expiresInMs: null, reason: null, approval: false }
    this.#link = (await this.replica(founder).invite(open)).link
    for (let from = 0; from < others.length; from += JOINS_AT_ONCE) {
      const some = others.slice(from, from + JOINS_AT_ONCE)
      await Promise.all(some.map(each => each.node.join(this.#link, { timeoutMs: JOIN_MS })))
    }
    const role = { kind: 'role:create', name: 'crew', permissions: CREW, color: 0 } as const
    await this.replica(founder).operate(role, null)
    const crew = this.replica(founder)
      .state()
      .roles()
      .find(each => each.name === 'crew')
    if (crew === undefined) throw new TypeError('the role is not there')
    for (const { account } of others.slice(0, 2)) {
      // Who joined was let in by a member, which need not be the founder.
      while (this.replica(founder).state().member(account.user)?.status !== 'in') await this.#pause()
      await this.replica(founder).operate({ kind: 'role:grant', role: crew.id, user: account.user }, null)
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>(resolve => this.#simulation.time.after(LOOK_MS, resolve))
  }

  /** A running member's replica. @throws XcordError XCORD_NOT_A_MEMBER, XCORD_CLOSED. */
  replica(peer: SimulatedPeer): Replica {
    const found = peer.node.replica(this.server)
    if (found === undefined)
      throw new XcordError('XCORD_NOT_A_MEMBER', `${peer.name} is not in ${this.name}.`, {
        server: this.server
      })
    this.#last.set(peer, found)
    return found
  }

  /** Whether this peer runs and takes itself for a member. */
  isIn(peer: SimulatedPeer): boolean {
    return peer.up && peer.node.replica(this.server) !== undefined
  }

  /** The replica a peer was last seen with, though it may be out since. */
  lastReplica(peer: SimulatedPeer): Replica | undefined {
    return this.#last.get(peer)
  }

  /** Sends as this peer, and keeps the promise it got. */
  async send(peer: SimulatedPeer, channel: ChannelId, content: string): Promise<void> {
    const replica = this.replica(peer)
    const held = await replica.send(channel, content, null)
    const state = replica.state()
    const notFor = this.members
      .map(({ account }) => account.user)
      .filter(user => state.member(user)?.status !== 'in')
    this.promised.push({ id: held.message.id, channel, content, by: peer, notFor: new Set(notFor) })
    this.#simulation.note(held.message.id)
  }
}

/** What lies behind a replica: the keys it holds. */
export function keysOf(replica: Replica): KeyRing {
  return (replica as Replica & { readonly current: { readonly ring: KeyRing } }).current.ring
}

/** As `keysOf`: its operations. */
export function logOf(replica: Replica): AuthorityLog {
  return (replica as Replica & { readonly current: { readonly log: AuthorityLog } }).current.log
}
