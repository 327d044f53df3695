import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../encoding/index.ts'
import { inParts, pageAskFrame, pageProfilesFrame, pageRecordsFrame, pageRowsFrame } from './page-frames.ts'

const frames = {
  ask: pageAskFrame,
  records: pageRecordsFrame,
  rows: pageRowsFrame,
  profiles: pageProfilesFrame
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../../docs/spec/vectors/node/page-frames.json'), 'utf8')
) as {
  readonly valid: readonly {
    readonly frame: keyof typeof frames
    readonly bytes: string
    readonly fields: object
  }[]
  readonly invalid: readonly {
    readonly frame: keyof typeof frames
    readonly note: string
    readonly rule: string
    readonly bytes: string
  }[]
}
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

describe('frames of /xcord/page/1', () => {
  it('[ND27] read as the vectors say, and are refused by the rule', () => {
    for (const { frame, bytes, fields } of vectors.valid) {
      const read = frames[frame].decode(unhex(bytes))
      if (!read.ok) throw new Error(read.reason)
      for (const [name, value] of Object.entries(fields))
        expect(plain(read.value[name as keyof typeof read.value])).toEqual(value)
    }
    for (const { frame, note, rule, bytes } of vectors.invalid)
      expect(frames[frame].decode(unhex(bytes)), note).toMatchObject({ ok: false, rule })
  })

  it('[ND27] lists travel in parts that fit a frame, and an empty one ends them', () => {
    const sizes = [40_000, 30_000, 1, 70_000, 5]
    expect([...inParts(sizes, each => each)]).toEqual([[40_000], [30_000, 1], [70_000], [5], []])
    expect([...inParts(Array(300).fill(1), () => 1)].map(each => each.length)).toEqual([256, 44, 0])
  })
})
