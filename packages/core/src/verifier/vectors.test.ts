import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildExplanationVectors } from '../../scripts/vectors-explain.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { explanationFromJson, verifyProof } from './index.ts'

interface Vectors {
  valid: { note: string; file: { completeness: object } }[]
  invalid: { why: string; file: object; rule: string }[]
}
const text = readFileSync(
  join(import.meta.dirname, '../../../../docs/spec/vectors/authority/explanations.json'),
  'utf8'
)
const vectors = JSON.parse(text) as Vectors
const suite = await createNodeSuite()

describe('vectors of explanations', () => {
  it('[AU49] are what their script writes', () => {
    expect(JSON.parse(JSON.stringify(buildExplanationVectors(suite)))).toEqual(vectors)
  })

  it.each(vectors.valid)('[AU49] [AU50] $note', ({ file }) => {
    expect(explanationFromJson(file)).toBeDefined()
    expect(verifyProof(suite, file)).toEqual({ ok: true, value: file.completeness })
  })

  it.each(vectors.invalid)('[AU50] refused: $why', ({ file, rule }) => {
    expect(verifyProof(suite, file)).toMatchObject({ ok: false, rule })
  })
})
