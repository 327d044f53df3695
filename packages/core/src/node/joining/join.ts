/** Joining by link (architecture, "Joining by invite"): dial, fetch the package, sync, sign the join. */
import {
  type Clock,
  type DeviceId,
  idAs,
  type InviteId,
  type Random,
  type ServerId,
  XcordError
} from '../../base/index.ts'
import {
  authorityDeps,
  type AuthorityState,
  checkGenesis,
  draftJoin,
  type OperationDraft,
  signJoin
} from '../../authority/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type InviteKeys,
  inviteKeys,
  type InviteLink,
  type InvitePackage,
  parseInviteLink
} from '../../e2ee/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import { decodeOperation, type Operation } from '../../graph/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import { askToJoin, type Door } from './ask-to-join.ts'
import { rendezvousKey } from '../exchange/discovery.ts'
import { enter, mayEnter } from '../snapshots/enter.ts'
import type { Preview } from '../snapshots/fetch-snapshot.ts'
import type { FindPreview } from './find-preview.ts'
import { fetchPackage, inviteFault, type InviteFault } from './invite-service.ts'
import { maySign } from './may-sign.ts'
import { unlock } from '../keys/unlock.ts'
import { operate } from '../replica/operate.ts'
import type { JoinStart } from '../registry.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { returnAs } from './return-as.ts'
import type { Work } from '../replica/work.ts'

/** Waits before a way over a relay is tried again, ms. */
const RELAY_AGAIN_MS = [500, 1_500] as const

/** What joining needs of the node. */
export interface JoinHost {
  readonly suite: Suite
  readonly clock: Clock
  readonly random: Random
  readonly account: Account
  readonly name: string
  /** Says our profile (ID13). */
  tellProfile(work: Work): void
  readonly transport: Transport
  readonly bootstrap: readonly string[]
  /** A replica to join with: made anew, or the one we left before. */
  prepare(start: JoinStart): Promise<LiveReplica>
  replica(server: ServerId): LiveReplica | undefined
  /** Somebody's snapshot of the server, fetched and verified (ND26); undefined where nobody connected has one. */
  readonly preview: FindPreview
  /** Keeps sync from asking anything of this server, for ten seconds at most (ND27); the answer ends it. */
  hold(replica: LiveReplica): () => void
  /** Fetches the page that is looked at first (ND27). Resolves when it is there or cannot be had; never rejects. */
  firstPage(replica: LiveReplica): Promise<void>
  /** Resolves when sync brought something new of this server. */
  changed(server: ServerId, signal: AbortSignal): Promise<void>
  /** Said to those who approve, where the link asks. */
  readonly words: string
  pause(ms: number, signal: AbortSignal): Promise<void>
  asked(server: ServerId): void
}

/** Joins. `signal` ends the wait; what was learnt is kept, so that another try continues. */
export async function joinByLink(host: JoinHost, text: string, signal: AbortSignal): Promise<ServerId> {
  const link = readLink(text)
  const held = host.replica(link.server)
  // Who came back by a file (SX11), with no key of the others, needs what the link leads to all the same.
  if (held?.current.isMember() === true && sharesKeys(held.current)) return link.server
  if (link.approval) return await joinWith(host, await approved(host, link, signal), signal)
  return await joinWith(host, link, signal)
}

/** IV4: the link that a member gives us for this one. */
async function approved(host: JoinHost, link: InviteLink, signal: AbortSignal): Promise<InviteLink> {
  const keys = inviteKeys(host.suite, link.secret)
  const asking = { ...host, now: () => host.clock.now() }
  const find = async (): Promise<Door> => await findPackage(host, link, keys, signal)
  return await askToJoin(asking, link, keys, find, fault => faultError(fault, null, null), signal)
}

