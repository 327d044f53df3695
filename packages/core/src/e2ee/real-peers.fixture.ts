/** Peers with real identities over the real log. */
import { idAs, type ChannelId } from '../base/index.ts'
import {
  authorityDeps,
  type AuthorityLog,
  createAuthorityLog,
  draftChannelCreate,
  draftInviteCreate,
  draftJoin,
  type OperationDraft,
  signGenesis
} from '../authority/index.ts'
import { type Operation, readEnvelope, signOperation, linkAfter, verifyEnvelope } from '../graph/index.ts'
import { type Account, createAccount } from '../identity/index.ts'
import type { HeldInvite, KeyRing, StoredSeed } from './contract.ts'
import { heldInvite, inviteKeys, signJoinWith } from './invite-link.ts'
import { createState, ringOver } from './key-ring.ts'
import type { RingState } from './ring-state.ts'
import { seeded, suite } from './peers.fixture.ts'

/** What authority asks of identity, with real cryptography. */
export const deps = authorityDeps(suite)
/** Goes on with every act of anybody. */
export const time = { now: 1_700_000_000_000 }

/** An account with one device, the real log and a ring. */
export interface Peer {
  readonly account: Account
  readonly log: AuthorityLog
  readonly ring: KeyRing
  /** What the ring remembers. */
  readonly state: RingState
  /** To be stored with the ring's records. */
  readonly seeds: StoredSeed[]
  operate(draft: OperationDraft): Operation
  meet(other: Peer): void
  /** Takes a record. */
  add(bytes: Uint8Array): void
  /** Under a channel's key; `thread` is the thread named inside. */
  send(channel: ChannelId, content: string, thread?: ChannelId): Uint8Array
  opens(from: Peer, bytes: Uint8Array): boolean
  rotate(): void
  grant(): void
}

/** Somebody who knows these operations. */
export function createPeer(
  account: Account,
  genesis: Operation,
  seed: number,
  invites: (log: AuthorityLog) => readonly HeldInvite[],
  known: readonly Operation[] = []
): Peer {
  const random = seeded(seed)
  const log = createAuthorityLog(deps, genesis)
  for (const operation of known) log.add(operation, time.now)
  const { device } = account
  const state = createState({
    suite,
    server: log.server,
    log,
    user: account.user,
    device: device.device,
    signingKey: device.signingKey,
    userKeys: account.userKeys,
    invites: invites(log)
  })
  const ring = ringOver(state)
  const seeds: StoredSeed[] = []
  const add = (bytes: Uint8Array): void => {
    const result = ring.add(bytes, time.now)
    if (result.kind === 'accepted') seeds.push(...result.seeds)
  }
  const apply = (result: ReturnType<KeyRing['planGrants']>): void => {
    if (result.kind !== 'plan') throw new Error(result.kind)
    seeds.push(...result.plan.seeds)
    for (const each of ring.apply(result.plan, time.now)) {
      if (each.kind === 'rejected') throw new Error(each.refusal.reason)
      if (each.kind === 'accepted') seeds.push(...each.seeds)
    }
  }
  return {
    account,
    log,
    ring,
    state,
    seeds,
    add,
    operate: draft => {
      const operation = signOperation(suite, device.signingKey, log.place(device.device, draft, ++time.now))
      const result = log.add(operation, time.now)
      if (result.kind !== 'accepted') throw new Error(JSON.stringify(result))
      return operation
    },
    meet: other => {
      for (const operation of other.log.operations()) log.add(operation, time.now)
      for (const record of other.ring.records()) add(record.bytes)
    },
    send: (channel, content, thread) => {
      const choice = ring.epochFor(random, channel, ++time.now)
      if (choice.kind === 'plan') apply(choice)
      if (choice.kind !== 'plan' && choice.kind !== 'key') throw new Error(JSON.stringify(choice))
      const body = {
        kind: 'message',
        content,
        replyTo: null,
        mentions: { users: [], roles: [], everyone: false },
        attachments: []
      } as const
      const payload = {
        thread: thread ?? null,
        at: time.now,
        auth: log.frontierFor(device.device),
        parents: [],
        body
      }
      return ring.seal({ random, type: 1, keyId: choice.keyId, link: linkAfter(undefined), payload }).bytes
    },
    opens: (from, bytes) => {
      const envelope = readEnvelope(suite, bytes)
      return (
        envelope.ok &&
        verifyEnvelope(suite, envelope.value, from.account.device.device).ok &&
        ring.open(envelope.value).kind === 'opened'
      )
    },
    rotate: () => {
      apply(ring.planRotations(random, time.now))
    },
    grant: () => {
      apply(ring.planGrants(random, ring.grantsDue(time.now)))
    }
  }
}

/** Newest of the account. */
export const userKeyOf = (account: Account): { generation: number; boxPublicKey: Uint8Array } => {
  const { generation, boxPublicKey } = account.userKeys.at(-1) as Account['userKeys'][number]
  return { generation, boxPublicKey }
}

/** A server of Ada's with a channel and an open invite. */
export function found(): {
  ada: Peer
  general: ChannelId
  secret: Uint8Array
  join: (seed: number) => Peer
  invite: Operation
  genesis: Operation
} {
  const account = createAccount(suite, seeded(1), time.now, {})
  const genesis = signGenesis(suite, account.device.signingKey, account.device.device, {
    name: 'Difference Engine',
    credential: account.credential,
    userKey: userKeyOf(account),
    nonce: new Uint8Array(16),
    at: time.now
  })
  const ada = createPeer(account, genesis, 101, () => [])
  const general = idAs(
    'c',
    ada.operate(draftChannelCreate({ kind: 'text', name: 'general', position: Uint8Array.of(1) })).id
  )
  ada.send(general, 'first')
  const secret = new Uint8Array(16).fill(7)
  const keys = inviteKeys(suite, secret)
  const invite = ada.operate(
    draftInviteCreate({ signPublicKey: keys.signingKey.publicKey, boxPublicKey: keys.boxPublicKey })
  )
  ada.grant()
  const join = (seed: number): Peer => {
    const joiner = createAccount(suite, seeded(seed), time.now, {})
    const peer = createPeer(joiner, genesis, seed + 100, () => [heldInvite(idAs('i', invite.id), keys)], [
      ...ada.log.operations()
    ])
    for (const record of ada.ring.records()) peer.add(record.bytes)
    peer.operate(
      draftJoin({
        invite: idAs('i', invite.id),
        credential: joiner.credential,
        userKey: userKeyOf(joiner),
        signature: signJoinWith(suite, keys, peer.log.server, joiner.user, userKeyOf(joiner))
      })
    )
    peer.grant()
    ada.meet(peer)
    return peer
  }
  return { ada, general, secret, join, invite, genesis }
}
