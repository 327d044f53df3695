/** Plans of the server itself: settings, policy, protocol, transfer, automod, objects, snapshots (AU12, 64–81). */
import { idToBytes, type OperationId, refuse, type ServerId, type UserId } from '../../base/index.ts'
import { type Suite, verifyBytes } from '../../crypto/index.ts'
import { type CborValue, encodeCbor } from '../../encoding/index.ts'
import {
  automodCell,
  MEMBER_IN,
  memberCell,
  objectCell,
  OWNER_CELL,
  policyCell,
  PROTO_CELL,
  serverCell
} from '../cell.ts'
import type { KnownPermission } from '../flags.ts'
import {
  channelActs,
  channelExists,
  isMember,
  need,
  no,
  type PlanContext,
  type Planned,
  userOfDevice,
  write
} from '../plan.ts'
import { numberOf } from '../standing.ts'
import type { StateReader } from '../reader.ts'
import type { BodyOf } from './table.ts'

/** The protocol version whose kinds, fields and bits this client knows (AU7). */
export const PROTOCOL_VERSION = 1

/** AU7: whether a state belongs to a newer protocol, so that what comes after it is not ours to judge. */
export function isRaised(reader: StateReader): boolean {
  return numberOf(reader, PROTO_CELL, PROTOCOL_VERSION) > PROTOCOL_VERSION
}

const MIN_SUITE_KEY = 0
const WAIVE_ROOT_KEY = 3
const RECOVERY_KEY = 4

export function planServerSet(_context: PlanContext, body: BodyOf<'serverSet'>): Planned {
  return {
    needs: [need('ManageServer')],
    writes: body.rows.map(row => write(serverCell(row.key), row.value))
  }
}

export function planPolicySet(context: PlanContext, body: BodyOf<'policySet'>): Planned {
  if (context.standing.owner === undefined) return no('only the owner sets policy')
  for (const row of body.rows) {
    if (row.key === RECOVERY_KEY) return no('recovery is decided in the genesis')
    if (
      row.key === MIN_SUITE_KEY &&
      (row.value as number) < numberOf(context.reader, policyCell(MIN_SUITE_KEY), 1)
    )
      return no('minSuite only grows')
  }
  return { writes: body.rows.map(row => write(policyCell(row.key), row.value)) }
}

export function planProtoRaise(context: PlanContext, body: BodyOf<'protoRaise'>): Planned {
  if (context.standing.owner === undefined) return no('only the owner raises the protocol')
  if (body.version <= numberOf(context.reader, PROTO_CELL, PROTOCOL_VERSION))
    return no('the protocol only grows')
  return { writes: [write(PROTO_CELL, body.version)] }
}

function consentClaim(
  server: ServerId,
  generation: number,
  owner: UserId,
  target: UserId
): readonly CborValue[] {
  return [idToBytes(server), generation, idToBytes(owner), idToBytes(target)]
}

/** Bytes that a transfer's target signs (context consent): this server, generation, from whom, to whom. */
export function transferConsent(
  server: ServerId,
  generation: number,
  owner: UserId,
  target: UserId
): Uint8Array {
  return encodeCbor(consentClaim(server, generation, owner, target))
}

/** Bytes that the owner's root key signs (context consent): the same, with a fifth item, 1. */
export function transferRootClaim(
  server: ServerId,
  generation: number,
  owner: UserId,
  target: UserId
): Uint8Array {
  return encodeCbor([...consentClaim(server, generation, owner, target), 1])
}

export function planTransfer(context: PlanContext, body: BodyOf<'transfer'>): Planned {
  const { deps, op, reader, standing, user } = context
  if (standing.owner === undefined) return no('only the owner transfers ownership')
  const { generation } = standing.owner
  if (body.user === user || !isMember(reader, body.user)) return no('the target is the owner, or not in')
  const consenting = userOfDevice(reader, body.consent.device)
  if (consenting === undefined || !consenting.on || consenting.user !== body.user)
    return no("the consent is not by the target's device")
  const claim = transferConsent(op.server, generation, user, body.user)
  if (!signed(context, deps.suite, idToBytes(body.consent.device), claim, body.consent.signature))
    return no('the consent signature is wrong')
  if (numberOf(reader, policyCell(WAIVE_ROOT_KEY), 0) !== 1) {
    const root = body.root === null ? undefined : deps.readIdentityGenesis(body.root.genesis)
    if (root === undefined || !root.ok || root.value.user !== user)
      return no("the owner's root signature is missing")
    const rootClaim = transferRootClaim(op.server, generation, user, body.user)
    if (
      !signed(
        context,
        deps.suite,
        root.value.rootPublicKey,
        rootClaim,
        (body.root as { signature: Uint8Array }).signature
      )
    ) {
      return no('the root signature is wrong')
    }
  }
  return {
    owner: { user: body.user, generation: generation + 1 },
    carries: reader.liveJoins(body.user),
    target: body.user,
    writes: [
      write(OWNER_CELL, [generation + 1, idToBytes(body.user)]),
      write(memberCell(body.user), MEMBER_IN)
    ]
  }
}

