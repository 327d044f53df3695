/**
 * Random histories of keys (EK8–EK12): partitions, concurrent bans, unseen grants, pooled keys. An oracle beside the
 * ring opens every record there is with every secret of the removed, and must not reach the key used.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { type ChannelId, idAs, idToBytes, type KeyId, type OperationId } from '../base/index.ts'
import type { SecretKey } from '../crypto/index.ts'
import { toHex } from '../encoding/index.ts'
import type { InviteState } from '../authority/index.ts'
import { createFakeLog } from './fake-log.fixture.ts'
import { shortRid, userRid } from './derive.ts'
import { createPeer, createTown, inviteSecret, type Peer, person, suite } from './peers.fixture.ts'
import { reach } from './reach.fixture.ts'
import { mayRead } from './readers.ts'

export const NAMES = ['ada', 'grace', 'alan', 'zoe', 'mallory', 'eve'] as const

type Kind = 'act' | 'admit' | 'strike' | 'meet' | 'tell' | 'send' | 'grant' | 'rotate'
type Step = { readonly kind: Kind; readonly a: number; readonly b: number; readonly c: number }
/** admit: let in or assign, and grant at once. strike: take away again. tell: operations without records. */
const KINDS: readonly Kind[] = [
  'act',
  'act',
  'admit',
  'admit',
  'strike',
  'strike',
  'meet',
  'meet',
  'tell',
  'tell',
  'send',
  'send',
  'send',
  'grant',
  'rotate'
]
/** Few do most, so that one history says several things about the same people. */
export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  a: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5),
  b: fc.constantFrom(0, 1, 1, 2, 2, 2, 2, 3, 4, 5),
  c: fc.nat(99)
})

/**
 * One history.
 *
 * @param naive - Sends under the newest key held, as a comparison that must leak.
 * @param look - Is shown everybody after each step.
 */
