import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildSyncVectors, plainFrame } from '../../scripts/vectors-sync.ts'
import { suite } from '../../test/sync/world.ts'
import { idFromBytes } from '../base/index.ts'
import { concatBytes } from '../encoding/index.ts'
import { Puppet } from '../../test/sync/puppet.ts'
import { answerSpans } from './answer-ranges.ts'
import { ChainIndex } from './chain-index.ts'
import { checkAnswer } from './check-ranges.ts'
import { fingerprintOf } from './fingerprint.ts'
import { decodeFrame, encodeFrame, FRAME_NUMBERS } from './frames.ts'
import { helloToken } from './hello.ts'
import { ItemLogs } from './item-logs.ts'
import { LOWEST, RangeTree } from './range-tree.ts'
import { verifyReceipt } from './receipt.ts'

const read = <T>(name: string): T =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../../../../docs/spec/vectors/sync/${name}.json`), 'utf8')
  ) as T
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

interface Frames {
  valid: { note: string; frame: { kind: string }; bytes: string }[]
  ignored: { number: number; bytes: string }[]
  invalid: { why: string; bytes: string; rule: string }[]
}
const frames = read<Frames>('frames')

describe('[SY1] frame vectors', () => {
  it.each(frames.valid.map(each => [each.note, each] as const))('[SY1] %s', (_, { frame, bytes }) => {
    const decoded = decodeFrame(unhex(bytes))
    if (!decoded.ok || decoded.value.kind === 'unknown') throw new Error('refused')
    expect(plainFrame(decoded.value)).toEqual(frame)
    expect(Buffer.from(encodeFrame(decoded.value)).toString('hex')).toBe(bytes)
  })

  it('[SY1] there is one of every kind', () => {
    expect(new Set(frames.valid.map(each => each.frame.kind))).toEqual(new Set(Object.keys(FRAME_NUMBERS)))
  })

  it.each(frames.ignored)('[SY1] number $number is unknown and legal', ({ number, bytes }) => {
    expect(decodeFrame(unhex(bytes))).toEqual({ ok: true, value: { kind: 'unknown', number } })
  })

  it.each(frames.invalid.map(each => [each.why, each] as const))('[SY1] refuses %s', (_, { bytes, rule }) => {
    expect(decodeFrame(unhex(bytes))).toMatchObject({ ok: false, rule })
  })
})

describe('[SY2] hello vectors', () => {
  it('[SY2] give the tokens of both roles', () => {
    const { secret, nonceD, nonceL, dialler, listener, tokens } = read<
      Record<string, string> & { tokens: Record<'dialler' | 'listener', string> }
    >('hello')
    const context = concatBytes([nonceD, nonceL, dialler, listener].map(each => unhex(each as string)))
    for (const role of ['dialler', 'listener'] as const) {
      expect(Buffer.from(helloToken(suite, unhex(secret as string), role, context)).toString('hex')).toBe(
        tokens[role]
      )
    }
  })
})

describe('[SY4] fingerprint vectors', () => {
  it('[SY4] give the sums of buckets at every size', () => {
    const { envelopes, buckets } = read<{
      envelopes: { chain: string; seq: number; id: string }[]
      buckets: Record<string, string[]>
    }>('fingerprints')
    const index = new ChainIndex()
    for (const { chain, seq, id } of envelopes) index.add(idFromBytes('d', unhex(chain)), seq, unhex(id))
    for (const [length, sums] of Object.entries(buckets))
      expect(plainFrame(index.buckets(Number(length)))).toEqual(sums)
  })
})

describe('[SY6] range vectors', () => {
  it('[SY6] a log answers as told, from its entries alone', () => {
    const { log, asked, answer } = read<{
      log: { time: number; id: string; chain: string; seq: number }[]
      asked: string
      answer: string
    }>('ranges')
    const tree = RangeTree.of(
      log.map(({ time, id, chain, seq }) => ({
        time,
        share: fingerprintOf(unhex(id)),
        chain: idFromBytes('d', unhex(chain)),
        seq
      }))
    )
    const frame = decodeFrame(unhex(asked))
    const told = decodeFrame(unhex(answer))
    if (!frame.ok || frame.value.kind !== 'ask-ranges') throw new Error('refused')
    if (!told.ok || told.value.kind !== 'ranges') throw new Error('refused')
    const logs = frame.value.spans.map(() => ({ tree, from: LOWEST }))
    const found = answerSpans(new Puppet().holdings, new ItemLogs(), frame.value.spans, logs)
    expect({ ...told.value, ...found.told }).toEqual(told.value)
    expect(checkAnswer(frame.value.spans, told.value)).toBeUndefined()
    // What nobody asked is told as little as what agrees.
    expect([...found.told.splits, ...found.told.lists].map(each => each.span).sort()).toEqual([0, 1, 3, 4])
  })
})

describe('[SY16] receipt vectors', () => {
  const vectors = read<{
    signer: string
    valid: { kind: string; ids: string[]; at: number; until: number | null; bytes: string }[]
    invalid: { why: string; bytes: string; rule: string }[]
  }>('receipts')

  it.each(vectors.valid.map(each => [each.kind, each] as const))('[SY16] %s', (_, { bytes, ...receipt }) => {
    const verdict = verifyReceipt(suite, unhex(bytes))
    expect(plainFrame(verdict)).toEqual({ ok: true, value: { ...receipt, signer: vectors.signer } })
  })

  it.each(vectors.invalid.map(each => [each.why, each] as const))(
    '[SY16] refuses %s',
    (_, { bytes, rule }) => {
      expect(verifyReceipt(suite, unhex(bytes))).toMatchObject({ ok: false, rule })
    }
  )
})

describe('[SY1] the generator', () => {
  it('[SY1] still gives every committed file', async () => {
    for (const [name, content] of Object.entries(await buildSyncVectors()))
      expect(JSON.parse(JSON.stringify(content))).toEqual(read(name))
  })
})
