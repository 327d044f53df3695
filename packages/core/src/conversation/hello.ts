/** DM4: how a device is told of a conversation: its genesis, and the secret of its tag, sealed to a prekey. */
import { accept, type DeviceId, idToBytes, type Random, refuse, type Verdict } from '../base/index.ts'
import { BoxKind, type SecretKey, type Suite } from '../crypto/index.ts'
import { boxesTo, openWithPrekeys } from './epoch.ts'
import type { ConversationGenesis } from './genesis.ts'
import type { OwnPrekey, Prekey } from './prekey.ts'

const purposeOf = ({ id }: ConversationGenesis): { kind: typeof BoxKind.hello; keyId: Uint8Array } => ({
  kind: BoxKind.hello,
  keyId: idToBytes(id).subarray(0, 16)
})

/** Seals the topic secret to one device: E ‖ box. */
export function sealHello(
  suite: Suite,
  random: Random,
  genesis: ConversationGenesis,
  prekey: Prekey,
  topicSecret: SecretKey
): Uint8Array {
  return boxesTo(suite, random, [prekey], purposeOf(genesis), topicSecret)
}

/** Opens it by one of this device's prekeys. */
export function openHello(
  suite: Suite,
  genesis: ConversationGenesis,
  device: DeviceId,
  prekeys: readonly OwnPrekey[],
  boxes: Uint8Array
): Verdict<SecretKey> {
  const secret = openWithPrekeys(suite, device, prekeys, boxes, purposeOf(genesis))
  return secret === undefined
    ? refuse('DM4', 'the hello is not sealed to a prekey of this device')
    : accept(secret)
}
