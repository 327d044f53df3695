/**
 * The check of publishers (EN13, EN16–EN20): what a node that reads nothing holds for each server whose envelopes it
 * stores or passes on. It lets through what devices wrote that members vouch for, and sees no name, role or text.
 *
 * Pure: bytes and the node's clock come in, verdicts go out. Which topic belongs to which server is the node's
 * matter, and so is storing; members never rely on any of this.
 */
import {
  accept,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type MessageId,
  refuse,
  type Refusal,
  TokenBucket,
  type Verdict
} from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  array,
  bytes as byteString,
  codec,
  equalBytes,
  literal,
  mapped,
  tuple,
  uint
} from '../encoding/index.ts'
import { type AclHead, readAclHead } from './acl.ts'
import { AuthorRates, DEVICES_KEPT_MAX, type SeenDevice } from './author-rates.ts'
import { authorIdOf, type ChainProof, type Envelope, EnvelopeType, readEnvelope } from './envelope.ts'
import { decodeBundle, verifyBundle } from './envelope-codec.ts'
import { checkGateCert, type GateCert, readGateClaim } from './gate.ts'
import { FORKS_PASSED_MAX, type PublisherDevice, PublisherDevices } from './publisher-devices.ts'
import { PublisherHead, readPinnedHead } from './publisher-head.ts'

/** EN20: ids of envelopes that a node remembers to have seen. */
export const IDS_SEEN_MAX = 32_768
/** EN20: certificates of devices that are new, looked at in a second, and at once. */
const NEW_CERTS_RATE = { perSecond: 20, burst: 200 }

/**
 * What to do with what was refused (EN13): `reject` counts against who brought it, `ignore` does not, and `ask` is
 * `ignore` and the author's certificate to be asked for.
 */
export type PublisherFate = 'reject' | 'ignore' | 'ask'

/** A refusal, by its rule, and what to do. */
export interface PublisherRefusal extends Refusal {
  readonly fate: PublisherFate
}

/** Accepted, or refused with what to do. */
export type PublisherVerdict<T> = { readonly ok: true; readonly value: T } | PublisherRefusal

/** What is let through. */
export interface Published {
  readonly device: DeviceId
  /** What the node had not seen, ascending by seq. */
  readonly envelopes: readonly Envelope[]
  /** `chain`: only the last one's own signature was looked at (EN5); look at the others' before passing those on alone. */
  readonly proof: ChainProof
}

/** One server at a node. */
export interface PublisherCheck {
  /** The head in force: it tells members for which gate to certify themselves. */
  readonly head: AclHead
  /** A head that anybody brought (EN12): replaces the one in force, or is refused. */
  takeHead(bytes: Uint8Array, now: number): Verdict<AclHead>
  /** A certificate that anybody brought (EN11). */
  takeCertificate(bytes: Uint8Array, now: number): PublisherVerdict<GateCert>
  /** A gossip message (NT28). */
  takeBundle(bytes: Uint8Array, now: number): PublisherVerdict<Published>
  /** One envelope, as a device leaves it at a store. */
  takeEnvelope(bytes: Uint8Array, now: number): PublisherVerdict<Published>
  /** What is remembered now: bounded, whatever comes (EN20). */
  size(): { readonly devices: number; readonly certificates: number; readonly ids: number }
  /** What has to outlive a restart: the head, and since when devices are known here. For `restorePublisherCheck`. */
  encode(): Uint8Array
}

/** What a check is made of. */
export interface PublisherCheckInit {
  /** The server's root for such nodes, as an administrator gave it: 32 bytes. */
  readonly aclRoot: Uint8Array
  /** A head of that root. */
  readonly head: Uint8Array
  /** ms since the Unix epoch. */
  readonly now: number
}

const stateCodec = codec(
  tuple({
    version: literal(1),
    head: byteString(1, 2_048),
    previousSince: uint(),
    seen: array(
      tuple({
        device: mapped(byteString(32), 'a device', raw => idFromBytes('d', raw), idToBytes),
        first: uint(),
        last: uint()
      }),
      DEVICES_KEPT_MAX
    )
  }),
  { rule: 'EN20', maxBytes: 2_097_152 }
)

/** A check that begins with the head given. Refused: a head that is none, or of another root (EN12). */
export function createPublisherCheck(suite: Suite, init: PublisherCheckInit): Verdict<PublisherCheck> {
  const head = readPinnedHead(suite, init.head, init.aclRoot)
  if (!head.ok) return head
  return accept(new Check(suite, new PublisherHead(suite, head.value, init.now), init.now, []))
}

/** A check as it was encoded: a head from before that one stays refused. Certificates are to be shown again. */
export function restorePublisherCheck(suite: Suite, bytes: Uint8Array, now: number): Verdict<PublisherCheck> {
  const state = stateCodec.decode(bytes)
  if (!state.ok) return state
  const { previousSince, seen } = state.value
  const head = readAclHead(suite, state.value.head)
  if (!head.ok) return head
  return accept(new Check(suite, new PublisherHead(suite, head.value, previousSince), now, seen))
}

const withFate = (refusal: Refusal, fate: PublisherFate): PublisherRefusal => ({ ...refusal, fate })

class Check implements PublisherCheck {
  readonly #suite: Suite
  readonly #head: PublisherHead
  readonly #rates: AuthorRates
  readonly #newCerts: TokenBucket
  readonly #devices = new PublisherDevices()
  /** The longest ago first. */
  readonly #ids = new Set<MessageId>()

