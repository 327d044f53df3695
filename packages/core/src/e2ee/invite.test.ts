import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import { verifyJoin } from '../authority/index.ts'
import { encodeCbor, toBase64url } from '../encoding/index.ts'
import type { InvitePackage } from './contract.ts'
import {
  encodeInviteLink,
  firstCheckpoint,
  heldInvite,
  inviteKeys,
  parseInviteLink,
  signJoinWith
} from './invite-link.ts'
import { openPackage, sealPackage } from './invite-package.ts'
import { seeded, suite } from './peers.fixture.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const server = idFromBytes('s', fill(1))
const link = {
  server,
  checkpoint: firstCheckpoint(server),
  approval: false,
  secret: fill(2, 16),
  addresses: ['/ip4/10.0.0.1/tcp/4001/p2p/12D3KooW']
}
const fault = (text: string): string => {
  const parsed = parseInviteLink(text)
  return parsed.ok ? 'accepted' : parsed.fault
}

describe('invite links', () => {
  it('[IV1] come back as written, bare and behind a host; the secret stays out of JSON', () => {
    for (const text of [
      encodeInviteLink(link),
      encodeInviteLink(link, { host: 'example.org/' }),
      ` <${encodeInviteLink(link)}>\n`
    ]) {
      const parsed = parseInviteLink(text)
      if (!parsed.ok) throw new Error(parsed.reason)
      expect(parsed.value).toMatchObject({
        server,
        approval: false,
        addresses: link.addresses,
        checkpoint: link.checkpoint
      })
      expect(parsed.value.secret).toEqual(link.secret)
      expect(JSON.stringify(parsed.value)).not.toContain('secret')
    }
    expect(encodeInviteLink(link, { host: 'example.org' }).startsWith('https://example.org/#j1.')).toBe(true)
  })

  it('[IV4] say that joining waits for approval', () => {
    expect(parseInviteLink(encodeInviteLink({ ...link, approval: true }))).toMatchObject({
      ok: true,
      value: { approval: true }
    })
  })

  it('[IV1] refusals say what is wrong: garbled, newer, too long', () => {
    const good = encodeInviteLink(link)
    expect(
      [
        '',
        'hello',
        'https://example.org/',
        good.slice(0, -5),
        `${good}x`,
        good.replace('#j1.', '#j1'),
        'xcord:#j1.!!!'
      ].map(fault)
    ).toEqual(['garbled', 'garbled', 'garbled', 'garbled', 'garbled', 'garbled', 'garbled'])
    expect(fault(good.replace('#j1.', '#j2.'))).toBe('newer')
    expect(fault(`xcord:#j1.${toBase64url(encodeCbor([2, 0, 'whatever']))}`)).toBe('newer')
    expect(fault(`xcord:#j1.${toBase64url(encodeCbor([1, 2, fill(1), fill(1), fill(2, 16), []]))}`)).toBe(
      'newer'
    )
    expect(fault(`xcord:#j1.${'a'.repeat(5_000)}`)).toBe('too-long')
    expect(() => encodeInviteLink({ ...link, addresses: Array.from({ length: 9 }, () => '/x') })).toThrow(
      RangeError
    )
  })

  it('[IV1] any one character changed is no crash', () => {
    const good = encodeInviteLink(link)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        parseInviteLink(good.slice(0, at) + character + good.slice(at + 1))
      }),
      { numRuns: 300, seed: 1 }
    )
  })

  it('[IV3] the secret signs the join of one user with one key, to one server', () => {
    const keys = inviteKeys(suite, link.secret)
    const user = idFromBytes('u', fill(3))
    const userKey = { generation: 1, boxPublicKey: fill(4) }
    const signature = signJoinWith(suite, keys, server, user, userKey)
    expect(verifyJoin(suite, keys.signingKey.publicKey, server, user, userKey, signature)).toBe(true)
    expect(
      verifyJoin(suite, keys.signingKey.publicKey, server, idFromBytes('u', fill(5)), userKey, signature)
    ).toBe(false)
    expect(heldInvite(idFromBytes('i', fill(6)), keys).boxPublicKey).toEqual(keys.boxPublicKey)
    expect(() => inviteKeys(suite, fill(1, 15))).toThrow(RangeError)
  })
})

describe('invite package', () => {
  const keys = inviteKeys(suite, link.secret)
  const contents: InvitePackage = {
    name: 'Difference Engine',
    genesis: fill(7, 300),
    invite: idFromBytes('i', fill(8)),
    heads: [idFromBytes('o', fill(9))],
    addresses: ['/a', '/b'],
    aclHead: null,
    askPublicKey: null,
    topicSecret: fill(10)
  }

  it('[IV2] opens with the secret and with nothing else; altered bytes do not', () => {
    const sealed = sealPackage(suite, seeded(1), keys.packageKey, contents)
    const opened = openPackage(suite, keys.packageKey, sealed)
    if (!opened.ok) throw new Error(opened.reason)
    expect({ ...opened.value, topicSecret: opened.value.topicSecret }).toEqual(contents)
    expect(openPackage(suite, fill(1), sealed).ok).toBe(false)
    for (const at of [0, 30, sealed.length - 1]) {
      const altered = sealed.slice()
      altered[at] = (altered[at] as number) ^ 1
      expect(openPackage(suite, keys.packageKey, altered)).toMatchObject({ ok: false, rule: 'IV2' })
    }
    expect(openPackage(suite, keys.packageKey, fill(0, 10)).ok).toBe(false)
  })
})
