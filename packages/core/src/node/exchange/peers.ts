/** Peers as people see them: one line a device, the best of its connections. */
import type { DeviceId, UserId } from '../../base/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import { isMentioned, type Message } from '../../timeline/index.ts'
import type { PeerReport } from '../contract.ts'
import type { LiveReplica } from '../replica/replica.ts'

/** Everyone connected, members with the servers shared. */
export function reportPeers(
  transport: Transport,
  replicas: readonly LiveReplica[],
  nodes: ReadonlySet<DeviceId>
): readonly PeerReport[] {
  const best = new Map<DeviceId, Connection>()
  for (const connection of transport.connections()) {
    const known = best.get(connection.device)
    if (known === undefined || (known.limits !== undefined && connection.limits === undefined))
      best.set(connection.device, connection)
  }
  return [...best.values()].map(({ device, address, path, rttMs }) => {
    const shared = replicas.filter(each => each.view.standing(device) === 'member')
    const user = shared[0]?.state().device(device)?.user ?? null
    const kind = user !== null ? 'member' : nodes.has(device) ? 'node' : 'unknown'
    return {
      device,
      user,
      kind,
      path,
      address,
      rttMs: rttMs ?? null,
      servers: shared.map(each => each.server)
    }
  })
}

/** Whether a message names us, by name, role or everyone, under what authority says now. */
export function mentionsUs(replicas: Iterable<LiveReplica>, user: UserId, message: Message): boolean {
  for (const replica of replicas) {
    const authority = replica.state()
    if (authority.channel(message.channel) !== undefined)
      return isMentioned(message.mentions, user, authority.member(user)?.roles ?? [])
  }
  return false
}