  constructor(suite: Suite, head: PublisherHead, now: number, seen: readonly SeenDevice[]) {
    this.#suite = suite
    this.#head = head
    this.#rates = new AuthorRates(now, head.head.rate, seen)
    this.#newCerts = new TokenBucket(NEW_CERTS_RATE.perSecond, NEW_CERTS_RATE.burst, now)
  }

  get head(): AclHead {
    return this.#head.head
  }

  takeHead(bytes: Uint8Array, now: number): Verdict<AclHead> {
    const taken = this.#head.take(bytes, now)
    if (taken.ok) this.#rates.setRate(taken.value.rate, now)
    return taken
  }

  takeCertificate(bytes: Uint8Array, now: number): PublisherVerdict<GateCert> {
    const claim = readGateClaim(this.#suite, bytes)
    if (!claim.ok) return withFate(claim, 'reject')
    const { tag, device } = claim.value
    const fits = checkGateCert(this.#suite, claim.value, { tag, gates: this.#head.gates(now), now })
    if (!fits.ok) return withFate(fits, 'ignore')
    const authorId = authorIdOf(this.#suite, tag, device)
    const held = this.#devices.find(authorId)?.cert
    if (held !== undefined && equalBytes(held.bytes, bytes)) return accept(held)
    if (!this.#rates.isKnown(device, now) && !this.#newCerts.take(now))
      return withFate(refuse('EN20', 'too many new devices certify themselves at once'), 'ignore')
    const cert = claim.value.verify()
    if (!cert.ok) return withFate(cert, 'reject')
    this.#devices.put(authorId, cert.value, this.#rates.isNew(device, now))
    return cert
  }

  takeBundle(bytes: Uint8Array, now: number): PublisherVerdict<Published> {
    const bundle = decodeBundle(this.#suite, bytes)
    return bundle.ok ? this.#take(bundle.value, now) : formRefusal(bundle)
  }

  takeEnvelope(bytes: Uint8Array, now: number): PublisherVerdict<Published> {
    const envelope = readEnvelope(this.#suite, bytes)
    return envelope.ok ? this.#take([envelope.value], now) : formRefusal(envelope)
  }

  size(): { readonly devices: number; readonly certificates: number; readonly ids: number } {
    return { ...this.#devices.size(), ids: this.#ids.size }
  }

  encode(): Uint8Array {
    const { head, previousSince } = this.#head
    return stateCodec.encode({ version: 1, head: head.bytes, previousSince, seen: this.#rates.seen() })
  }

  /** EN13 from the fourth step on: of one author, in order. */
  #take(bundle: readonly Envelope[], now: number): PublisherVerdict<Published> {
    const unseen = bundle.filter(each => !this.#ids.has(each.id))
    const { tag, authorId } = bundle[0] as Envelope
    if (unseen.length === 0) return withFate(refuse('EN13', 'seen before'), 'ignore')
    const found = this.#devices.find(authorId)
    const placed = found === undefined ? accept(unseen) : atFreePlaces(found.device, unseen)
    if (!placed.ok) return withFate(placed, 'ignore')
    if (found === undefined)
      return withFate(refuse('EN11', 'no certificate of this author is known here'), 'ask')
    const fits = checkGateCert(this.#suite, found.cert, {
      tag,
      gates: this.#head.gates(now),
      now,
      envelope: placed.value[0] as Envelope
    })
    if (!fits.ok) {
      this.#devices.drop(authorId)
      return withFate(fits, 'ask')
    }
    const { device } = found.cert
    const may = this.#rates.ask(device, now)
    if (!may.ok) return withFate(may, 'ignore')
    const proof = verifyBundle(this.#suite, placed.value, device)
    if (!proof.ok) return withFate(proof, 'reject')
    // Charged after the signature: what others forge in a member's name must use up nobody's rate.
    this.#rates.take(device, now, placed.value.length)
    this.#note(device, placed.value, now)
    return accept({ device, envelopes: placed.value, proof: proof.value })
  }

  #note(device: DeviceId, envelopes: readonly Envelope[], now: number): void {
    const entry = this.#devices.touch(device, this.#rates.isNew(device, now))
    for (const { id, seq, type } of envelopes) {
      this.#ids.add(id)
      if (type === EnvelopeType.ephemeral) continue
      if (entry.window.standing(seq) === 'taken') entry.forks++
      entry.window.mark(seq)
    }
    for (const id of this.#ids) {
      if (this.#ids.size <= IDS_SEEN_MAX) return
      this.#ids.delete(id)
    }
  }
}

/** A newer version is nobody's fault (EN15); any other wrong form is the bringer's, who had to look (EN13). */
function formRefusal(refusal: Refusal): PublisherRefusal {
  return withFate(refusal, refusal.rule === 'EN15' ? 'ignore' : 'reject')
}

/** Those at places that are free, or whose second envelope may yet pass (EN19). */
function atFreePlaces(device: PublisherDevice, envelopes: readonly Envelope[]): Verdict<readonly Envelope[]> {
  let forks = device.forks
  const free = envelopes.filter(({ seq, type }) => {
    if (type === EnvelopeType.ephemeral) return true
    const standing = device.window.standing(seq)
    return standing === 'free' || (standing === 'taken' && forks++ < FORKS_PASSED_MAX)
  })
  if (free.length > 0) return accept(free)
  const [first] = envelopes
  return device.window.standing(first?.seq ?? 0) === 'past'
    ? refuse('EN19', 'far behind what this author wrote since')
    : refuse('EN8', 'the author has other envelopes at this place')
}
