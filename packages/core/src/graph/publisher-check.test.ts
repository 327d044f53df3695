import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { fromString } from 'uint8arrays'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../base/index.ts'
import type { SigningKey } from '../crypto/index.ts'
import { concatBytes, uintBytes, utf8 } from '../encoding/index.ts'
import { type AclFields, signAclHead } from './acl.ts'
import { NEW_DEVICE_MS } from './author-rates.ts'
import { encodeBundle } from './envelope-codec.ts'
import { device, envelope, fill, run, stranger, suite } from './envelope.fixture.ts'
import type { Envelope } from './envelope.ts'
import { GATE_CERT_MS_MAX, signGateCert } from './gate.ts'
import { createPublisherCheck, type PublisherCheck, restorePublisherCheck } from './publisher-check.ts'
import { KNOWN_DEVICES_MAX, NEW_DEVICES_MAX, PublisherDevices, SeqWindow } from './publisher-devices.ts'

const root = suite.signingKey(fill(31))
const delegate = suite.signingKey(fill(32))
const gate = suite.signingKey(fill(21))
const laterGate = suite.signingKey(fill(22))
const TAG = fill(4, 16)
const NOW = 1_700_000_000_000
const WEEK = GATE_CERT_MS_MAX

const FIELDS: AclFields = {
  aclRoot: root.publicKey,
  rootGeneration: 1,
  generation: 1,
  tag: TAG,
  previousTag: null,
  gate: gate.publicKey,
  previousGate: null,
  aclKeys: [delegate.publicKey],
  rate: { envelopesPerSecond: 5, burst: 100 }
}
const head = (over: Partial<AclFields> = {}, signer: SigningKey = root): Uint8Array =>
  signAclHead(suite, signer, { ...FIELDS, ...over })
const certificate = (
  over: { tag?: Uint8Array; device?: DeviceId; notAfter?: number } = {},
  by: SigningKey = gate
): Uint8Array => signGateCert(suite, by, { tag: TAG, device, notAfter: NOW + WEEK, ...over })

/** A node with the author's certificate. */
function node(over: Partial<AclFields> = {}, now = NOW): PublisherCheck {
  const check = createPublisherCheck(suite, { aclRoot: root.publicKey, head: head(over), now })
  if (!check.ok) throw new Error(check.reason)
  return check.value
}
/** One that knows the author since more than a day. */
function settled(over: Partial<AclFields> = {}): PublisherCheck {
  const check = node(over, NOW - NEW_DEVICE_MS)
  check.takeCertificate(certificate({ notAfter: NOW - NEW_DEVICE_MS + WEEK }), NOW - NEW_DEVICE_MS)
  check.takeCertificate(certificate(), NOW)
  return check
}
/** What becomes of it: its fate and rule, or how many envelopes went through. */
function said(verdict: { ok: boolean }): string {
  if ('rule' in verdict)
    return `${'fate' in verdict ? String(verdict.fate) : 'refused'} ${String(verdict.rule)}`
  const { value } = verdict as unknown as { value: { envelopes?: readonly unknown[] } }
  return value.envelopes === undefined ? 'taken' : `${value.envelopes.length}`
}
const bent = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
const take = (check: PublisherCheck, each: Envelope, now = NOW): string =>
  said(check.takeEnvelope(each.bytes, now))

