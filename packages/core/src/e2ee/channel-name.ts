/** Name and topic of a channel that not all may view (EK19): signed, sent as a body inside that channel. */
import {
  accept,
  type ChannelId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  NAME_BYTES_MAX,
  refuse,
  TOPIC_BYTES_MAX,
  type Verdict
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { literal, nullable, text, tuple, uint } from '../encoding/index.ts'
import { signedTuple } from '../graph/index.ts'
import { CHANNEL_NAME_BYTES_MAX, idSchema } from './body.ts'

/** What it says; the highest (revision, device) counts. */
export interface ChannelName {
  readonly channel: ChannelId
  readonly device: DeviceId
  readonly revision: number
  readonly name: string
  readonly topic: string | null
}

const nameTuple = signedTuple(
  tuple({
    version: literal(1),
    channel: idSchema('c'),
    device: idSchema('d'),
    revision: uint(),
    name: text(NAME_BYTES_MAX, 1),
    topic: nullable(text(TOPIC_BYTES_MAX))
  }),
  { rule: 'EK19', context: 'chan', maxBytes: CHANNEL_NAME_BYTES_MAX }
)

/** Signs a name with the device key of somebody who may manage the channel. */
export function encodeChannelName(
  suite: Suite,
  key: SigningKey,
  name: Omit<ChannelName, 'device'>
): Uint8Array {
  return nameTuple.sign(suite, key, { version: 1, ...name, device: idFromBytes('d', key.publicKey) })
}

/** A peer's name: form and signature; whether the device may manage the channel is authority's answer. */
export function readChannelName(suite: Suite, input: Uint8Array): Verdict<ChannelName> {
  const read = nameTuple.read(suite, input)
  if (!read.ok) return read
  const { channel, device, revision, name, topic } = read.value.value
  if (!nameTuple.verify(suite, idToBytes(device), read.value))
    return refuse('EK19', 'the signature does not verify')
  return accept({ channel, device, revision, name, topic })
}
