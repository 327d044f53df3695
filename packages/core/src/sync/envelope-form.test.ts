import { describe, expect, it } from 'vitest'
import { deviceOf, envelopeOf, suite } from '../../test/sync/world.ts'
import { encodeStub, readEnvelope } from '../graph/index.ts'
import { envelopeIdOf, sequenceOf } from './envelope-form.ts'

describe('[EN2] [EN3] what sync reads of an envelope', () => {
  it('is what the graph reads, of envelope and stub', () => {
    for (const seq of [1, 7, 2 ** 40]) {
      const bytes = envelopeOf(deviceOf('a'), seq)
      const read = readEnvelope(suite, bytes)
      if (!read.ok) throw new Error(read.reason)
      const stub = encodeStub(read.value)
      expect([sequenceOf('envelopes', bytes), sequenceOf('stubs', stub)]).toEqual([seq, seq])
      expect(envelopeIdOf(suite, 'envelopes', bytes)).toEqual(read.value.idBytes)
      expect(envelopeIdOf(suite, 'stubs', stub)).toEqual(read.value.idBytes)
    }
  })

  it('is nothing where the length is wrong', () => {
    expect(sequenceOf('envelopes', new Uint8Array(200))).toBeUndefined()
    expect(sequenceOf('envelopes', new Uint8Array(65_537))).toBeUndefined()
    expect(sequenceOf('stubs', new Uint8Array(204))).toBeUndefined()
  })
})