describe('check of publishers', () => {
  it('[EN13] T28: lets through whom a gate vouches for; of anybody else it asks the certificate', () => {
    const check = node()
    const [first, second, third] = run(3) as [Envelope, Envelope, Envelope]
    expect(take(check, first)).toBe('ask EN11')
    expect(said(check.takeCertificate(certificate(), NOW))).toBe('taken')
    expect(take(check, first)).toBe('1')
    expect(take(check, first)).toBe('ignore EN13')
    const bundle = check.takeBundle(encodeBundle([first, second, third]), NOW)
    expect(bundle).toMatchObject({ ok: true, value: { device, proof: 'chain' } })
    expect(said(bundle)).toBe('2')
  })

  it('[EN11, EN13] T28: a wrong gate, author or date, a certificate that is over, forged or altered', () => {
    const check = node()
    const wrong = [
      certificate({}, laterGate),
      certificate({ notAfter: NOW }),
      certificate({ notAfter: NOW + WEEK + 1 })
    ]
    for (const each of wrong) expect(said(check.takeCertificate(each, NOW))).toBe('ignore EN11')
    for (const each of [bent(certificate(), 70), bent(certificate(), certificate().length - 1), fill(1, 300)])
      expect(said(check.takeCertificate(each, NOW))).toMatch(/^reject (EN11|CR5|EN1)$/)
    expect(take(check, envelope())).toBe('ask EN11')
    check.takeCertificate(certificate({ device: stranger }), NOW)
    expect(take(check, envelope())).toBe('ask EN11')
    check.takeCertificate(certificate({ tag: fill(5, 16) }), NOW)
    expect(take(check, envelope())).toBe('ask EN11')
    check.takeCertificate(certificate(), NOW)
    expect(take(check, envelope(), NOW + WEEK)).toBe('ask EN11')
    // Asked for, and not kept: it is over.
    expect(check.size().certificates).toBe(2)
  })

  it('[EN2, EN13, EN15] T28: what is too large, malformed or forged counts against who brought it; newer does not', () => {
    const check = settled()
    const { bytes } = envelope()
    expect(said(check.takeEnvelope(fill(1, 70_000), NOW))).toBe('reject EN2')
    expect(said(check.takeEnvelope(bytes.subarray(0, 200), NOW))).toBe('reject EN2')
    expect(said(check.takeEnvelope(bent(bytes, bytes.length - 1), NOW))).toBe('reject EN3')
    expect(said(check.takeEnvelope(bent(bytes, 120), NOW))).toBe('reject EN3')
    expect(said(check.takeEnvelope(bent(bytes, 3), NOW))).toBe('ignore EN15')
    expect(said(check.takeBundle(concatBytes([bytes, bytes]), NOW))).toBe('reject NT28')
    // None of that took its place.
    expect(take(check, envelope())).toBe('1')
  })

  it('[EN17] T18: a tag the head does not name yet is vouched for by the gate it names', () => {
    const check = node()
    const tag = fill(9, 16)
    expect(said(check.takeCertificate(certificate({ tag }), NOW))).toBe('taken')
    const [first] = run(1) as [Envelope]
    expect(take(check, envelope(undefined, { tag }))).toBe('1')
    // One chain over all tags.
    check.takeCertificate(certificate(), NOW)
    expect(take(check, first)).toBe('1')
    expect(take(check, envelope(first, { tag, nonce: fill(8, 24) }))).toBe('1')
  })
})

describe('heads at a node', () => {
  it('[EN12, EN18] T28: rolled back, of another root, by nobody it lists: refused, and the gate stays', () => {
    const check = node()
    const second = head({ generation: 2, gate: laterGate.publicKey })
    expect(said(check.takeHead(second, NOW))).toBe('taken')
    expect(said(check.takeHead(second, NOW))).toBe('taken')
    const other = suite.signingKey(fill(33))
    for (const each of [
      head(),
      head({ generation: 1, gate: laterGate.publicKey }),
      head({ generation: 3, aclRoot: other.publicKey }, other),
      head({ generation: 3, aclKeys: [other.publicKey] }, other)
    ])
      expect(said(check.takeHead(each, NOW))).toBe('refused EN12')
    expect(said(check.takeHead(bent(head({ generation: 3 }), 90), NOW))).toBe('refused EN12')
    expect(check.head.gate).toEqual(laterGate.publicKey)
    const begun = createPublisherCheck(suite, { aclRoot: other.publicKey, head: head(), now: NOW })
    expect(said(begun)).toBe('refused EN12')
  })

  it('[EN12, EN18] T28: a delegate names gates, and no delegates; the root takes a delegate back', () => {
    const check = node()
    const friend = suite.signingKey(fill(34))
    const both = [delegate.publicKey, friend.publicKey]
    expect(said(check.takeHead(head({ generation: 2 }, delegate), NOW))).toBe('taken')
    expect(said(check.takeHead(head({ generation: 3, aclKeys: both }, delegate), NOW))).toBe('refused EN12')
    expect(said(check.takeHead(head({ generation: 3, rootGeneration: 2 }, delegate), NOW))).toBe(
      'refused EN12'
    )
    expect(said(check.takeHead(head({ generation: 3, aclKeys: both }, friend), NOW))).toBe('refused EN12')
    // It may count as high as there are numbers; the root is above them.
    const top = head({ generation: Number.MAX_SAFE_INTEGER }, delegate)
    expect(said(check.takeHead(top, NOW))).toBe('taken')
    const without = { rootGeneration: 2, generation: 0, aclKeys: [] }
    expect(said(check.takeHead(head(without), NOW))).toBe('taken')
    expect(said(check.takeHead(head({ ...without, generation: 1 }, delegate), NOW))).toBe('refused EN12')
  })

  it('[EN12, EN18] the gate before counts for seven days if the head says so, and not at all after a ban', () => {
    const kept = head({ generation: 2, gate: laterGate.publicKey, previousGate: gate.publicKey })
    const check = settled()
    check.takeHead(kept, NOW)
    expect(take(check, run(1)[0] as Envelope)).toBe('1')
    expect(said(check.takeCertificate(certificate({}, laterGate), NOW))).toBe('taken')
    // Said again with another rate, it is not prolonged.
    const again = { generation: 3, gate: laterGate.publicKey, previousGate: gate.publicKey }
    check.takeHead(head({ ...again, rate: { envelopesPerSecond: 9, burst: 100 } }), NOW + WEEK - 1)
    const late = (at: number): string =>
      said(check.takeCertificate(certificate({ device: stranger, notAfter: at + 1_000 }), at))
    expect([late(NOW + WEEK - 1), late(NOW + WEEK)]).toEqual(['taken', 'ignore EN11'])
    const banned = settled()
    banned.takeHead(head({ generation: 2, gate: laterGate.publicKey }), NOW)
    expect(take(banned, envelope())).toBe('ask EN11')
    expect(said(banned.takeCertificate(certificate(), NOW))).toBe('ignore EN11')
  })

  it('[EN18, EN20] outlive a restart: no head from before comes back, nobody is new again', () => {
    const check = settled()
    check.takeHead(head({ generation: 2 }), NOW)
    const restored = restorePublisherCheck(suite, check.encode(), NOW)
    if (!restored.ok) throw new Error(restored.reason)
    expect(said(restored.value.takeHead(head(), NOW))).toBe('refused EN12')
    restored.value.takeCertificate(certificate(), NOW)
    const chain = run(100)
    expect(chain.filter(each => take(restored.value, each) === '1')).toHaveLength(100)
    expect(said(restorePublisherCheck(suite, check.encode().subarray(1), NOW))).toMatch(/^refused EN/)
  })
})