function signed(
  context: PlanContext,
  suite: Suite,
  key: Uint8Array,
  claim: Uint8Array,
  signature: Uint8Array
): boolean {
  return context.trusted || verifyBytes(suite, key, 'consent', claim, signature)
}

export function planAutomodSet(context: PlanContext, body: BodyOf<'automodSet'>): Planned {
  if (body.rule !== null && !isThing(context, automodCell(body.rule))) return no('no such rule')
  return {
    needs: [need('ManageServer')],
    writes: [write(automodCell(body.rule ?? context.op.id), body.payload)]
  }
}

export function planAutomodDelete(context: PlanContext, body: BodyOf<'automodDelete'>): Planned {
  if (!isThing(context, automodCell(body.rule))) return no('no such rule')
  return { needs: [need('ManageServer')], writes: [write(automodCell(body.rule), null)] }
}

/** Whether a cell of automod or object holds something. */
function isThing(context: PlanContext, cell: string): boolean {
  const winner = context.reader.winner(cell)
  return winner !== undefined && winner.value !== null
}

const WEBHOOK = 3
const EVENT = 4

function objectNeed(
  context: PlanContext,
  type: number,
  own: boolean,
  channel: BodyOf<'objectSet'>['channel']
): Planned {
  if (type === WEBHOOK) {
    if (channel === null || !channelExists(context.reader, channel)) return no('a webhook names its channel')
    return { needs: [need('ManageWebhooks', channel)], acts: channelActs(context.reader, channel) }
  }
  const names: readonly [KnownPermission, KnownPermission] =
    type === EVENT ? ['CreateEvents', 'ManageEvents'] : ['CreateServerExpressions', 'ManageServerExpressions']
  return { needs: [need(names[own ? 0 : 1])] }
}

interface ObjectOrigin {
  readonly type: number
  readonly channel: BodyOf<'objectSet'>['channel']
  readonly user: UserId
}

/** How an object came to be: the operation that names it. */
function originOf(context: PlanContext, object: OperationId): ObjectOrigin | undefined {
  const made = context.reader.lookup(object)
  if (made === undefined || made.body.name !== 'objectSet' || made.body.body.object !== null) return undefined
  return { type: made.body.body.type, channel: made.body.body.channel, user: made.known.user }
}

export function planObjectSet(context: PlanContext, body: BodyOf<'objectSet'>): Planned {
  const value: CborValue = [
    body.type,
    body.channel === null ? null : idToBytes(body.channel),
    body.name,
    body.payload
  ]
  if (body.object === null) {
    const plan = objectNeed(context, body.type, true, body.channel)
    return 'ok' in plan ? plan : { ...plan, writes: [write(objectCell(context.op.id), value)] }
  }
  const origin = originOf(context, body.object)
  if (origin === undefined || !isThing(context, objectCell(body.object))) return no('no such object')
  if (origin.type !== body.type || origin.channel !== body.channel)
    return no('an object keeps its type and channel')
  const plan = objectNeed(context, origin.type, origin.user === context.user, origin.channel)
  return 'ok' in plan ? plan : { ...plan, writes: [write(objectCell(body.object), value)] }
}

export function planObjectDelete(context: PlanContext, body: BodyOf<'objectDelete'>): Planned {
  const origin = originOf(context, body.object)
  if (origin === undefined || !isThing(context, objectCell(body.object))) return no('no such object')
  const plan = objectNeed(context, origin.type, origin.user === context.user, origin.channel)
  return 'ok' in plan ? plan : { ...plan, writes: [write(objectCell(body.object), null)] }
}

/** A snapshot of version 1 (AU41): a claim that anybody may check and nobody has to believe; it writes nothing. */
export function planCheckpoint(context: PlanContext, body: BodyOf<'checkpoint'>): Planned {
  if (body.skip.length > 0 || body.notaryRoot !== null || body.sigs.length > 0)
    return refuse('AU7', 'quorum checkpoints need a newer protocol')
  for (const head of body.heads)
    if (context.reader.lookup(head) === undefined) return no('a head is not in the past')
  return { rankless: true }
}

export function planTransferRecover(): Planned {
  return refuse('AU7', 'recovery needs a newer protocol')
}
