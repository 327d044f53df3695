/** Envelopes for tests: one author, fixed keys. */
import { idFromBytes } from '../base/index.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { utf8 } from '../encoding/index.ts'
import type { Envelope, EnvelopeStub } from './envelope.ts'
import { type EnvelopeInit, linkAfter, sealEnvelope } from './envelope-seal.ts'

export const suite = await createNodeSuite()
export const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
export const author = suite.signingKey(fill(11))
export const device = idFromBytes('d', author.publicKey)
export const stranger = idFromBytes('d', suite.signingKey(fill(12)).publicKey)
export const server = idFromBytes('s', fill(1))
export const channel = idFromBytes('c', fill(2))
export const key = fill(3)

/** An envelope that follows `last`. */
export function envelope(
  last?: Pick<EnvelopeStub, 'seq' | 'idBytes'>,
  over: Partial<EnvelopeInit> = {}
): Envelope {
  return sealEnvelope(suite, {
    type: 1,
    tag: fill(4, 16),
    keyRef: fill(5, 16),
    link: linkAfter(last),
    nonce: fill(6, 24),
    signingKey: author,
    key,
    server,
    channel,
    payload: utf8('hi'),
    ...over
  })
}

/** A run of `length` envelopes from the first. */
export function run(length: number): Envelope[] {
  const out: Envelope[] = []
  for (let n = 0; n < length; n++) out.push(envelope(out.at(-1), { payload: utf8(`message ${n}`) }))
  return out
}