describe('places at a node', () => {
  it('[EN19] T28: each once, in any order within the window; what is far behind is left to sync', () => {
    const check = settled({ rate: { envelopesPerSecond: 10_000, burst: 100_000 } })
    const chain = run(300)
    const at = (seq: number): Envelope => chain[seq - 1] as Envelope
    expect([at(300), at(60), at(299)].map(each => take(check, each))).toEqual(['1', '1', '1'])
    expect([at(300), at(60)].map(each => take(check, each))).toEqual(['ignore EN13', 'ignore EN13'])
    expect(take(check, at(44))).toBe('ignore EN19')
    expect(take(check, at(45))).toBe('1')
    // A bundle of which part came: the rest goes through, each looked at by its own signature where links are missing.
    expect(said(check.takeBundle(encodeBundle(chain.slice(57, 63)), NOW))).toBe('5')
  })

  it('[EN8, EN19] a second envelope at a place passes, that the proof of a fork may travel; not without end', () => {
    const check = settled()
    const branch = Array.from({ length: 20 }, (_, index) =>
      envelope(undefined, { payload: utf8(`${index}`) })
    )
    const answers = branch.map(each => take(check, each))
    expect(answers.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => '1'))
    expect(new Set(answers.slice(9))).toEqual(new Set(['ignore EN8']))
  })

  it('[EN9, EN19] what is never stored has no place, and passes once', () => {
    const check = settled()
    const typing = envelope(undefined, { type: 4, link: { seq: 0, prev: fill(0, 24) } })
    expect([take(check, typing), take(check, typing)]).toEqual(['1', 'ignore EN13'])
  })

  it('[EN19] a window says of each place what became of it, as a plain list would', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 200 }), seqs => {
        const window = new SeqWindow()
        const came = new Set<number>()
        for (const seq of seqs) {
          const tip = Math.max(0, ...came)
          const wanted = seq <= tip - 256 ? 'past' : came.has(seq) ? 'taken' : 'free'
          expect(window.standing(seq)).toBe(wanted)
          if (wanted === 'past') continue
          window.mark(seq)
          came.add(seq)
        }
      })
    )
  })
})

