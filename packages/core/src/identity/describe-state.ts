/** What a resolved set of entries says of devices, user keys and successor (ID4, ID5, ID7, ID12). */
import { compareIds, type DeviceId, type IdentityEntryId, idFromBytes, type UserId } from '../base/index.ts'
import { labelledHash, type Suite } from '../crypto/index.ts'
import { CAPABILITY_MANAGE, type DeviceState, type IdentityState, type UserKeyState } from './contract.ts'
import { compareSeniority, deviceDepths, isBefore, type LogNode, resolveStanding } from './resolve.ts'

function describeDevice(
  device: DeviceId,
  adds: readonly LogNode[],
  standing: ReadonlySet<number>,
  revocations: readonly LogNode[]
): DeviceState | undefined {
  const standingAdds = adds.filter(node => standing.has(node.index))
  const [counted] = standingAdds.length > 0 ? standingAdds : adds
  if (counted === undefined || counted.entry.body.kind !== 'addDevice') return undefined
  const { boxPublicKey, caps, name } = counted.entry.body
  const revokedBy = revocations.filter(({ entry: { body } }, at) =>
    body.kind === 'revokeDevice'
      ? body.device === device
      : !standingAdds.some(add => isBefore(revocations[at] as LogNode, add))
  )
  return {
    device,
    boxPublicKey,
    manage: (caps & CAPABILITY_MANAGE) !== 0,
    name,
    entry: counted.entry.id,
    active: standingAdds.length > 0 && revokedBy.length === 0,
    revokedBy: revokedBy.map(({ entry }) => entry.id).sort(compareIds)
  }
}

function describeUserKey(node: LogNode, revocations: readonly LogNode[]): UserKeyState | undefined {
  const { body, id } = node.entry
  if (body.kind !== 'userKey') return undefined
  return {
    generation: body.generation,
    keyId: body.keyId,
    boxPublicKey: body.boxPublicKey,
    entry: id,
    stale: revocations.some(revocation => !isBefore(revocation, node))
  }
}

/** Ascending by generation; of concurrent ones, the root's, then the newer, then the lower id comes last and so counts. */
function describeUserKeys(standing: readonly LogNode[], revocations: readonly LogNode[]): UserKeyState[] {
  const keys = standing.filter(node => node.entry.body.kind === 'userKey')
  const generation = (node: LogNode): number =>
    node.entry.body.kind === 'userKey' ? node.entry.body.generation : 0
  keys.sort(
    (a, b) =>
      generation(a) - generation(b) ||
      Number(a.byRoot) - Number(b.byRoot) ||
      a.entry.lamport - b.entry.lamport ||
      compareIds(b.entry.id, a.entry.id)
  )
  return keys.flatMap(node => describeUserKey(node, revocations) ?? [])
}

function successorOf(suite: Suite, standing: readonly LogNode[]): UserId | undefined {
  const moves = standing
    .filter(node => node.entry.body.kind === 'moved')
    .sort((a, b) => a.entry.lamport - b.entry.lamport || compareIds(a.entry.id, b.entry.id))
  const body = moves[0]?.entry.body
  return body?.kind === 'moved' ? idFromBytes('u', labelledHash(suite, 'user', body.successor)) : undefined
}

/** Resolves a set of nodes closed under pasts and describes the outcome. */
export function describeState(suite: Suite, user: UserId, nodes: readonly LogNode[]): IdentityState {
  const standing = resolveStanding(nodes)
  const standingNodes = nodes.filter(node => standing.has(node.index))
  const revocations = standingNodes.filter(
    ({ entry: { body } }) => body.kind === 'revokeDevice' || body.kind === 'revokeAll'
  )
  const senior = compareSeniority(deviceDepths(nodes))
  const adds = new Map<DeviceId, LogNode[]>()
  for (const node of [...nodes].sort(senior)) {
    const { body } = node.entry
    if (body.kind === 'addDevice') adds.set(body.device, [...(adds.get(body.device) ?? []), node])
  }
  const devices = [...adds]
    .flatMap(([device, nodesOf]) => describeDevice(device, nodesOf, standing, revocations) ?? [])
    .sort((a, b) => compareIds(a.device, b.device))
  const byId = new Map(devices.map(each => [each.device, each]))
  const userKeys = describeUserKeys(standingNodes, revocations)
  const standings = new Map<IdentityEntryId, 'effective' | 'voided'>(
    nodes.map(({ entry, index }) => [entry.id, standing.has(index) ? 'effective' : 'voided'])
  )
  return {
    user,
    devices,
    userKeys,
    userKey: userKeys.at(-1),
    moved: successorOf(suite, standingNodes),
    device: device => byId.get(device),
    standing: entry => standings.get(entry),
    isRevoked: device =>
      revocations.some(({ entry: { body } }) => body.kind === 'revokeDevice' && body.device === device) ||
      (byId.get(device)?.revokedBy.length ?? 0) > 0
  }
}
