import { expect, test } from 'vitest'
import { HASH_LABELS, KDF_LABELS, SIGNATURE_CONTEXTS } from './index.ts'

const NUL = '\0'

// A list a test: a KDF's info, a hash's input and a signed message never meet, and `gate` is both a KDF label
// and a signature context.
test.each([
  ['CR2', KDF_LABELS],
  ['CR2', HASH_LABELS],
  ['CR3', SIGNATURE_CONTEXTS]
])('[%s] no label is named twice, or the prefix of another with its 00', (_, labels: readonly string[]) => {
  const prefixes = labels.map(label => `xcord/v1/${label}${NUL}`)
  for (const label of labels) expect(label).toMatch(/^[a-z0-9-]+$/)
  for (const [i, a] of prefixes.entries())
    for (const [j, b] of prefixes.entries()) if (i !== j) expect(b.startsWith(a), `${a} ${b}`).toBe(false)
})

test('[CR3] no signed prefix is the prefix of one that libp2p signs with the same key, nor the reverse', () => {
  // Noise's static key, TLS, signed gossip, and the domains of signed envelopes behind their lengths.
  const foreign = [
    'noise-libp2p-static-key:',
    'libp2p-tls-handshake:',
    'libp2p-pubsub:',
    '\u0012libp2p-peer-record',
    '\u0011libp2p-relay-rsvp'
  ]
  for (const context of SIGNATURE_CONTEXTS) {
    const own = `xcord/v1/${context}${NUL}`
    for (const other of foreign) expect(own.startsWith(other) || other.startsWith(own), other).toBe(false)
  }
})
