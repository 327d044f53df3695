/**
 * Histories that once broke an invariant, kept as operations rather than as seeds: a change to the generator does not
 * make them mean something else.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { idFromBytes, idToBytes, type OperationId } from '../../../src/base/index.ts'
import { decodeOperation, type Operation } from '../../../src/graph/index.ts'
import { fakeSuite } from '../cast.ts'
import type { History } from './maker.ts'
import { Tally } from './tally.ts'

/** One history in kept.json. */
export interface Kept {
  readonly why: string
  readonly transfers: boolean
  /** Users in hex. */
  readonly coalition: readonly string[]
  /** Operations in base64. */
  readonly accepted: readonly string[]
  readonly refused: readonly string[]
}

const FILE = join(import.meta.dirname, 'kept.json')

export const readKept = (): readonly Kept[] => JSON.parse(readFileSync(FILE, 'utf8')) as readonly Kept[]

function operationOf(text: string): Operation {
  const decoded = decodeOperation(fakeSuite, Uint8Array.from(Buffer.from(text, 'base64')))
  if (!decoded.ok) throw new Error(`${decoded.rule}: ${decoded.reason}`)
  return decoded.value
}

export function historyOf(kept: Kept): History {
  return {
    accepted: kept.accepted.map(operationOf),
    refused: kept.refused.map(operationOf),
    coalition: new Set(kept.coalition.map(hex => idFromBytes('u', Uint8Array.from(Buffer.from(hex, 'hex'))))),
    transfers: kept.transfers
  }
}

/** A history as an entry of kept.json. */
export function keep(why: string, history: History): Kept {
  const text = (op: Operation): string => Buffer.from(op.bytes).toString('base64')
  return {
    why,
    transfers: history.transfers,
    coalition: [...history.coalition].map(user => Buffer.from(idToBytes(user)).toString('hex')),
    accepted: history.accepted.map(text),
    refused: history.refused.map(text)
  }
}

const cites = (op: Operation): readonly OperationId[] => [
  ...op.parents,
  ...op.refs,
  ...(op.prev === null ? [] : [op.prev])
]

/** A history without some operation and all that cites it. */
function without(history: History, gone: Operation): History {
  const lost = new Set<OperationId>([gone.id])
  for (const op of history.accepted) if (cites(op).some(id => lost.has(id))) lost.add(op.id)
  const keepIt = (op: Operation): boolean => !lost.has(op.id) && !cites(op).some(id => lost.has(id))
  return { ...history, accepted: history.accepted.filter(keepIt), refused: history.refused.filter(keepIt) }
}

/** The smallest part that still fails, as far as leaving out one operation at a time finds it. */
export function shrink(history: History, check: (history: History, tally: Tally) => void): History {
  const fails = (part: History): boolean => {
    try {
      check(part, new Tally())
      return false
    } catch {
      return true
    }
  }
  const bare = { ...history, refused: [] }
  let best = fails(bare) ? bare : history
  for (let at = best.accepted.length - 1; at > 0; at = Math.min(at, best.accepted.length) - 1) {
    const part = without(best, best.accepted[at] as Operation)
    if (fails(part)) best = part
  }
  return best
}