async function joinWith(host: JoinHost, link: InviteLink, signal: AbortSignal): Promise<ServerId> {
  const keys = inviteKeys(host.suite, link.secret)
  const { contents, connection } = await findPackage(host, link, keys, signal)
  const genesis = readGenesis(host, link, contents)
  const replica = await host.prepare({
    server: link.server,
    genesis,
    secret: link.secret,
    topicSecret: contents.topicSecret,
    addresses: link.addresses
  })
  const fresh = replica.current.log.count() <= 1 && replica.current.ownJoin === undefined
  const release = fresh ? host.hold(replica) : () => undefined
  const { boxPublicKey, boxSecret } = keys
  await replica.do(work => unlock(work, { invites: [{ invite: contents.invite, boxPublicKey, boxSecret }] }))
  let preview: Preview | undefined
  if (fresh)
    void host
      .preview(replica, genesis, connection, signal, release)
      .then(async found => {
        preview = found
        // A turn wakes whoever waits for a change.
        if (found !== undefined) await replica.do(() => undefined)
      })
      // Closed meanwhile.
      .catch(release)
  while (!maySign(replica.current, contents.invite)) {
    const shown = preview
    if (shown !== undefined && mayEnter(replica.current, shown, contents.invite)) {
      await replica
        .do(work => enterBy(work, shown, host, contents.invite, keys))
        .catch((error: unknown) => {
          release()
          throw error
        })
      void host.firstPage(replica).finally(release)
      void sayName(host, replica)
      return link.server
    }
    if (shown !== undefined) release()
    await host.changed(link.server, signal)
  }
  await replica.do(work => sign(work, host, contents.invite, keys))
  // A link that was made before a removal admits without opening anything (IV3): a member hands the keys over.
  while (!mayWrite(replica)) await host.changed(link.server, signal)
  await replica.do(work => host.tellProfile(work))
  return link.server
}

function readLink(text: string): InviteLink {
  const read = parseInviteLink(text)
  if (!read.ok) {
    const hint =
      read.fault === 'newer'
        ? 'It was made by a newer version of XCord: update and try again.'
        : 'Copy the whole link again, with everything behind the "#".'
    throw new XcordError('XCORD_INVITE_INVALID', `This is no invite link: ${read.reason}. ${hint}`, {
      reason: read.reason
    })
  }
  return read.value
}

function readGenesis(host: JoinHost, link: InviteLink, contents: InvitePackage): Operation {
  const genesis = decodeOperation(host.suite, contents.genesis)
  const founds = genesis.ok && checkGenesis(authorityDeps(host.suite), genesis.value).ok
  if (founds && idAs('s', genesis.value.id) === link.server) return genesis.value
  throw new XcordError(
    'XCORD_INVITE_INVALID',
    'The peer answered for another server than the link names. Ask for a new link.',
    { reason: 'genesis' }
  )
}

/** The key of @everyone in force is open here, so that what we write can be read by all and by nobody else (EK9). */
function mayWrite(replica: LiveReplica): boolean {
  const { ring } = replica.current
  const topic = ring.currentTopic()
  return topic !== undefined && ring.isSafe(topic.keyId)
}

/** We hold a key of @everyone that another device made, or founded the server: then there is one topic to meet under. */
function sharesKeys({ ring, log, self, server }: ReplicaState): boolean {
  if (log.get(idAs('o', server))?.device === self) return true
  const opened = new Set(ring.keys().flatMap(each => (each.opened ? [each.keyId] : [])))
  return ring.records().some(({ body, device }) => {
    const everyone = body.kind === 'role' && body.role === idAs('r', server)
    return everyone && device !== self && opened.has(body.keyId)
  })
}

function sign(work: Work, host: JoinHost, invite: InviteId, keys: InviteKeys): void {
  const { state, turn } = work
  if (state.isMember() || state.ownJoin !== undefined) return
  const draft = joinDraft(host, state.log.state(), invite, keys, turn.at)
  turn.urgent = true
  const carrier = state.ring.currentTopic() === undefined ? 'bare' : 'keyed'
  const joined = state.log.state().member(host.account.user)
  if (joined?.status === 'in') {
    returnAs(work, host.account, joined.joins)
    return
  }
  operate(work, draft, carrier)
}

/** Once the keys came, though the call that joined is long over; if we close before, when we open again. */
async function sayName(host: JoinHost, replica: LiveReplica): Promise<void> {
  const { signal } = new AbortController()
  try {
    while (!mayWrite(replica)) await host.changed(replica.server, signal)
    await replica.do(work => host.tellProfile(work))
  } catch {
    // Closed meanwhile.
  }
}

/** Signs by what a snapshot shows; a link that admits nobody is told of like any other. */
function enterBy(work: Work, preview: Preview, host: JoinHost, invite: InviteId, keys: InviteKeys): void {
  enter(work, preview, joinDraft(host, preview.log.state(), invite, keys, work.turn.at))
}

/** @throws XcordError where the invite admits nobody by this state. */
function joinDraft(
  host: JoinHost,
  shown: AuthorityState,
  invite: InviteId,
  keys: InviteKeys,
  now: number
): OperationDraft {
  const found = shown.invite(invite)
  const fault =
    found === undefined || !equalBytes(found.signPublicKey, keys.signingKey.publicKey)
      ? 'unknown'
      : inviteFault(found, now)
  if (fault !== undefined) throw faultError(fault, found?.notAfter ?? null, found?.maxUses ?? null)
  const userKey = host.account.userKeys.at(-1)
  if (userKey === undefined) throw new RangeError('an account without user key')
  const { generation, boxPublicKey } = userKey
  return draftJoin({
    invite,
    credential: host.account.credential,
    userKey: { generation, boxPublicKey },
    signature: signJoin(host.suite, keys.signingKey, shown.server, host.account.user, {
      generation,
      boxPublicKey
    })
  })
}

