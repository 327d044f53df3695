/**
 * The snapshot that a peer serves (ND26), as it goes over the wire: read, hashed and followed through the log once, not
 * for each who asks. A crowd that enters costs what one does.
 */
import type { OperationId } from '../../base/index.ts'
import { type AuthorityLog, chunkHash } from '../../authority/index.ts'
import { toHex } from '../../encoding/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { readPublished } from './published-snapshot.ts'

export interface ServedSnapshot {
  /** The operation that published it. */
  readonly operation: Operation
  readonly hashes: readonly Uint8Array[]
  /** By hash, in hexadecimal. */
  readonly chunks: ReadonlyMap<string, Uint8Array>
  /** Operations that are not in its past, parents first. */
  readonly later: readonly Uint8Array[]
}

interface Kept extends ServedSnapshot {
  readonly later: Uint8Array[]
  /** The log that was walked, and how many of its operations. */
  log: AuthorityLog | undefined
  walked: number
}

export interface ServedSnapshots {
  /** Undefined where none was published and found true here. */
  of(replica: LiveReplica): Promise<ServedSnapshot | undefined>
}

/** Remembers one snapshot for each server, as long as the server is open. */
export function createServedSnapshots(): ServedSnapshots {
  const kept = new WeakMap<LiveReplica, Kept>()
  return {
    of: async replica => {
      const { servedSnapshot } = replica.current
      let found = kept.get(replica)
      if (found === undefined || found.operation.id !== servedSnapshot) {
        found = await readServed(replica)
        if (found === undefined) return undefined
        // What a turn has just made, and not yet written, is read by who asks next.
        kept.set(replica, found)
      }
      follow(found, await logOf(replica, found.operation.id))
      return found
    }
  }
}

async function readServed(replica: LiveReplica): Promise<Kept | undefined> {
  const held = await readPublished(replica.current)
  if (held === undefined) return undefined
  const { operation, chunks } = held
  const hashes = chunks.map(each => chunkHash(replica.current.deps.suite, each))
  const byHash = new Map(chunks.map((each, at) => [toHex(hashes[at] as Uint8Array), each]))
  return { operation, hashes, chunks: byHash, later: [], log: undefined, walked: 0 }
}

/** A log that tells of all that is not in the operation's past: where it began with a snapshot, only if that lies in it. */
async function logOf(replica: LiveReplica, published: OperationId): Promise<AuthorityLog> {
  const { log, settled } = replica.current
  const lies = settled?.heads.every(head => log.covers([published], head)) === true
  if (settled === undefined || (log.get(published) !== undefined && lies)) return log
  return (await replica.whole()).log
}

/** Goes on through the log from where it was left: operations are told in the order in which they were accepted. */
function follow(found: Kept, log: AuthorityLog): void {
  if (found.log !== log) {
    found.log = log
    found.walked = 0
    found.later.length = 0
  }
  const { id } = found.operation
  let at = 0
  for (const each of log.operations()) {
    if (at++ < found.walked) continue
    if (each.id !== id && !log.covers([id], each.id)) found.later.push(each.bytes)
  }
  found.walked = at
}
