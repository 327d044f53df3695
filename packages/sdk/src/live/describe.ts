/** Identity, peers and doctor in the shapes people see. */
import type { Node } from '@xcord/core/node'
import type { DoctorJson, IdentityJson, PeerJson } from '../shapes.ts'

/** The profile's own identity. */
export function describeIdentity(node: Node): IdentityJson {
  return {
    identity: node.user,
    name: node.name,
    device: node.device,
    devices: node.devices().map(each => ({
      device: each.device,
      name: each.name,
      addedAt: new Date(each.addedAt).toISOString(),
      current: each.device === node.device
    })),
    safetyNumber: node.safetyNumber
  }
}

/** Peers with their names where known. */
export function describePeers(node: Node): readonly PeerJson[] {
  return node.peers().map(({ device, user, kind, path, address, rttMs, servers }) => {
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
  })
}

/** Everything doctor can say. */
export async function runDoctor(node: Node): Promise<DoctorJson> {
  const checks = await node.doctor()
  return {
    ok: checks.every(each => each.ok),
    addresses: node.addresses(),
    checks,
    peers: describePeers(node)
  }
}
