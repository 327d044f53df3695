/** Identity, peers and doctor in the shapes people see. */
import type { Node, PeerReport } from '@xcord/core/node'
import type { KeychainJson } from '../keychain-types.ts'
import type { DeviceJson, DoctorJson, IdentityJson, PeerJson } from '../shapes.ts'

/** The profile's own identity. */
export function describeIdentity(node: Node): IdentityJson {
  return {
    identity: node.user,
    name: node.name,
    device: node.device,
    devices: describeDevices(node),
    safetyNumber: node.safetyNumber
  }
}

/** The identity's devices, those that were revoked last. */
export function describeDevices(node: Node): readonly DeviceJson[] {
  return node.own.list().map(({ addedAt, ...each }) => ({
    ...each,
    addedAt: addedAt === null ? null : new Date(addedAt).toISOString(),
    current: each.device === node.device
  }))
}

/** Peers with their names where known. */
export function describePeers(node: Node): readonly PeerJson[] {
  return node.peers().map(each => describePeer(node, each))
}

/** A peer as applications see it. */
export function describePeer(
  node: Node,
  { device, user, kind, path, address, rttMs, servers }: PeerReport
): PeerJson {
  const replica = node.replicas().find(each => servers.includes(each.server))
  return {
    peer: device,
    name: user === null || replica === undefined ? null : replica.nameOf(user),
    kind,
    path: path as PeerJson['path'],
    address,
    rttMs,
    servers
  }
}

/** KS11: the password still opens the profile, so that nothing is lost; but it is asked for. */
const keychainCheck = ({ opens, cause, detail }: KeychainJson): DoctorJson['checks'][number] => ({
  check: 'keychain',
  ok: opens,
  detail,
  ...(opens
    ? {}
    : {
        cause: cause ?? 'off',
        remedy: 'Set it up anew with "xcord keychain enable", or take it off with "disable".'
      })
})

/** Everything doctor can say. `keychain`: where it may open the profile. */
export async function runDoctor(node: Node, keychain?: KeychainJson): Promise<DoctorJson> {
  const checks = [...(await node.doctor()), ...(keychain === undefined ? [] : [keychainCheck(keychain)])]
  return {
    ok: checks.every(each => each.ok),
    addresses: node.addresses(),
    checks,
    peers: describePeers(node)
  }
}