export function play(
  steps: readonly Step[],
  naive: boolean,
  look: (peers: readonly Peer[], channels: readonly ChannelId[]) => void = () => undefined
): { leaks: string[]; sends: number; unread: string[] } {
  const town = createTown()
  const ada = town.founder
  ada.sendKey(town.meta)
  const peers: Peer[] = [ada, ...NAMES.slice(1).map((name, index) => createPeer(town, name, index + 2))]
  const roles = [0, 1].map(() => idAs('r', ada.act({ do: 'role', bits: 0n })))
  const channels: ChannelId[] = [
    idAs('c', ada.act({ do: 'channel', roles: 'all' })),
    ...roles.map(role => idAs('c', ada.act({ do: 'channel', roles: [role] })))
  ]
  const generations = new Map(NAMES.map(name => [name as string, 1]))
  const invites: OperationId[] = []
  for (const peer of peers.slice(1, 4)) join(ada, peer)
  ada.grant()
  for (const channel of channels) ada.sendKey(channel)
  for (const peer of peers) peer.meet(ada)
  const leaks: string[] = []
  const unread: string[] = []
  let sends = 0

  function join(by: Peer, peer: Peer): void {
    const who = person(peer.name)
    by.log.act(who.device, {
      do: 'join',
      user: who.user,
      device: who.device,
      box: who.userKey(1).boxPublicKey
    })
  }
  const isIn = (peer: Peer, of = peer): boolean => peer.log.state().member(of.user)?.status === 'in'

  function act(by: Peer, on: Peer, n: number): void {
    if (!isIn(by) || by.log.state().member(by.user)?.devices.length === 0) return
    const role = roles[n % 2] as (typeof roles)[number]
    switch (n % 11) {
      case 0:
        if (!isIn(by, on)) join(by, on)
        return
      case 1:
        if (isIn(by, on) && on !== ada) by.act({ do: 'kick', user: on.user })
        return
      case 2:
        if (isIn(by, on) && on !== ada) by.act({ do: 'ban', user: on.user })
        return
      case 3:
      case 4:
        if (isIn(by, on)) by.act({ do: 'assign', user: on.user, role })
        return
      case 5:
        if (isIn(by, on)) by.act({ do: 'unassign', user: on.user, role })
        return
      case 6:
        by.act({ do: 'view', channel: channels[1 + (n % 2)] as ChannelId, target: on.user, allow: n % 4 < 2 })
        return
      case 7:
        by.act({ do: 'view', channel: channels[n % 3] as ChannelId, target: role, allow: n % 4 < 2 })
        return
      case 8:
        invites.push(by.act({ do: 'invite', box: suite.x25519PublicKey(inviteSecret(invites.length)) }))
        return
      case 9: {
        const open = by.log
          .state()
          .invites()
          .filter(each => each.open)
        if (open.length > 0) by.act({ do: 'close', invite: (open[n % open.length] as InviteState).id })
        return
      }
      default: {
        if (!isIn(by, on) || on === ada || generations.get(on.name) !== 1) return
        by.act({ do: 'revoke', device: on.device, user: on.user })
        if (n % 2 === 0) return
        generations.set(on.name, 2)
        by.act({ do: 'renew', user: on.user, generation: 2, box: on.userKey(2).boxPublicKey })
      }
    }
  }

  function send(by: Peer, channel: ChannelId): void {
    const state = by.log.state()
    if (!isIn(by) || state.device(by.device)?.on !== true || !mayRead(state, channel, by.user)) return
    let keyId: KeyId
    if (naive) {
      const held = by.ring
        .keys()
        .filter(key => key.opened && key.scope.kind === 'epoch' && key.scope.channel === channel)
      keyId = held.sort((x, y) => y.lamport - x.lamport)[0]?.keyId ?? by.sendKey(channel)
    } else keyId = by.sendKey(channel)
    sends++
    judge(by, channel, keyId)
  }

  /** Everybody whose removal the sender saw pools what they have. */
  function judge(by: Peer, channel: ChannelId, keyId: KeyId): void {
    const state = by.log.state()
    const everything = createFakeLog(town.world, town.world.nodes.keys()).state()
    const losses = by.log.lossesOutside([])
    const pool = new Map<string, SecretKey>()
    const named: string[] = []
    for (const peer of peers) {
      const removed = losses.some(
        loss => loss.device === undefined && (loss.users.includes(peer.user) || loss.channel === channel)
      )
      if (removed && !mayRead(state, channel, peer.user) && !mayRead(everything, channel, peer.user)) {
        for (const generation of [1, 2])
          pool.set(toHex(userRid(peer.user, generation)), peer.userKey(generation).boxSecret)
        named.push(peer.name)
      } else if (losses.some(loss => loss.device !== undefined && loss.users.includes(peer.user))) {
        // A thief of the revoked device has the user key of its time.
        pool.set(toHex(userRid(peer.user, 1)), peer.userKey(1).boxSecret)
        named.push(`${peer.name}'s device`)
      }
    }
    for (const [n, invite] of invites.entries()) {
      // A closed link, and one that somebody pooled may hold: made before they were put out.
      const putOut = by.log
        .lossesOutside([invite])
        .some(loss => [20, 21].includes(by.log.get(loss.operation)?.kind ?? 0) && named.length > 0)
      if (!by.log.has(invite) || (state.invite(idAs('i', invite))?.open !== false && !putOut)) continue
      pool.set(toHex(shortRid(idToBytes(invite))), inviteSecret(n))
      named.push(`invite ${n}`)
    }
    if (pool.size > 0 && reach(town, pool).has(keyId))
      leaks.push(
        `${named.join(', ')} can open ${keyId} of ${by.name} in channel ${channels.indexOf(channel)}`
      )
  }

  for (const { kind, a, b, c } of steps) {
    const by = peers[a] as Peer
    const on = peers[b] as Peer
    if (kind === 'act') act(by, on, c)
    else if (kind === 'admit' || kind === 'strike') {
      const strikes = [1, 2, 5, 5, 9, 6, 7, 10]
      const pick = kind === 'admit' ? (isIn(by, on) ? [3, 4, 6, 7, 8][c % 5] : 0) : strikes[c % 8]
      // The variant is drawn apart from the act, so that each comes with either role and either sign.
      const variant = Math.floor(c / 8) % 4
      act(
        by,
        on,
        [0, 1, 2, 3]
          .map(n => (pick as number) + 11 * n)
          .sort((x, y) => Number(x % 4 === variant) - Number(y % 4 === variant))
          .at(-1) as number
      )
      if (kind === 'admit' && isIn(by) && by.log.state().device(by.device)?.on === true) by.grant()
    } else if (kind === 'tell') by.meet(on, { records: false })
    else if (kind === 'meet') by.meet(on, { operations: c % 4 !== 0, records: c % 5 !== 0 })
    else if (kind === 'send') send(by, channels[c % 3] as ChannelId)
    else if (isIn(by) && by.log.state().device(by.device)?.on === true) {
      if (kind === 'grant') by.grant()
      else by.rotate()
    }
    look(peers, channels)
  }
  // Afterwards all meet: whoever may read must be able to.
  for (let round = 0; round < 2; round++)
    for (const peer of peers) for (const other of peers) if (peer !== other) peer.meet(other)
  const state = ada.log.state()
  const keys = channels.map(channel => ada.sendKey(channel))
  // Whoever holds a key grants it (EK14): the founder may have sealed to a role key that it does not hold.
  for (const peer of peers) {
    peer.meet(ada)
    if (isIn(peer) && state.device(peer.device)?.on === true) peer.grant()
    ada.meet(peer)
  }
  for (const peer of peers) {
    peer.meet(ada)
    peer.ring.unlock({ userKeys: [1, generations.get(peer.name) as number].map(peer.userKey) })
    if (state.member(peer.user)?.userKey.stale === true) continue
    for (const [index, channel] of channels.entries()) {
      if (
        mayRead(state, channel, peer.user) &&
        peer.ring.keys().find(key => key.keyId === keys[index])?.opened !== true
      )
        unread.push(`${peer.name} cannot read channel ${index}`)
    }
  }
  return { leaks, sends, unread }
}

/** Plays so many histories and holds each to the invariants: no leak, and everybody entitled reads in the end. */
export function holdCoverage(runs: number, seed: number): void {
  let sends = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), steps => {
      const result = play(steps, false)
      sends += result.sends
      expect(result.leaks).toEqual([])
      expect(result.unread).toEqual([])
    }),
    { numRuns: runs, seed, endOnFailure: process.env['XCORD_SHRINK'] === undefined }
  )
  expect(sends).toBeGreaterThan(runs)
}
