/** Stubs and bundles: how envelopes travel without their bodies (EN3), and several together (NT28). */
import {
  accept,
  BUNDLE_BYTES_MAX,
  BUNDLE_ENVELOPES_MAX,
  ENVELOPE_BYTES_MAX,
  refuse,
  type DeviceId,
  type Verdict
} from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { array, bytes, codec, equalBytes, literal, tuple } from '../encoding/index.ts'
import {
  type ChainProof,
  type Envelope,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_SIGNATURE_BYTES,
  type EnvelopeStub,
  EnvelopeType,
  readEnvelope,
  readStub,
  verifyChain
} from './envelope.ts'

const stubCodec = codec(
  tuple({
    header: bytes(ENVELOPE_HEADER_BYTES),
    ciphertextHash: bytes(32),
    signature: bytes(ENVELOPE_SIGNATURE_BYTES)
  }),
  { rule: 'EN3', maxBytes: 256 }
)

/** tuple[header, H(ciphertext), signature]: enough to prove a chain link. */
export function encodeStub(envelope: EnvelopeStub): Uint8Array {
  return stubCodec.encode({
    header: envelope.header,
    ciphertextHash: envelope.ciphertextHash,
    signature: envelope.signature
  })
}

/** A peer's stub: form and id; its signature is not checked here. */
export function decodeStub(suite: Suite, input: Uint8Array): Verdict<EnvelopeStub> {
  const decoded = stubCodec.decode(input)
  return decoded.ok
    ? readStub(suite, decoded.value.header, decoded.value.ciphertextHash, decoded.value.signature)
    : decoded
}

const bundleCodec = codec(
  tuple({ version: literal(1), envelopes: array(bytes(0, ENVELOPE_BYTES_MAX), BUNDLE_ENVELOPES_MAX, 1) }),
  { rule: 'NT28', maxBytes: BUNDLE_BYTES_MAX }
)

/** Bytes a bundle adds: tuple head, version, array head, and a byte-string head for each envelope. */
const BUNDLE_HEAD_BYTES = 4
const ENVELOPE_HEAD_BYTES = 5

/**
 * Bundles envelopes of one author and tag, ascending by seq (NT28).
 *
 * @throws RangeError beyond 64 envelopes or 64 KiB: split with `splitBundles` first.
 */
export function encodeBundle(envelopes: readonly Envelope[]): Uint8Array {
  const broken = bundleFault(envelopes)
  if (broken !== undefined) throw new RangeError(broken)
  return bundleCodec.encode({ version: 1, envelopes: envelopes.map(each => each.bytes) })
}

/** Cuts envelopes, in order, into runs that each make one bundle. */
export function splitBundles<E extends Envelope>(envelopes: readonly E[]): readonly (readonly E[])[] {
  const runs: E[][] = []
  let size = 0
  for (const each of envelopes) {
    const run = runs.at(-1)
    const cost = each.bytes.length + ENVELOPE_HEAD_BYTES
    if (
      run !== undefined &&
      size + cost <= BUNDLE_BYTES_MAX &&
      run.length < BUNDLE_ENVELOPES_MAX &&
      followFault(run[run.length - 1] as E, each) === undefined
    ) {
      run.push(each)
      size += cost
    } else {
      runs.push([each])
      size = BUNDLE_HEAD_BYTES + cost
    }
  }
  return runs
}

/** Why these do not belong into one bundle; undefined if they do. */
function bundleFault(envelopes: readonly Envelope[]): string | undefined {
  if (envelopes.length === 0) return 'a bundle holds at least one envelope'
  for (let at = 1; at < envelopes.length; at++) {
    const fault = followFault(envelopes[at - 1] as Envelope, envelopes[at] as Envelope)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Why an envelope does not follow another in one bundle. */
function followFault(before: Envelope, each: Envelope): string | undefined {
  if (!equalBytes(each.tag, before.tag) || !equalBytes(each.authorId, before.authorId))
    return 'a bundle is of one author and tag'
  const ephemeral = each.type === EnvelopeType.ephemeral
  if (ephemeral !== (before.type === EnvelopeType.ephemeral)) return 'ephemeral envelopes are bundled apart'
  if (!ephemeral && each.seq <= before.seq) return 'a bundle ascends by seq'
  return undefined
}

/** A peer's bundle: every envelope's form, one author, ascending. Signatures are not checked here. */
export function decodeBundle(suite: Suite, input: Uint8Array): Verdict<readonly Envelope[]> {
  const decoded = bundleCodec.decode(input)
  if (!decoded.ok) return decoded
  const envelopes: Envelope[] = []
  for (const each of decoded.value.envelopes) {
    const envelope = readEnvelope(suite, each)
    if (!envelope.ok) return envelope
    envelopes.push(envelope.value)
  }
  const fault = bundleFault(envelopes)
  return fault === undefined ? accept(envelopes) : refuse('NT28', fault)
}

/** As `verifyChain`; ephemeral envelopes have no links and are checked one by one. */
export function verifyBundle(
  suite: Suite,
  envelopes: readonly Envelope[],
  device: DeviceId
): Verdict<ChainProof> {
  return verifyChain(suite, envelopes, device)
}
