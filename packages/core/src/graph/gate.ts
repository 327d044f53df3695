/** GateCert (EN11): shows a node that reads nothing that a device belongs to a server. */
import { accept, type DeviceId, idFromBytes, idToBytes, refuse, type Verdict } from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { bytes, equalBytes, literal, mapped, tuple, uint } from '../encoding/index.ts'
import { authorIdOf, type EnvelopeStub } from './envelope.ts'
import { signedTuple } from './signed-tuple.ts'

/** EN11: a certificate lasts a week at most, so that a removed device runs dry. */
export const GATE_CERT_MS_MAX = 604_800_000

/** What a certificate says. */
export interface GateFields {
  readonly tag: Uint8Array
  /** Ed25519 key of the @everyone role key (EK6). */
  readonly gatePublicKey: Uint8Array
  readonly device: DeviceId
  /** ms since the Unix epoch. */
  readonly notAfter: number
}

/** A certificate whose form is right. */
export interface GateCert extends GateFields {
  readonly bytes: Uint8Array
}

const fields = tuple({
  version: literal(1),
  tag: bytes(16),
  gatePublicKey: bytes(32),
  device: mapped(bytes(32), 'a device', raw => idFromBytes('d', raw), idToBytes),
  notAfter: uint()
})
const gateTuple = signedTuple(fields, { rule: 'EN11', context: 'gate', maxBytes: 256 })

/** Certifies a device for a tag with the gate key. The gate's public key is taken from `gate`. */
export function signGateCert(
  suite: Suite,
  gate: SigningKey,
  cert: Omit<GateFields, 'gatePublicKey'>
): Uint8Array {
  return gateTuple.sign(suite, gate, { version: 1, ...cert, gatePublicKey: gate.publicKey })
}

/** A certificate whose form is right; who signed it is asked by `verify`, as that costs the most (EN13). */
export interface GateClaim extends GateCert {
  /** The gate's signature, and that the device key may enter (CR5). */
  verify(): Verdict<GateCert>
}

/** A peer's certificate: form only. */
export function readGateClaim(suite: Suite, input: Uint8Array): Verdict<GateClaim> {
  const read = gateTuple.read(suite, input)
  if (!read.ok) return read
  const { tag, gatePublicKey, device, notAfter } = read.value.value
  const cert = { tag, gatePublicKey, device, notAfter, bytes: input }
  const verify = (): Verdict<GateCert> => {
    if (!gateTuple.verify(suite, gatePublicKey, read.value))
      return refuse('EN11', 'the signature does not verify')
    return suite.isEnrollable(idToBytes(device))
      ? accept(cert)
      : refuse('CR5', 'the device key may not enter')
  }
  return accept({ ...cert, verify })
}

/** A peer's certificate: form and signature; not yet whether it fits a node's gate, date and author. */
export function readGateCert(suite: Suite, input: Uint8Array): Verdict<GateCert> {
  const claim = readGateClaim(suite, input)
  return claim.ok ? claim.value.verify() : claim
}

/** What a node compares a certificate with. */
export interface GateExpectation {
  readonly tag: Uint8Array
  /** Gates valid now: the AclHead's, and the previous one while it is (EN12). */
  readonly gates: readonly Uint8Array[]
  readonly now: number
  /** Envelope the certificate is to cover; omitted for streams. */
  readonly envelope?: EnvelopeStub
}

/** EN13's certificate step: tag, gate, date, and that the author is the certified device. */
export function checkGateCert(suite: Suite, cert: GateCert, wanted: GateExpectation): Verdict<GateCert> {
  if (!equalBytes(cert.tag, wanted.tag)) return refuse('EN11', 'a certificate for another tag')
  if (!wanted.gates.some(gate => equalBytes(gate, cert.gatePublicKey)))
    return refuse('EN11', 'a certificate by another gate')
  if (cert.notAfter <= wanted.now) return refuse('EN11', 'the certificate has run out')
  if (cert.notAfter > wanted.now + GATE_CERT_MS_MAX)
    return refuse('EN11', 'the certificate lasts longer than 7 days')
  if (
    wanted.envelope !== undefined &&
    !equalBytes(authorIdOf(suite, cert.tag, cert.device), wanted.envelope.authorId)
  ) {
    return refuse('EN11', 'the author is another device')
  }
  return accept(cert)
}