function faultError(fault: InviteFault, notAfter: number | null, maxUses: number | null): XcordError {
  switch (fault) {
    case 'revoked':
      return new XcordError('XCORD_INVITE_REVOKED', 'This invite was revoked. Ask for a new link.', {})
    case 'expired':
      return new XcordError('XCORD_INVITE_EXPIRED', 'This invite has expired. Ask for a new link.', {
        expiredAt: notAfter ?? 0
      })
    case 'used':
      return new XcordError(
        'XCORD_INVITE_USED',
        'This invite was used as often as it allows. Ask for a new link.',
        { maxUses: maxUses ?? 0 }
      )
    case 'banned':
      return new XcordError('XCORD_PERMISSION_DENIED', 'You are banned from this server.', {
        rule: 'AU12',
        action: 'join'
      })
    case 'unknown':
      return new XcordError(
        'XCORD_INVITE_INVALID',
        'The members reached know no such invite. Ask for a new link.',
        { reason: 'unknown' }
      )
  }
}

/** Asks everyone the link leads to, all at once; the first package that opens counts. */
async function findPackage(
  host: JoinHost,
  link: InviteLink,
  keys: InviteKeys,
  signal: AbortSignal
): Promise<Door> {
  const tried: { address: string; error: string }[] = []
  const faults: InviteFault[] = []
  const asked = new Set<DeviceId>()
  const ask = async (connection: Connection): Promise<Door | undefined> => {
    if (asked.has(connection.device)) return undefined
    asked.add(connection.device)
    const answer = await fetchPackage(host.suite, connection, keys, signal).catch(() => undefined)
    if (answer?.kind === 'package') return { contents: answer.contents, connection }
    if (answer?.kind === 'fault') faults.push(answer.fault)
    else if (answer?.kind === 'refused')
      tried.push({ address: connection.address, error: answer.refusal.reason })
    return undefined
  }
  /** A node knows no invites, but who registered for one (NT10). */
  const askNode = async (connection: Connection): Promise<Door | undefined> => {
    const key = rendezvousKey(host.suite, keys.signingKey.publicKey, connection.device, host.clock.now())
    const records = await host.transport.rendezvous.query(connection.device, key, { signal }).catch(() => [])
    return await firstOf(records.map(async record => await reach(record.addresses, false)))
  }
  const reach = async (addresses: readonly string[], node: boolean): Promise<Door | undefined> => {
    try {
      const connection = await dialAgain(host, addresses, signal)
      return (await ask(connection)) ?? (node ? await askNode(connection) : undefined)
    } catch (error) {
      for (const address of addresses)
        tried.push({ address, error: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }
  const ways = [...new Set([...link.addresses, ...host.bootstrap])]
  const found = await firstOf([
    ...ways.map(async address => await reach([address], true)),
    ...host.transport.connections().map(ask)
  ])
  if (found !== undefined) return found
  signal.throwIfAborted()
  const definite = faults.find(each => each !== 'unknown') ?? faults[0]
  if (definite !== undefined) throw faultError(definite, null, null)
  throw new XcordError(
    'XCORD_NO_PEER',
    'No member of this server could be reached through the link. Ask someone in it to be online, or for a fresh link.',
    { tried }
  )
}

/**
 * A way over a relay is tried again: while we are only just connecting to the relay ourselves, the way can be closed
 * together with the second of two connections to it.
 */
async function dialAgain(
  { transport, pause }: JoinHost,
  addresses: readonly string[],
  signal: AbortSignal
): Promise<Connection> {
  const relayed = addresses.some(each => each.includes('/p2p-circuit'))
  for (const ms of relayed ? RELAY_AGAIN_MS : []) {
    try {
      return await transport.dial(addresses, { signal })
    } catch {
      await pause(ms, signal)
    }
  }
  return await transport.dial(addresses, { signal })
}

/** The first that is not undefined; undefined when all are. */
async function firstOf<T>(attempts: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return await Promise.any(
    attempts.map(async attempt => {
      const value = await attempt
      if (value === undefined) throw new RangeError('nothing')
      return value
    })
  ).catch(() => undefined)
}
