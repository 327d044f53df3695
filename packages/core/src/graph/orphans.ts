/** Operations that cite what is not known yet (AU9): few, bounded per peer, first come first dropped. */
import type { OperationId } from '../base/index.ts'
import type { Operation } from './contract.ts'

/** Operations waiting at once, from all peers. */
export const ORPHANS_MAX = 2_048
/** Operations waiting at once, from one peer. */
export const ORPHANS_PER_PEER_MAX = 512
/** Bytes waiting at once. */
export const ORPHAN_BYTES_MAX = 4_194_304

interface Orphan {
  readonly operation: Operation
  readonly peer: string
  readonly missing: Set<OperationId>
}

/** A bounded waiting room. Forgetting an orphan loses nothing: whoever needs it asks for it again. */
export class OrphanPool {
  readonly #orphans = new Map<OperationId, Orphan>()
  readonly #waiters = new Map<OperationId, Set<OperationId>>()
  readonly #perPeer = new Map<string, number>()
  #bytes = 0

  get size(): number {
    return this.#orphans.size
  }

  has(id: OperationId): boolean {
    return this.#orphans.has(id)
  }

  /** Takes an operation in; the oldest of its peer, then the oldest of all, make room. */
  add(operation: Operation, missing: readonly OperationId[], peer: string): void {
    if (this.#orphans.has(operation.id)) return
    if ((this.#perPeer.get(peer) ?? 0) >= ORPHANS_PER_PEER_MAX) this.#dropOldest(peer)
    while (
      this.#orphans.size >= ORPHANS_MAX ||
      (this.#bytes + operation.bytes.length > ORPHAN_BYTES_MAX && this.#orphans.size > 0)
    )
      this.#dropOldest()
    this.#orphans.set(operation.id, { operation, peer, missing: new Set(missing) })
    this.#perPeer.set(peer, (this.#perPeer.get(peer) ?? 0) + 1)
    this.#bytes += operation.bytes.length
    for (const id of missing) {
      const waiters = this.#waiters.get(id) ?? new Set()
      waiters.add(operation.id)
      this.#waiters.set(id, waiters)
    }
  }

  #dropOldest(peer?: string): void {
    for (const [id, orphan] of this.#orphans) {
      if (peer !== undefined && orphan.peer !== peer) continue
      this.#remove(id)
      return
    }
  }

  #remove(id: OperationId): Orphan | undefined {
    const orphan = this.#orphans.get(id)
    if (orphan === undefined) return undefined
    this.#orphans.delete(id)
    this.#bytes -= orphan.operation.bytes.length
    const left = (this.#perPeer.get(orphan.peer) ?? 1) - 1
    if (left > 0) this.#perPeer.set(orphan.peer, left)
    else this.#perPeer.delete(orphan.peer)
    for (const missing of orphan.missing) {
      const waiters = this.#waiters.get(missing)
      waiters?.delete(id)
      if (waiters?.size === 0) this.#waiters.delete(missing)
    }
    return orphan
  }

  /** An operation became known: those that waited for nothing else come out. */
  arrived(id: OperationId): { readonly operation: Operation; readonly peer: string }[] {
    const ready: { readonly operation: Operation; readonly peer: string }[] = []
    for (const waiting of [...(this.#waiters.get(id) ?? [])]) {
      const orphan = this.#orphans.get(waiting)
      if (orphan === undefined) continue
      orphan.missing.delete(id)
      if (orphan.missing.size > 0) continue
      this.#remove(waiting)
      ready.push({ operation: orphan.operation, peer: orphan.peer })
    }
    this.#waiters.delete(id)
    return ready
  }

  /** An operation was refused for ever: what cites it can never be placed. */
  refused(id: OperationId): Operation[] {
    const out: Operation[] = []
    for (const waiting of [...(this.#waiters.get(id) ?? [])]) {
      const orphan = this.#remove(waiting)
      if (orphan !== undefined) out.push(orphan.operation)
    }
    this.#waiters.delete(id)
    return out
  }

  /** Ids that something waits for and that are not waiting themselves. */
  missing(): OperationId[] {
    return [...this.#waiters.keys()].filter(id => !this.#orphans.has(id))
  }
}
