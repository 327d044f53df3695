/**
 * Proof that a join was made by a holder of the invite (IV3): the invite key signs who joins what. It lives
 * here because authority checks it and e2ee makes it.
 */
import { idToBytes, type ServerId, type UserId } from '../base/index.ts'
import { signBytes, type SigningKey, type Suite, verifyBytes } from '../crypto/index.ts'
import { encodeCbor } from '../encoding/index.ts'

const statement = (server: ServerId, user: UserId, boxPublicKey: Uint8Array): Uint8Array =>
  encodeCbor([idToBytes(server), idToBytes(user), boxPublicKey])

/** Signs tuple[serverId, userId, UBK] in the context `join` with the key of the invite's secret. */
export function signJoin(suite: Suite, inviteKey: SigningKey, server: ServerId, user: UserId, boxPublicKey: Uint8Array): Uint8Array {
  return signBytes(suite, inviteKey, 'join', statement(server, user, boxPublicKey))
}

/** Whether the invite with this public key admitted this user with this user key. */
export function verifyJoin(
  suite: Suite, invitePublicKey: Uint8Array, server: ServerId, user: UserId, boxPublicKey: Uint8Array, signature: Uint8Array
): boolean {
  return verifyBytes(suite, invitePublicKey, 'join', statement(server, user, boxPublicKey), signature)
}
