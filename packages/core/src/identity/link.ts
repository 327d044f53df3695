/**
 * ID10: linking a device, as two machines without clock or network. The old device speaks first:
 *
 *   old                         new
 *    1 commitment        >
 *                        <       2 commitment
 *    3 nonce, genesis    >
 *                        <       4 nonce, proof of the code's secret
 *    5 proof             >
 *      both show the six signs; people compare them
 *                        <       6 consent: enrolment proof
 *    7 account, sealed   >
 *                        <       8 done
 */
import { accept, type DeviceId, idToBytes, type Random, refuse, type Verdict } from '../base/index.ts'
import {
  BoxKind,
  kdf,
  labelledHash,
  openBoxes,
  readBoxes,
  sealBoxes,
  type SecretKey,
  type Suite
} from '../crypto/index.ts'
import {
  bytes,
  codec,
  concatBytes,
  equalBytes,
  lengthPrefixed,
  literal,
  nullable,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import { type BackupContents, decodeBackupContents, encodeBackupContents } from './backup.ts'
import { CAPABILITY_MANAGE, type DeviceSecret, type Genesis } from './contract.ts'
import { deviceRid } from './device.ts'
import { DEVICE_NAME_BYTES_MAX, proveEnrolment } from './entry.ts'
import { readGenesis } from './genesis.ts'
import type { LinkCode } from './link-code.ts'
import { type LinkSign, linkSigns } from './link-signs.ts'

const RULE = 'ID10'
const NONCE_BYTES = 16
const SAS_BYTES = 5
const KEY_BYTES = 32
const NONE = new Uint8Array()
/** The largest frame: the account of somebody with a long log. */
export const LINK_FRAME_BYTES_MAX = 262_144
const options = { rule: RULE, maxBytes: LINK_FRAME_BYTES_MAX, maxDepth: 2 } as const
const version = literal(1)

const commitOld = codec(tuple({ version, step: literal(1), commitment: bytes(32) }), options)
const commitNew = codec(tuple({ version, step: literal(2), commitment: bytes(32) }), options)
const revealOld = codec(
  tuple({ version, step: literal(3), nonce: bytes(NONCE_BYTES), genesis: bytes(1, 128) }),
  options
)
const revealNew = codec(
  tuple({ version, step: literal(4), nonce: bytes(NONCE_BYTES), proof: bytes(32) }),
  options
)
const proofOld = codec(tuple({ version, step: literal(5), proof: bytes(32) }), options)
const consent = codec(
  tuple({
    version,
    step: literal(6),
    caps: uint(0xffff),
    name: nullable(text(DEVICE_NAME_BYTES_MAX, 1)),
    proof: bytes(64)
  }),
  options
)
const given = codec(
  tuple({ version, step: literal(7), boxes: bytes(96), sealed: bytes(16, LINK_FRAME_BYTES_MAX) }),
  options
)
const done = codec(tuple({ version, step: literal(8) }), options)

/** Which side speaks: bound into commitments and proofs, so that neither can be sent back. */
type Side = 'old' | 'new'
const SIDE: Readonly<Record<Side, Uint8Array>> = { old: Uint8Array.of(0), new: Uint8Array.of(1) }

const commitmentOf = (suite: Suite, side: Side, nonce: Uint8Array): Uint8Array =>
  labelledHash(suite, 'link-commit', SIDE[side], nonce)

/** T: everything that was exchanged before the proofs. */
function transcriptOf(
  suite: Suite,
  code: LinkCode,
  old: DeviceId,
  frames: readonly Uint8Array[],
  nonceNew: Uint8Array
): Uint8Array {
  const parts = [code.bytes, idToBytes(old), ...frames, nonceNew]
  return labelledHash(suite, 'link', concatBytes(parts.map(lengthPrefixed)))
}

const proofOf = (suite: Suite, secret: SecretKey, side: Side, transcript: Uint8Array): Uint8Array =>
  suite.hmacSha256(secret, concatBytes([SIDE[side], transcript]))

const signsOf = (suite: Suite, transcript: Uint8Array): readonly LinkSign[] =>
  linkSigns(kdf(suite, transcript, 'sas', [], SAS_BYTES))

const purposeOf = (transcript: Uint8Array) => ({ kind: BoxKind.link, keyId: transcript.slice(0, 16) })

const notProven = (): Verdict<never> => refuse(RULE, 'the other side does not know the secret of the code')
const notCommitted = (): Verdict<never> => refuse(RULE, 'the nonce is not the one committed to')

/** What the new device agreed to. */
export interface LinkConsent {
  readonly device: DeviceId
  readonly boxPublicKey: Uint8Array
  readonly caps: number
  readonly name: string | null
  /** Its `enrol` signature. */
  readonly proof: Uint8Array
}

/** What both sides know before people compare. */
export interface LinkAgreement {
  readonly signs: readonly LinkSign[]
  /** Of the account the new device would join. */
  readonly genesis: Genesis
}

/** The device that adds another. Its steps are called in order. */
export class LinkGiver {
  readonly #suite: Suite
  readonly #code: LinkCode
  readonly #self: DeviceId
  readonly #genesis: Genesis
  readonly #nonce: Uint8Array
  readonly #first: Uint8Array
  #frames: readonly Uint8Array[] = []
  #transcript: Uint8Array = NONE

  constructor(
    suite: Suite,
    random: Random,
    init: { readonly code: LinkCode; readonly device: DeviceId; readonly genesis: Genesis }
  ) {
    this.#suite = suite
    this.#code = init.code
    this.#self = init.device
    this.#genesis = init.genesis
    this.#nonce = random.bytes(NONCE_BYTES)
    this.#first = commitOld.encode({
      version: 1,
      step: 1,
      commitment: commitmentOf(suite, 'old', this.#nonce)
    })
  }

  /** Frame 1. */
  begin(): Uint8Array {
    return this.#first
  }

  /** Takes frame 2, gives frame 3. */
  reveal(frame: Uint8Array): Verdict<Uint8Array> {
    const read = commitNew.decode(frame)
    if (!read.ok) return read
    const reveal = revealOld.encode({
      version: 1,
      step: 3,
      nonce: this.#nonce,
      genesis: this.#genesis.bytes
    })
    this.#frames = [this.#first, frame, reveal]
    return accept(reveal)
  }

  /** Takes frame 4, gives frame 5 and what people compare. */
  prove(frame: Uint8Array): Verdict<LinkAgreement & { readonly frame: Uint8Array }> {
    const read = revealNew.decode(frame)
    const committed = commitNew.decode(this.#frames[1] ?? NONE)
    if (!read.ok) return read
    const { nonce, proof } = read.value
    if (!committed.ok || !equalBytes(committed.value.commitment, commitmentOf(this.#suite, 'new', nonce)))
      return notCommitted()
    const transcript = transcriptOf(this.#suite, this.#code, this.#self, this.#frames, nonce)
    if (!equalBytes(proof, proofOf(this.#suite, this.#code.secret, 'new', transcript))) return notProven()
    this.#transcript = transcript
    return accept({
      frame: proofOld.encode({
        version: 1,
        step: 5,
        proof: proofOf(this.#suite, this.#code.secret, 'old', transcript)
      }),
      signs: signsOf(this.#suite, transcript),
      genesis: this.#genesis
    })
  }

  /** Takes frame 6. The enrolment proof is the log's to check, as the entry is added. */
  consent(frame: Uint8Array): Verdict<LinkConsent> {
    const read = consent.decode(frame)
    if (!read.ok) return read
    const { caps, name, proof } = read.value
    const { device, boxPublicKey } = this.#code
    return accept({ device, boxPublicKey, caps, name, proof })
  }

  /** Frame 7: the account, for the new device's box key alone. */
  give(random: Random, contents: BackupContents): Uint8Array {
    const key = random.bytes(KEY_BYTES)
    const recipient = { rid: deviceRid(idToBytes(this.#code.device)), publicKey: this.#code.boxPublicKey }
    const boxes = sealBoxes(
      this.#suite,
      random.bytes(KEY_BYTES),
      [recipient],
      purposeOf(this.#transcript),
      key
    )
    const sealed = this.#suite.chachaSealOnce(key, this.#transcript, encodeBackupContents(contents))
    key.fill(0)
    return given.encode({ version: 1, step: 7, boxes, sealed })
  }

  /** Takes frame 8. */
  end(frame: Uint8Array): Verdict<true> {
    const read = done.decode(frame)
    return read.ok ? accept(true) : read
  }
}

/** The device that is added. Its steps are called in order, once; for another try there is another of these. */
export class LinkTaker {
  readonly #suite: Suite
  readonly #code: LinkCode
  readonly #device: DeviceSecret
  readonly #old: DeviceId
  readonly #nonce: Uint8Array
  #frames: readonly Uint8Array[] = []
  #transcript: Uint8Array = NONE
  #genesis: Genesis | undefined

  constructor(
    suite: Suite,
    random: Random,
    init: { readonly code: LinkCode; readonly device: DeviceSecret; readonly old: DeviceId }
  ) {
    this.#suite = suite
    this.#code = init.code
    this.#device = init.device
    this.#old = init.old
    this.#nonce = random.bytes(NONCE_BYTES)
  }

  /** Takes frame 1, gives frame 2. */
  commit(frame: Uint8Array): Verdict<Uint8Array> {
    const read = commitOld.decode(frame)
    if (!read.ok) return read
    const answer = commitNew.encode({
      version: 1,
      step: 2,
      commitment: commitmentOf(this.#suite, 'new', this.#nonce)
    })
    this.#frames = [frame, answer]
    return accept(answer)
  }

  /** Takes frame 3, gives frame 4. */
  reveal(frame: Uint8Array): Verdict<Uint8Array> {
    const read = revealOld.decode(frame)
    const committed = commitOld.decode(this.#frames[0] ?? NONE)
    if (!read.ok) return read
    const { nonce, genesis: encoded } = read.value
    if (!committed.ok || !equalBytes(committed.value.commitment, commitmentOf(this.#suite, 'old', nonce)))
      return notCommitted()
    const genesis = readGenesis(this.#suite, encoded)
    if (!genesis.ok) return genesis
    this.#genesis = genesis.value
    this.#transcript = transcriptOf(this.#suite, this.#code, this.#old, [...this.#frames, frame], this.#nonce)
    const proof = proofOf(this.#suite, this.#code.secret, 'new', this.#transcript)
    return accept(revealNew.encode({ version: 1, step: 4, nonce: this.#nonce, proof }))
  }

  /** Takes frame 5; people compare. */
  prove(frame: Uint8Array): Verdict<LinkAgreement> {
    const read = proofOld.decode(frame)
    if (!read.ok) return read
    const expected = proofOf(this.#suite, this.#code.secret, 'old', this.#transcript)
    if (this.#genesis === undefined || !equalBytes(read.value.proof, expected)) return notProven()
    return accept({ signs: signsOf(this.#suite, this.#transcript), genesis: this.#genesis })
  }

  /** Frame 6, once the person said that the signs are the same. @throws TypeError before `prove`. */
  consent(init: { readonly manage: boolean; readonly name: string | null }): Uint8Array {
    if (this.#genesis === undefined) throw new TypeError('nothing to agree to yet')
    const caps = init.manage ? CAPABILITY_MANAGE : 0
    const { signingKey, boxPublicKey } = this.#device
    const proof = proveEnrolment(this.#suite, signingKey, this.#genesis.user, boxPublicKey, caps)
    return consent.encode({ version: 1, step: 6, caps, name: init.name, proof })
  }

  /** Takes frame 7. That the log enrols this device, `linkedAccount` checks. */
  take(frame: Uint8Array): Verdict<BackupContents> {
    const read = given.decode(frame)
    if (!read.ok) return read
    const boxes = readBoxes(read.value.boxes, 1)
    const { boxPublicKey: publicKey, boxSecret: secret, device } = this.#device
    const opener = { rid: deviceRid(idToBytes(device)), publicKey, secret }
    const key =
      boxes === undefined ? undefined : openBoxes(this.#suite, boxes, opener, purposeOf(this.#transcript))
    const payload =
      key === undefined ? undefined : this.#suite.chachaOpenOnce(key, this.#transcript, read.value.sealed)
    if (payload === undefined) return refuse(RULE, 'the account is not sealed to this device')
    return decodeBackupContents(this.#suite, payload)
  }

  /** Frame 8. */
  end(): Uint8Array {
    return done.encode({ version: 1, step: 8 })
  }
}
