/** DM2: the keys of a conversation: one device's own, sealed to the prekeys of all others. */
import {
  type ConversationId,
  type DeviceId,
  idToBytes,
  type KeyId,
  LOCKBOXES_MAX,
  type OperationId,
  type Random
} from '../base/index.ts'
import {
  BoxKind,
  openBoxes,
  readBoxes,
  RID_BYTES,
  sealBoxes,
  type SecretKey,
  type SigningKey,
  type Suite
} from '../crypto/index.ts'
import { concatBytes, equalBytes, toHex } from '../encoding/index.ts'
import { commitOf, keyIdOf, type KeyRecord, type KeyRecordBody, signKeyRecord } from '../e2ee/index.ts'
import { placeOf } from './genesis.ts'
import type { OwnPrekey, Prekey } from './prekey.ts'

/** Name of a device within boxes (EK3): its first 16 bytes. */
export function ridOf(device: DeviceId): Uint8Array {
  return idToBytes(device).subarray(0, RID_BYTES)
}

/** As `ridOf`, as text. */
export function ridName(device: DeviceId): string {
  return toHex(ridOf(device))
}

/** A key just made. */
export interface MadeEpoch {
  readonly record: KeyRecord
  readonly keyId: KeyId
  readonly seed: SecretKey
}

/** Seals a secret to prekeys: `E ‖ box…`. */
export function boxesTo(
  suite: Suite,
  random: Random,
  prekeys: readonly Prekey[],
  purpose: { readonly kind: BoxKind; readonly keyId: Uint8Array },
  secret: Uint8Array
): Uint8Array {
  const ephemeral = random.bytes(32)
  const recipients = prekeys.map(({ device, publicKey }) => ({ rid: ridOf(device), publicKey }))
  const boxes = sealBoxes(suite, ephemeral, recipients, purpose, secret)
  ephemeral.fill(0)
  return boxes
}

/** Opens what was sealed to one of our prekeys, the newest first. */
export function openWithPrekeys(
  suite: Suite,
  device: DeviceId,
  prekeys: readonly OwnPrekey[],
  boxes: Uint8Array,
  purpose: { readonly kind: BoxKind; readonly keyId: Uint8Array }
): SecretKey | undefined {
  const read = readBoxes(boxes, LOCKBOXES_MAX)
  if (read === undefined) return undefined
  for (const { secret } of [...prekeys].reverse()) {
    const opener = { rid: ridOf(device), publicKey: suite.x25519PublicKey(secret), secret }
    const opened = openBoxes(suite, read, opener, purpose)
    if (opened !== undefined) return opened
  }
  return undefined
}

interface EpochInit {
  readonly conversation: ConversationId
  readonly key: SigningKey
  /** Heads of the identity logs its author knew. */
  readonly frontier: readonly OperationId[]
}

/** Draws a key and seals it. */
export function makeEpoch(
  suite: Suite,
  random: Random,
  init: EpochInit & { readonly prekeys: readonly Prekey[]; readonly after: readonly KeyId[] }
): MadeEpoch {
  const { server, channel } = placeOf(init.conversation)
  const seed = random.bytes(32)
  const keyId = keyIdOf(suite, server, { kind: 'epoch', channel }, seed)
  const purpose = { kind: BoxKind.epoch, keyId: idToBytes(keyId) }
  const body: KeyRecordBody = {
    kind: 'epoch',
    channel,
    keyId,
    commit: commitOf(suite, seed),
    mode: { mode: 'join' },
    after: init.after,
    boxes: boxesTo(suite, random, init.prekeys, purpose, seed),
    back: []
  }
  return { record: signKeyRecord(suite, init.key, { server, frontier: init.frontier, body }), keyId, seed }
}

/** Seals a key of ours once more, to one device. */
export function makeGrant(
  suite: Suite,
  random: Random,
  init: EpochInit & { readonly keyId: KeyId; readonly seed: SecretKey; readonly prekey: Prekey }
): KeyRecord | undefined {
  const boxes = boxesTo(
    suite,
    random,
    [init.prekey],
    { kind: BoxKind.grant, keyId: idToBytes(init.keyId) },
    init.seed
  )
  const ephemeral = boxes.subarray(0, 32)
  const box = boxes.subarray(32)
  // CR4: a key that nobody can seal to.
  if (box.length === 0) return undefined
  const { server } = placeOf(init.conversation)
  const body: KeyRecordBody = { kind: 'grant', keyId: init.keyId, ephemeral, box }
  return signKeyRecord(suite, init.key, { server, frontier: init.frontier, body })
}

/** Whether a seed is the one that an epoch record speaks of (EK2). */
function fits(
  suite: Suite,
  conversation: ConversationId,
  seed: SecretKey,
  expected: { readonly keyId: KeyId; readonly commit: Uint8Array }
): boolean {
  const { server, channel } = placeOf(conversation)
  return (
    keyIdOf(suite, server, { kind: 'epoch', channel }, seed) === expected.keyId &&
    equalBytes(commitOf(suite, seed), expected.commit)
  )
}

/** The seed of an epoch or grant record, opened and checked; undefined where it holds none for us. */
export function openKey(
  suite: Suite,
  conversation: ConversationId,
  device: DeviceId,
  prekeys: readonly OwnPrekey[],
  body: Extract<KeyRecordBody, { kind: 'epoch' | 'grant' }>,
  commit: Uint8Array
): SecretKey | undefined {
  const keyId = idToBytes(body.keyId)
  const seed =
    body.kind === 'epoch'
      ? openWithPrekeys(suite, device, prekeys, body.boxes, { kind: BoxKind.epoch, keyId })
      : openWithPrekeys(suite, device, prekeys, concatBytes([body.ephemeral, body.box]), {
          kind: BoxKind.grant,
          keyId
        })
  return seed !== undefined && fits(suite, conversation, seed, { keyId: body.keyId, commit })
    ? seed
    : undefined
}
