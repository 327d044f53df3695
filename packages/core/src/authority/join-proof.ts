/** Proof that a join was made by a holder of the invite (IV3): the invite's key signs who joins what. */
import { idToBytes, type ServerId, type UserId } from '../base/index.ts'
import { signBytes, type SigningKey, type Suite, verifyBytes } from '../crypto/index.ts'
import { encodeCbor } from '../encoding/index.ts'
import type { UserKeyField } from './kinds/fields.ts'

function joinClaim(server: ServerId, user: UserId, userKey: UserKeyField): Uint8Array {
  return encodeCbor([idToBytes(server), idToBytes(user), userKey.generation, userKey.boxPublicKey])
}

/** Signs tuple[serverId, userId, generation, UBK] in the context `join` with the key of the invite's secret. */
export function signJoin(
  suite: Suite,
  inviteKey: SigningKey,
  server: ServerId,
  user: UserId,
  userKey: UserKeyField
): Uint8Array {
  return signBytes(suite, inviteKey, 'join', joinClaim(server, user, userKey))
}

/** Whether the invite with this public key admitted this user with this user key. */
export function verifyJoin(
  suite: Suite,
  signPublicKey: Uint8Array,
  server: ServerId,
  user: UserId,
  userKey: UserKeyField,
  signature: Uint8Array
): boolean {
  return verifyBytes(suite, signPublicKey, 'join', joinClaim(server, user, userKey), signature)
}
