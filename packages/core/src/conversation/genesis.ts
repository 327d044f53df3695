/** DM1: what a conversation is: who is in it, fixed for ever. */
import {
  accept,
  type ChannelId,
  type ConversationId,
  type DeviceId,
  idAs,
  idFromBytes,
  type Random,
  readIdBytes,
  refuse,
  type ServerId,
  type UserId,
  type Verdict
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { array, bytes, literal, mapped, tuple } from '../encoding/index.ts'
import { idSchema, idSet } from '../e2ee/index.ts'
import { signedTuple } from '../graph/index.ts'
import { ACCOUNTS_MAX } from './limits.ts'

const GENESIS_BYTES_MAX = 1_024
const NONCE_BYTES = 16

const genesisTuple = signedTuple(
  tuple({
    version: literal(1),
    users: mapped(
      array(idSchema('u'), ACCOUNTS_MAX, 1),
      'accounts, ascending and distinct',
      users =>
        idSet('u', ACCOUNTS_MAX).read(
          users.map(user => readIdBytes(user)),
          ''
        ),
      users => users
    ),
    nonce: bytes(NONCE_BYTES),
    device: idSchema('d')
  }),
  { rule: 'DM1', context: 'conv', maxBytes: GENESIS_BYTES_MAX }
)

/** A conversation's beginning, its signature checked. */
export interface ConversationGenesis {
  readonly id: ConversationId
  /** Ascending, one to ten. */
  readonly users: readonly UserId[]
  /** The device that began it. Whether it is one of theirs, their identity logs say. */
  readonly device: DeviceId
  readonly bytes: Uint8Array
}

/** The id where envelopes and keys name a server and a channel (EN2, EK2). */
export function placeOf(id: ConversationId): { readonly server: ServerId; readonly channel: ChannelId } {
  return { server: idAs('s', id), channel: idAs('c', id) }
}

/**
 * Begins a conversation of these accounts.
 *
 * @param users - With one's own; order and repetition do not matter.
 * @throws RangeError unless there are one to ten.
 */
export function createConversation(
  suite: Suite,
  random: Random,
  key: SigningKey,
  users: readonly UserId[]
): ConversationGenesis {
  const sorted = [...new Set(users)].sort()
  if (sorted.length < 1 || sorted.length > ACCOUNTS_MAX)
    throw new RangeError(`a conversation has 1 to ${ACCOUNTS_MAX} accounts, not ${sorted.length}`)
  const encoded = genesisTuple.sign(suite, key, {
    version: 1,
    users: sorted,
    nonce: random.bytes(NONCE_BYTES),
    device: idFromBytes('d', key.publicKey)
  })
  const read = readConversation(suite, encoded)
  if (!read.ok) throw new TypeError(read.reason)
  return read.value
}

/** A peer's genesis: form and signature. */
export function readConversation(suite: Suite, input: Uint8Array): Verdict<ConversationGenesis> {
  const read = genesisTuple.read(suite, input)
  if (!read.ok) return read
  const { users, device } = read.value.value
  if (!genesisTuple.verify(suite, readIdBytes(device), read.value))
    return refuse('DM1', 'the signature does not verify')
  return accept({ id: idFromBytes('v', read.value.idBytes), users, device, bytes: input })
}