describe('rates and room at a node', () => {
  it('[EN16] T28: a thousand minted keys publish a fifth together, and a member goes on', () => {
    const check = settled()
    let through = 0
    for (let index = 0; index < 1_000; index++) {
      const key = suite.signingKey(fill(index % 251, 32).fill(index >> 8, 0, 1))
      const minted = certificate({ device: idFromBytes('d', key.publicKey) })
      if (!check.takeCertificate(minted, NOW).ok) continue
      if (take(check, envelope(undefined, { signingKey: key })) === '1') through++
    }
    expect(through).toBe(20)
    expect(run(90).filter(each => take(check, each) === '1')).toHaveLength(80)
  })

  it("[EN16] what is forged in a member's name uses up nobody's rate, and takes nobody's place", () => {
    const check = settled()
    const chain = run(100)
    for (let index = 0; index < 500; index++) {
      const { bytes } = chain[index % 100] as Envelope
      expect(said(check.takeEnvelope(bent(bytes, bytes.length - 1), NOW))).toBe('reject EN3')
    }
    expect(chain.filter(each => take(check, each) === '1')).toHaveLength(100)
    expect(take(check, envelope(chain.at(-1)))).toBe('ignore EN16')
  })

  it('[EN16] a bundle larger than what is left goes through, and is owed', () => {
    const check = node()
    check.takeCertificate(certificate(), NOW)
    const chain = run(65)
    expect(said(check.takeBundle(encodeBundle(chain.slice(0, 64)), NOW))).toBe('64')
    // A newcomer's measure is 20: 44 are owed, at one a second.
    expect(take(check, chain[64] as Envelope, NOW + 44_000)).toBe('ignore EN16')
    expect(take(check, chain[64] as Envelope, NOW + 45_000)).toBe('1')
  })

  it('[EN20] stays within its bounds, and who is new pushes out only who is new', () => {
    const devices = new PublisherDevices()
    const numbered = (of: number): Uint8Array => uintBytes(of, 32)
    const put = (of: number, isNew: boolean, tag = 0): void => {
      const cert = { tag: fill(tag, 16), gatePublicKey: fill(1), notAfter: NOW, bytes: fill(1) }
      devices.put(
        concatBytes([numbered(of), fill(tag, 1)]),
        { ...cert, device: idFromBytes('d', numbered(of)) },
        isNew
      )
    }
    const has = (of: number, tag = 0): boolean =>
      devices.find(concatBytes([numbered(of), fill(tag, 1)])) !== undefined
    put(1, false)
    for (let of = 2; of < NEW_DEVICES_MAX + 52; of++) put(of, true)
    expect([has(1), has(2), has(51), has(52)]).toEqual([true, false, false, true])
    expect(devices.size()).toEqual({ devices: NEW_DEVICES_MAX + 1, certificates: NEW_DEVICES_MAX + 1 })
    for (let of = 10_001; of < 10_001 + KNOWN_DEVICES_MAX; of++) put(of, false)
    expect([has(1), has(52)]).toEqual([false, true])
    // Three tags of one device, the last used ones.
    for (let tag = 1; tag <= 5; tag++) put(52, true, tag)
    expect([0, 1, 2, 3, 4, 5].map(tag => has(52, tag))).toEqual([false, false, false, true, true, true])
    // A day later it is new no more, and in one place only.
    put(52, false)
    expect(devices.size().devices).toBe(NEW_DEVICES_MAX - 1 + KNOWN_DEVICES_MAX)
  })

  it('[EN20] looks at 200 certificates of new devices at once, and at any of who was there', () => {
    const check = settled()
    let looked = 0
    for (let index = 0; index < 250; index++) {
      const key = suite.signingKey(utf8(String(index).padStart(32, '-')))
      if (check.takeCertificate(certificate({ device: idFromBytes('d', key.publicKey) }), NOW).ok) looked++
    }
    expect(looked).toBe(200)
    expect(said(check.takeCertificate(certificate({ notAfter: NOW + 1 }), NOW))).toBe('taken')
  })
})

describe('vectors of publishers', () => {
  it('[EN11, EN12, EN13, EN16, EN17, EN18, EN19] T28: each step of the file is answered as it says', () => {
    const hex = (text: string): Uint8Array => fromString(text, 'hex')
    const url = new URL('../../../../docs/spec/vectors/envelope/publishers.json', import.meta.url)
    const file = JSON.parse(readFileSync(url, 'utf8')) as {
      readonly aclRoot: string
      readonly head: string
      readonly now: number
      readonly steps: readonly { give: string; bytes: string; after: number; rule?: string; fate?: string }[]
    }
    const begun = createPublisherCheck(suite, {
      aclRoot: hex(file.aclRoot),
      head: hex(file.head),
      now: file.now
    })
    if (!begun.ok) throw new Error(begun.reason)
    const check = begun.value
    const answers = file.steps.map(({ give, bytes, after }) => {
      const [input, now] = [hex(bytes), file.now + after]
      if (give === 'head') return said(check.takeHead(input, now))
      if (give === 'certificate') return said(check.takeCertificate(input, now))
      return said(give === 'bundle' ? check.takeBundle(input, now) : check.takeEnvelope(input, now))
    })
    expect(answers).toEqual(
      file.steps.map(({ give, rule, fate }) => {
        if (rule !== undefined) return `${fate ?? 'refused'} ${rule}`
        return give === 'head' || give === 'certificate' ? 'taken' : '1'
      })
    )
    expect(new Set(file.steps.map(({ fate }) => fate))).toEqual(
      new Set([undefined, 'ask', 'ignore', 'reject'])
    )
  })
})
