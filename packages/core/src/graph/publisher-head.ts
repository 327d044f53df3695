/** Which gates count at a node (EN12, EN18): the head in force, and the gate before it for a week. */
import { accept, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { type AclHead, mayReplaceAclHead, readAclHead } from './acl.ts'

/** EN18: how long the gate before counts after the head that names it came. */
export const PREVIOUS_GATE_MS = 604_800_000

/** The head in force at one node, for one server. */
export class PublisherHead {
  readonly #suite: Suite
  #head: AclHead
  /** Since when its previous gate is one, ms since the Unix epoch. */
  #previousSince: number

  constructor(suite: Suite, head: AclHead, previousSince: number) {
    this.#suite = suite
    this.#head = head
    this.#previousSince = previousSince
  }

  get head(): AclHead {
    return this.#head
  }

  get previousSince(): number {
    return this.#previousSince
  }

  /** Gates that certificates may be of now. */
  gates(now: number): readonly Uint8Array[] {
    const { gate, previousGate } = this.#head
    const counts = previousGate !== null && now - this.#previousSince < PREVIOUS_GATE_MS
    return counts ? [gate, previousGate] : [gate]
  }

  /** Takes the head that anybody brought, if it follows the one in force; that one again changes nothing. */
  take(bytes: Uint8Array, now: number): Verdict<AclHead> {
    if (equalBytes(bytes, this.#head.bytes)) return accept(this.#head)
    const read = readAclHead(this.#suite, bytes)
    if (!read.ok) return read
    const next = mayReplaceAclHead(this.#head, read.value)
    if (!next.ok) return next
    // A head that only says other rates prolongs nothing.
    const { previousGate } = this.#head
    const same =
      previousGate !== null &&
      next.value.previousGate !== null &&
      equalBytes(previousGate, next.value.previousGate)
    if (!same) this.#previousSince = now
    this.#head = next.value
    return next
  }
}

/** The head that a node begins with: of the root that its operator was given, whoever brought it. */
export function readPinnedHead(suite: Suite, bytes: Uint8Array, aclRoot: Uint8Array): Verdict<AclHead> {
  const read = readAclHead(suite, bytes)
  if (!read.ok) return read
  return equalBytes(read.value.aclRoot, aclRoot)
    ? read
    : refuse('EN12', 'another aclRoot than the one pinned')
}
