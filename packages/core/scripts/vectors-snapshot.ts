/**
 * Writes docs/spec/vectors/authority/snapshots.json: snapshots of the beginnings of the histories beside it, and what
 * a log that begins with one says of the rest; invalid ones with the rule that refuses them.
 * `node --conditions=xcord-source packages/core/scripts/vectors-snapshot.ts`
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idToBytes } from '../src/base/index.ts'
import {
  authorityDeps,
  type AuthoritySnapshot,
  createAuthorityLog,
  openAuthorityLog,
  verifySnapshot
} from '../src/authority/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { decodeOperation, type Operation } from '../src/graph/index.ts'
import { toHex } from './vector-tools.ts'

const FOLDER = new URL('../../../docs/spec/vectors/authority/', import.meta.url)
const FAR = 2_000_000_000_000
const SUM_DIGITS = 64
/** So many of the histories are taken; more may be added behind them. */
const HISTORIES = 6

interface History {
  readonly note: string
  readonly operations: readonly string[]
}

function plain(snapshot: AuthoritySnapshot): object {
  return {
    server: toHex(idToBytes(snapshot.server)),
    opCount: snapshot.count,
    setFp: snapshot.sum.toString(16).padStart(SUM_DIGITS, '0'),
    heads: snapshot.heads.map(id => toHex(idToBytes(id))),
    stateRoot: toHex(snapshot.stateRoot),
    tipsRoot: toHex(snapshot.contentRoot),
    chunks: snapshot.chunks.map(each => toHex(each))
  }
}

/** A snapshot of the first operations, and what becomes of the others. */
function caseOf(suite: Suite, history: History, first: number): object | undefined {
  const deps = authorityDeps(suite)
  const operations = history.operations.map(text => {
    const read = decodeOperation(suite, Uint8Array.from(Buffer.from(text, 'hex')))
    if (!read.ok) throw new Error(read.reason)
    return read.value
  })
  const [genesis] = operations as [Operation]
  const log = createAuthorityLog(deps, genesis)
  for (const each of operations.slice(1, first)) log.add(each, FAR)
  const snapshot = log.snapshot()
  const verified = snapshot && verifySnapshot(suite, snapshot, snapshot.chunks)
  if (snapshot === undefined || verified?.ok !== true) return undefined
  const opened = openAuthorityLog(deps, genesis, { snapshot: verified.value })
  const later = operations.slice(first).map(each => {
    const result = opened.add(each, FAR)
    return { id: toHex(idToBytes(each.id)), taken: result.kind === 'accepted' }
  })
  return {
    note: `${history.note}: the first ${first}`,
    snapshot: plain(snapshot),
    later,
    stateHash: toHex(opened.state().hash())
  }
}

function invalid(suite: Suite, history: History): object[] {
  const [genesis, ...rest] = history.operations.map(text =>
    decodeOperation(suite, Uint8Array.from(Buffer.from(text, 'hex')))
  )
  if (genesis?.ok !== true) throw new Error('no genesis')
  const log = createAuthorityLog(authorityDeps(suite), genesis.value)
  for (const each of rest) if (each.ok) log.add(each.value, FAR)
  const snapshot = log.snapshot() as AuthoritySnapshot
  const [chunk] = snapshot.chunks as [Uint8Array]
  const end = chunk.length - 1
  return [
    { why: 'a chunk cut short', rule: 'AU58', ...plain({ ...snapshot, chunks: [chunk.subarray(0, end)] }) },
    { why: 'no chunk', rule: 'AU58', ...plain({ ...snapshot, chunks: [] }) },
    { why: 'more operations told of than counted', rule: 'AU58', ...plain({ ...snapshot, count: 1 }) },
    { why: 'without heads', rule: 'AU58', ...plain({ ...snapshot, heads: [] }) },
    {
      why: 'another state',
      rule: 'AU41',
      ...plain({ ...snapshot, stateRoot: snapshot.stateRoot.with(0, (snapshot.stateRoot[0] ?? 0) ^ 1) })
    }
  ]
}

/** Everything the file holds. */
export async function buildSnapshotVectors(): Promise<object> {
  const suite = await createNodeSuite()
  const histories = JSON.parse(readFileSync(new URL('histories.json', FOLDER), 'utf8')) as readonly History[]
  const valid = histories
    .slice(0, HISTORIES)
    .flatMap(each =>
      [Math.ceil(each.operations.length / 2), each.operations.length - 1, each.operations.length].flatMap(
        first => caseOf(suite, each, first) ?? []
      )
    )
  return { valid, invalid: invalid(suite, histories[0] as History) }
}

if (import.meta.main)
  await writeFile(
    new URL('snapshots.json', FOLDER),
    `${JSON.stringify(await buildSnapshotVectors(), undefined, 2)}\n`
  )
