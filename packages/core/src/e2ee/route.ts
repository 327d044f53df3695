/**
 * Which records open a key for somebody else: of a server's thousands those few that lead from what a reader holds to
 * the key that it needs, so that a newcomer reads one page before it has the rest (ND27).
 */
import { idToBytes, type KeyId, LOCKBOXES_MAX, type RecordId } from '../base/index.ts'
import { readBoxes, RID_BYTES } from '../crypto/index.ts'
import { toHex } from '../encoding/index.ts'
import type { KeyRecord } from './contract.ts'
import { shortRid, userRid } from './derive.ts'
import { ROUTE_KEYS_MAX } from './limits.ts'
import { ridAsKey } from './rid.ts'
import type { KeyEntry, RingState } from './ring-state.ts'

/** Rids of the boxes that this ring opens with keys of its own: the account's, and those of invites it holds. */
export function readerRids(ring: RingState): readonly Uint8Array[] {
  return [
    ...ring.userKeys.map(key => userRid(ring.user, key.generation)),
    ...ring.invites.map(held => shortRid(idToBytes(held.invite)))
  ]
}

/**
 * Records of the shortest way from boxes named by `readers` to each key, links of EK15 included; of a key that no way
 * leads to, none. It says nothing of who may have them: boxes say that themselves.
 */
export function recordsTo(
  ring: RingState,
  keyIds: readonly KeyId[],
  readers: readonly Uint8Array[]
): readonly KeyRecord[] {
  const rids = new Set(readers.map(toHex))
  const linkedBy = reversed(ring.links)
  const found = new Map<RecordId, KeyRecord>()
  for (const keyId of keyIds) for (const each of wayTo(ring, keyId, rids, linkedBy)) found.set(each.id, each)
  return [...found.values()]
}

function reversed(links: RingState['links']): ReadonlyMap<KeyId, readonly KeyId[]> {
  const out = new Map<KeyId, KeyId[]>()
  for (const [newer, olders] of links)
    for (const older of olders) {
      const list = out.get(older)
      if (list === undefined) out.set(older, [newer])
      else list.push(newer)
    }
  return out
}

/** Breadth first from the key up to whatever opens it. */
function wayTo(
  ring: RingState,
  keyId: KeyId,
  rids: ReadonlySet<string>,
  linkedBy: ReadonlyMap<KeyId, readonly KeyId[]>
): readonly KeyRecord[] {
  const below = new Map<KeyId, KeyId | null>([[keyId, null]])
  for (const next of below.keys()) {
    const entry = ring.keys.get(next)
    if (entry === undefined) continue
    const boxed = ridsOf(entry)
    const grants = (ring.grants.get(next) ?? []).filter(({ record }) =>
      rids.has(toHex(record.body.box.subarray(0, RID_BYTES)))
    )
    if (grants.length > 0 || boxed.some(rid => rids.has(toHex(rid))))
      return [...records(ring, below, next), ...grants.map(each => each.record)]
    for (const above of [...boxed.map(ridAsKey), ...(linkedBy.get(next) ?? [])])
      if (!below.has(above) && ring.keys.has(above) && below.size < ROUTE_KEYS_MAX) below.set(above, next)
  }
  return []
}

function ridsOf({ records: held }: KeyEntry): readonly Uint8Array[] {
  return held.flatMap(({ record }) => readBoxes(record.body.boxes, LOCKBOXES_MAX)?.rids() ?? [])
}

function records(
  ring: RingState,
  below: ReadonlyMap<KeyId, KeyId | null>,
  from: KeyId
): readonly KeyRecord[] {
  const out: KeyRecord[] = []
  for (let at: KeyId | null = from; at !== null; at = below.get(at) ?? null)
    for (const held of ring.keys.get(at)?.records ?? []) out.push(held.record)
  return out
}
