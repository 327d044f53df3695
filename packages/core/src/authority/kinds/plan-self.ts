/** Plans of the self-regarding kinds: join, leave, nick, devices, identity, gather (AU12, 1–6 and 9). */
import { idToBytes, type OperationId, refuse, type UserId } from '../../base/index.ts'
import { verifyJoin } from '../join-proof.ts'
import {
  deviceCell,
  identityCell,
  inviteCell,
  inviteTermsCell,
  MEMBER_BANNED,
  MEMBER_IN,
  MEMBER_OUT,
  memberCell,
  movedCell,
  nickCell
} from '../cell.ts'
import {
  deviceValue,
  isMember,
  need,
  no,
  type PlanContext,
  type Planned,
  userOfDevice,
  write
} from '../plan.ts'
import type { StateReader } from '../reader.ts'
import type { BodyOf } from './table.ts'
import type { UserKeyField } from './fields.ts'

const userKeyValue = (key: UserKeyField): readonly [number, Uint8Array] => [key.generation, key.boxPublicKey]

/** ID7 in a server: generations never go back along a user's own past. */
function isOlderKey(reader: StateReader, user: UserId, key: UserKeyField): boolean {
  const value = reader.winner(identityCell(user))?.value
  return Array.isArray(value) && (value[0] as number) > key.generation
}

export function planJoin(context: PlanContext, body: BodyOf<'join'>): Planned {
  const { deps, op, reader } = context
  const claims = deps.verifyCredential(body.credential, { trusted: context.trusted })
  if (!claims.ok) return claims
  const { user } = claims.value
  if (claims.value.device !== op.device) return no("the certificate is another device's")
  const status = isMember(reader, user) ? MEMBER_IN : reader.winner(memberCell(user))?.value
  if (status === MEMBER_IN || status === MEMBER_BANNED)
    return no(status === MEMBER_IN ? 'is in already' : 'is banned')
  const device = userOfDevice(reader, op.device)
  if (device !== undefined && (device.user !== user || !device.on))
    return no("the device is revoked, or another user's")
  const terms = reader.winner(inviteTermsCell(body.invite))
  if (terms === undefined || reader.winner(inviteCell(body.invite))?.value !== 1)
    return no('no such open invite')
  const invite = terms.by.body.body as BodyOf<'inviteCreate'>
  if (invite.user !== null && invite.user !== user) return no('the invite names another user')
  if (invite.notAfter !== null && op.at > invite.notAfter) return no('the invite has expired')
  if (invite.maxUses !== null && reader.uses(body.invite) >= invite.maxUses)
    return no('the invite is used up')
  if (isOlderKey(reader, user, body.userKey)) return no('a newer user key is known')
  if (
    !context.trusted &&
    !verifyJoin(deps.suite, invite.signPublicKey, op.server, user, body.userKey, body.signature)
  ) {
    return refuse('IV3', "the signature is not by the invite's key")
  }
  const supp: OperationId[] = [terms.by.op.id, ...reader.unbans(user)]
  return {
    self: { cells: [memberCell(user), inviteCell(body.invite)], supp },
    target: user,
    writes: [
      write(memberCell(user), MEMBER_IN),
      write(deviceCell(op.device), deviceValue(true, user)),
      write(identityCell(user), userKeyValue(body.userKey))
    ],
    ...(invite.maxUses === null ? {} : { limited: { invite: body.invite, maxUses: invite.maxUses } })
  }
}

export function planLeave(context: PlanContext): Planned {
  if (context.standing.owner !== undefined) return no('the owner cannot leave')
  return { self: { cells: [], supp: [] }, writes: [write(memberCell(context.user), MEMBER_OUT)] }
}

export function planNick(context: PlanContext, body: BodyOf<'nick'>): Planned {
  return {
    rankless: true,
    needs: [need('ChangeNickname')],
    writes: [write(nickCell(context.user), body.nick)]
  }
}

export function planDeviceAdd(context: PlanContext, body: BodyOf<'deviceAdd'>): Planned {
  const { deps, op, reader } = context
  const claims = deps.verifyCredential(body.credential, { trusted: context.trusted })
  if (!claims.ok) return claims
  const { user } = claims.value
  if (claims.value.device !== op.device) return no("the certificate is another device's")
  if (op.seq !== 0) return refuse('AU5', "device.add is a device's first operation")
  if (!isMember(reader, user)) return no("the device's user is not in")
  if (userOfDevice(reader, op.device) !== undefined) return no('the device is known already')
  return {
    self: { cells: [memberCell(user)], supp: [] },
    target: user,
    writes: [write(deviceCell(op.device), deviceValue(true, user))]
  }
}

export function planDeviceRevoke(context: PlanContext, body: BodyOf<'deviceRevoke'>): Planned {
  const { deps, reader, user } = context
  const claims = deps.verifyRevocation(body.revocation, { trusted: context.trusted })
  if (!claims.ok) return claims
  if (claims.value.user !== user) return no("the revocation is another user's")
  for (const device of body.devices) {
    if (claims.value.target !== 'all' && claims.value.target !== device)
      return no('the revocation does not name the device')
    const known = userOfDevice(reader, device)
    if (known === undefined || known.user !== user || !known.on) return no('the device is not on')
  }
  return {
    revokes: body.devices,
    target: user,
    writes: body.devices.map(device => write(deviceCell(device), deviceValue(false, user), true))
  }
}

export function planIdentityEntry(context: PlanContext, body: BodyOf<'identityEntry'>): Planned {
  const { deps, reader, user } = context
  const claims = deps.verifyIdentityEntry(body.entry, { trusted: context.trusted })
  if (!claims.ok) return claims
  const { userKey, moved } = claims.value
  if (claims.value.user !== user) return no("the identity entry is another user's")
  const writes = []
  if (userKey !== undefined) {
    if (isOlderKey(reader, user, userKey)) return no('a newer user key is known')
    writes.push(write(identityCell(user), userKeyValue(userKey)))
  }
  if (moved !== undefined) writes.push(write(movedCell(user), idToBytes(moved)))
  if (writes.length === 0) return no('the identity entry changes nothing here')
  return { self: { cells: [memberCell(user)], supp: [] }, writes }
}

export function planGather(context: PlanContext): Planned {
  const { op, reader } = context
  if (op.refs.length === 0) return refuse('AU8', 'gathers nothing')
  const from = op.prev === null ? op.parents : [...op.parents, op.prev]
  for (const ref of op.refs) {
    if (from.some(each => reader.isCovered(ref, each)))
      return refuse('AU8', 'gathers a leaf that is in the past already')
  }
  return {}
}
