/** Where an invite link leads (IV1), and whose invite somebody asks for (IV2). */
import type { InviteId } from '../../base/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import type { BookEntry } from '../exchange/address-book.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/** IV1: addresses in a link. */
const ADDRESSES_MAX = 8

/** Ours first, the reachable before the local; then nodes, then members. */
export function linkAddresses(
  own: readonly string[],
  bootstrap: readonly string[],
  members: readonly BookEntry[]
): readonly string[] {
  const direct = own.filter(each => !each.includes('/p2p-circuit')).sort((a, b) => reach(b) - reach(a))
  const relayed = own.filter(each => each.includes('/p2p-circuit'))
  const others = members.flatMap(each => each.addresses.slice(0, 1))
  return [
    ...new Set([
      ...direct.slice(0, 3),
      ...relayed.slice(0, 1),
      ...bootstrap.slice(0, 2),
      ...others.slice(0, 2)
    ])
  ].slice(0, ADDRESSES_MAX)
}

/** Public addresses before private ones, loopback last. */
function reach(address: string): number {
  if (address.startsWith('/ip4/127.') || address.startsWith('/ip6/::1')) return 0
  return /^\/ip4\/(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address) ? 1 : 2
}

/** The replica that knows an invite of this sign key, open or not. */
export function findInvite(
  replicas: readonly LiveReplica[],
  signPublicKey: Uint8Array
): { readonly state: ReplicaState; readonly invite: InviteId } | undefined {
  for (const replica of replicas) {
    const found = replica
      .state()
      .invites()
      .find(each => equalBytes(each.signPublicKey, signPublicKey))
    if (found !== undefined) return { state: replica.current, invite: found.id }
  }
  return undefined
}
