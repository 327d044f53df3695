import { describe, expect, it } from 'vitest'
import { mayReplaceAclHead, readAclHead, signAclHead, type AclFields } from './acl.ts'
import { checkGateCert, GATE_CERT_MS_MAX, readGateCert, signGateCert } from './gate.ts'
import { device, envelope, fill, stranger, suite } from './envelope.fixture.ts'

const gate = suite.signingKey(fill(21))
const now = 1_000_000
const cert = { tag: fill(4, 16), device, notAfter: now + 1_000 }
const rule = (verdict: { ok: boolean } & object): string =>
  'rule' in verdict ? String(verdict.rule) : 'accepted'

describe('GateCert', () => {
  it('[EN11] is what the gate key signed, of a device that may enter', () => {
    const bytes = signGateCert(suite, gate, cert)
    const read = readGateCert(suite, bytes)
    expect(read).toMatchObject({ ok: true, value: { device, notAfter: cert.notAfter } })
    const altered = bytes.slice()
    altered[altered.length - 70] = (altered[altered.length - 70] as number) ^ 1
    expect(readGateCert(suite, altered).ok).toBe(false)
  })

  it('[EN13] fits tag, gate, date and author, each or not at all', () => {
    const read = readGateCert(suite, signGateCert(suite, gate, cert))
    if (!read.ok) throw new Error(read.reason)
    const wanted = { tag: cert.tag, gates: [gate.publicKey], now, envelope: envelope() }
    expect(rule(checkGateCert(suite, read.value, wanted))).toBe('accepted')
    expect(rule(checkGateCert(suite, read.value, { ...wanted, tag: fill(5, 16) }))).toBe('EN11')
    expect(rule(checkGateCert(suite, read.value, { ...wanted, gates: [fill(1)] }))).toBe('EN11')
    expect(rule(checkGateCert(suite, read.value, { ...wanted, now: cert.notAfter }))).toBe('EN11')
    expect(
      rule(checkGateCert(suite, read.value, { ...wanted, now: cert.notAfter - GATE_CERT_MS_MAX - 1 }))
    ).toBe('EN11')
    const other = readGateCert(suite, signGateCert(suite, gate, { ...cert, device: stranger }))
    expect(other.ok && rule(checkGateCert(suite, other.value, wanted))).toBe('EN11')
  })
})

describe('AclHead', () => {
  const root = suite.signingKey(fill(31))
  const delegate = suite.signingKey(fill(32))
  const head: AclFields = {
    aclRoot: root.publicKey,
    rootGeneration: 1,
    generation: 1,
    tag: fill(4, 16),
    previousTag: null,
    gate: gate.publicKey,
    previousGate: null,
    aclKeys: [delegate.publicKey],
    rate: { envelopesPerSecond: 5, burst: 100 }
  }
  const read = (signer: typeof root, over: Partial<AclFields> = {}): ReturnType<typeof readAclHead> =>
    readAclHead(suite, signAclHead(suite, signer, { ...head, ...over }))
  const must = (verdict: ReturnType<typeof readAclHead>): Extract<typeof verdict, { ok: true }>['value'] => {
    if (!verdict.ok) throw new Error(verdict.reason)
    return verdict.value
  }

  it('[EN12] is signed by its root or a key it lists', () => {
    expect([read(root).ok, read(delegate).ok, read(suite.signingKey(fill(33))).ok]).toEqual([
      true,
      true,
      false
    ])
  })

  it('[EN12] is replaced by a higher generation only, and keys change by the root alone', () => {
    const known = must(read(root))
    expect(rule(mayReplaceAclHead(known, must(read(delegate, { generation: 2 }))))).toBe('accepted')
    expect(rule(mayReplaceAclHead(known, must(read(delegate, { generation: 0 }))))).toBe('EN12')
    expect(
      rule(
        mayReplaceAclHead(
          known,
          must(read(delegate, { generation: 2, aclKeys: [delegate.publicKey, fill(9)] }))
        )
      )
    ).toBe('EN12')
    expect(rule(mayReplaceAclHead(known, must(read(delegate, { rootGeneration: 2 }))))).toBe('EN12')
    expect(
      rule(mayReplaceAclHead(known, must(read(root, { rootGeneration: 2, generation: 0, aclKeys: [] }))))
    ).toBe('accepted')
    expect(rule(mayReplaceAclHead(known, known))).toBe('EN12')
  })
})
