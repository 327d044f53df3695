import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildSnapshotVectors } from '../../scripts/vectors-snapshot.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import { verifySnapshot } from './index.ts'

interface Written {
  readonly server: string
  readonly opCount: number
  readonly setFp: string
  readonly heads: readonly string[]
  readonly stateRoot: string
  readonly tipsRoot: string
  readonly chunks: readonly string[]
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/spec/vectors/authority/snapshots.json'), 'utf8')
) as {
  readonly valid: readonly { readonly note: string; readonly snapshot: Written }[]
  readonly invalid: readonly (Written & { readonly why: string; readonly rule: string })[]
}
const suite = await createNodeSuite()
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

function verdictOn(written: Written): string {
  const claim = {
    server: idFromBytes('s', unhex(written.server)),
    count: written.opCount,
    sum: BigInt(`0x${written.setFp}`),
    heads: written.heads.map(id => idFromBytes('o', unhex(id))),
    stateRoot: unhex(written.stateRoot),
    contentRoot: unhex(written.tipsRoot)
  }
  const verdict = verifySnapshot(suite, claim, written.chunks.map(unhex))
  return verdict.ok ? 'accepted' : verdict.rule
}

describe('[AU58] [AU59] vectors', () => {
  it.each(vectors.valid.map(each => [each.note, each] as const))('[AU58] %s', (_, { snapshot }) => {
    expect(verdictOn(snapshot)).toBe('accepted')
  })

  it.each(vectors.invalid.map(each => [each.why, each] as const))('[AU58] refuses %s', (_, each) => {
    expect(verdictOn(each)).toBe(each.rule)
  })

  it('[AU59] what a log that begins with one takes, holds and comes to is as written', async () => {
    expect(JSON.parse(JSON.stringify(await buildSnapshotVectors()))).toEqual(vectors)
  })
})
