/** What the ciphers are given over a server's life: CR1's once-keys seal once, and no nonce serves a key twice. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ChannelId, idAs } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { toHex } from '../encoding/index.ts'
import { EnvelopeType, linkAfter, readEnvelope } from '../graph/index.ts'
import { createTown, type Peer, suite, welcome } from './peers.fixture.ts'

/** Every text sealed, by cipher, key and nonce. */
let sealed: Map<string, string>
const real: Pick<Suite, 'xchachaSeal' | 'chachaSealOnce'> = {
  xchachaSeal: suite.xchachaSeal,
  chachaSealOnce: suite.chachaSealOnce
}
const watched = suite as { -readonly [K in keyof typeof real]: Suite[K] }

/** The same text under the same key and nonce is the same bytes again, and tells nothing. */
function note(under: readonly Uint8Array[], text: readonly Uint8Array[]): void {
  const key = under.map(toHex).join('/')
  const said = text.map(toHex).join('/')
  const before = sealed.get(key)
  if (before !== undefined && before !== said) throw new Error('two texts under one key and nonce')
  sealed.set(key, said)
}

beforeEach(() => {
  sealed = new Map()
  watched.xchachaSeal = (key, nonce, aad, text, ahead) => {
    note([key, nonce], [aad, text])
    return real.xchachaSeal(key, nonce, aad, text, ahead)
  }
  watched.chachaSealOnce = (key, aad, text) => {
    note([key], [aad, text])
    return real.chachaSealOnce(key, aad, text)
  }
})
afterEach(() => {
  Object.assign(watched, real)
})

function send(peer: Peer, channel: ChannelId, content: string): Uint8Array {
  const mentions = { users: [], roles: [], everyone: false }
  const body = { kind: 'message', content, replyTo: null, mentions, attachments: [] } as const
  return peer.ring.seal({
    random: peer.random,
    type: EnvelopeType.chat,
    keyId: peer.sendKey(channel),
    link: linkAfter(undefined),
    payload: { thread: null, at: 1, auth: [], parents: [], body }
  }).bytes
}

describe('nonces', () => {
  it('[CR1] joins, grants, rotations, links to older keys and restarts seal no two texts alike', () => {
    const town = createTown()
    const ada = town.founder
    ada.sendKey(town.meta)
    const general = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    const members = [2, 3, 4, 5, 6].map(seed => welcome(town, `member${seed}`, seed))
    let inside = [ada, ...members]
    for (const [at, out] of members.slice(2).entries()) {
      for (const peer of inside) {
        send(peer, general, 'the same words')
        send(peer, general, `other words ${at}`)
        peer.restart()
        peer.grant()
      }
      ada.act({ do: 'ban', user: out.user })
      ada.rotate()
      inside = inside.filter(peer => peer !== out)
      for (const peer of inside) for (const other of inside) peer.meet(other)
    }
    expect(sealed.size).toBeGreaterThan(60)
  })

  it('[CR1] the watch would see one: the same draw for two messages is two texts under one nonce', () => {
    const town = createTown()
    town.founder.sendKey(town.meta)
    const stuck = { ...town.founder, random: { bytes: (length: number) => new Uint8Array(length).fill(1) } }
    send(stuck, town.meta, 'one')
    expect(() => send(stuck, town.meta, 'two')).toThrow('two texts under one key and nonce')
  })

  it('[EN2, EN7] an envelope whose text was cut, at any length, opens for nobody', () => {
    const town = createTown()
    const bytes = send(town.founder, town.meta, 'a text to be cut')
    for (let cut = 1; cut < bytes.length - 108; cut++) {
      // As who holds the author's signing key could not even do: the signature stays, the text loses its end.
      const short = Uint8Array.from([...bytes.subarray(0, bytes.length - 64 - cut), ...bytes.subarray(-64)])
      const read = readEnvelope(suite, short)
      if (!read.ok) expect(read.rule).toBe('EN2')
      else expect(town.founder.ring.open(read.value).kind).not.toBe('opened')
    }
  })
})
