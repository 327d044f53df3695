/** Buckets of large roles (EK5): a removal then makes one bucket's key and the role's anew, not a box for everybody. */
import { idToBytes, refuse, type Refusal, type RoleId } from '../base/index.ts'
import { BoxKind, type Recipient, sealBoxes } from '../crypto/index.ts'
import type { MemberState } from '../authority/index.ts'
import { byRank, memberRid } from './choose.ts'
import { boxSecretOf, keyIdOf, storedSeed } from './derive.ts'
import { addToDraft, type Draft, headKeys, isValidKey } from './draft.ts'
import { BUCKET_BITS_MAX } from './key-record.ts'
import { safetyOf } from './kept-safety.ts'
import { isReachable } from './lacking.ts'
import {
  BUCKET_MEAN_MAX,
  BUCKET_MEAN_MIN,
  BUCKET_MEAN_WANTED,
  ROLE_BOXES_MAX,
  SINGLE_BOXES_MAX
} from './limits.ts'
import { reachOf } from './reach.ts'
import { bucketIndex, couldAssign } from './readers.ts'
import { bucketScope, type KeyBody, type KeyEntry, keysOf, type RingState, roleScope } from './ring-state.ts'

type BucketBody = Extract<KeyBody, { kind: 'bucket' }>

/** k for a role of so many accounts: none up to 256, the one in use while buckets are of fair size, else the least. */
export function bucketBits(accounts: number, inUse: number): number {
  if (accounts <= SINGLE_BOXES_MAX) return 0
  const mean = accounts / 2 ** inUse
  if (inUse > 0 && mean >= BUCKET_MEAN_MIN && mean <= BUCKET_MEAN_MAX) return inUse
  let k = 1
  while (k < BUCKET_BITS_MAX && accounts / 2 ** k > BUCKET_MEAN_WANTED) k++
  return k
}

/** k of the role's best valid key; 0 where there is none. */
export function bitsInUse(ring: RingState, role: RoleId): number {
  const best = [...keysOf(ring, roleScope(role))]
    .filter(entry => isValidKey(ring, entry))
    .sort(byRank(ring))[0]?.records[0]?.record.body
  return best?.kind === 'role' ? best.k : 0
}

const bucketBody = (entry: KeyEntry): BucketBody | undefined => {
  const body = entry.records[0]?.record.body
  return body?.kind === 'bucket' ? body : undefined
}

/** A bucket key that a role key may be sealed to: safe, and reaching every holder; who may not mend takes it as it is. */
function usableBucket(
  draft: Draft,
  scope: ReturnType<typeof bucketScope>,
  k: number,
  holders: readonly MemberState[]
): BucketBody | undefined {
  const { ring, state } = draft
  const mends = couldAssign(state, scope.role, ring.user)
  for (const entry of [...keysOf(ring, scope)].sort(byRank(ring))) {
    const body = bucketBody(entry)
    if (body?.k !== k || !safetyOf(ring, entry.keyId).safe) continue
    if (!mends) return body
    const { users } = reachOf(ring, entry)
    if (holders.every(member => users.has(member.user))) return body
  }
  return undefined
}

/** Adds a new key of one bucket to the draft. */
function draftBucket(
  draft: Draft,
  scope: ReturnType<typeof bucketScope>,
  k: number,
  holders: readonly MemberState[]
): Recipient | Refusal {
  const { ring, random } = draft
  const { suite, server } = ring
  if (holders.length > ROLE_BOXES_MAX)
    return refuse('EK5', `a bucket of ${holders.length} accounts; at most ${ROLE_BOXES_MAX}`)
  const seed = random.bytes(32)
  const keyId = keyIdOf(suite, server, scope, seed)
  const publicKey = suite.x25519PublicKey(boxSecretOf(suite, 'bucket', seed))
  const recipients = holders.map(member => ({
    rid: memberRid(member),
    publicKey: member.userKey.boxPublicKey
  }))
  addToDraft(draft, {
    kind: 'bucket',
    role: scope.role,
    k,
    index: scope.index,
    keyId,
    boxPublicKey: publicKey,
    after: headKeys(ring, keysOf(ring, scope)),
    boxes: sealBoxes(
      suite,
      random.bytes(32),
      recipients,
      { kind: BoxKind.bucket, keyId: idToBytes(keyId) },
      seed
    )
  })
  draft.seeds.push(storedSeed(keyId, scope, seed))
  return { rid: idToBytes(keyId), publicKey }
}

/** The 2^k bucket keys that a role key is sealed to: those in use where they are safe, new ones else. */
export function bucketRecipients(
  draft: Draft,
  role: RoleId,
  k: number,
  holders: readonly MemberState[]
): readonly Recipient[] | Refusal {
  const byIndex: MemberState[][] = Array.from({ length: 2 ** k }, () => [])
  for (const member of holders)
    if (isReachable(member)) byIndex[bucketIndex(draft.ring.suite, role, member.user, k)]?.push(member)
  const recipients: Recipient[] = []
  for (const [index, inside] of byIndex.entries()) {
    if (inside.length === 0) continue
    const scope = bucketScope(role, index)
    const known = usableBucket(draft, scope, k, inside)
    const recipient =
      known === undefined
        ? draftBucket(draft, scope, k, inside)
        : { rid: idToBytes(known.keyId), publicKey: known.boxPublicKey }
    if ('ok' in recipient) return recipient
    recipients.push(recipient)
  }
  return recipients
}
