/** docs/spec/vectors/conversation, read as another implementation would read them. */
import { readFileSync } from 'node:fs'
import { fromString } from 'uint8arrays'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../../scripts/authority-stage.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { DeviceId, UserId } from '../base/index.ts'
import { readEnvelope } from '../graph/index.ts'
import {
  type ConversationOwner,
  decodeFrame,
  emptyState,
  openHello,
  readConversation,
  readPrekey,
  takeEnvelope
} from './index.ts'

interface Case {
  readonly note: string
  readonly bytes: string
  readonly rule: string
}
interface Vectors {
  readonly at: number
  readonly ada: { readonly user: UserId; readonly device: DeviceId }
  readonly grace: { readonly user: UserId; readonly device: DeviceId; readonly prekeySecret: string }
  readonly genesis: string
  readonly conversation: string
  readonly prekey: { readonly bytes: string; readonly n: number; readonly notAfter: number }
  readonly topicSecret: string
  readonly hello: string
  readonly chain: readonly string[]
  readonly have: string
  readonly refuseGenesis: readonly Case[]
  readonly refusePrekey: readonly Case[]
  readonly refuseHello: readonly Case[]
  readonly refuseEnvelope: readonly Case[]
}
const hex = (text: string): Uint8Array => fromString(text, 'hex')
const path = new URL('../../../../docs/spec/vectors/conversation/conversation.json', import.meta.url)
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vectors
const suite = await createNodeSuite()
const accounts = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]
const prekeys = [
  {
    n: 1,
    madeAt: vectors.at,
    replacedAt: null,
    secret: hex(vectors.grace.prekeySecret),
    bytes: new Uint8Array(0)
  }
]
const owner: ConversationOwner = {
  suite,
  user: vectors.grace.user,
  device: vectors.grace.device,
  prekeys,
  directory: { log: user => accounts.find(each => each.user === user)?.log, prekey: () => undefined }
}
const ruleOf = (verdict: { readonly ok: boolean; readonly rule?: string }): string | undefined => verdict.rule

function genesis(): Extract<ReturnType<typeof readConversation>, { ok: true }>['value'] {
  const read = readConversation(suite, hex(vectors.genesis))
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

describe('vectors of conversations', () => {
  it('[DM1, DM3, DM4, DM5] genesis, prekey, hello and frame read as they are stated', () => {
    expect(genesis()).toMatchObject({
      id: vectors.conversation,
      users: [vectors.ada.user, vectors.grace.user].sort(),
      device: vectors.ada.device
    })
    expect(readPrekey(suite, hex(vectors.prekey.bytes))).toMatchObject({
      ok: true,
      value: { device: vectors.grace.device, n: 1, notAfter: vectors.prekey.notAfter }
    })
    expect(openHello(suite, genesis(), owner.device, prekeys, hex(vectors.hello))).toEqual({
      ok: true,
      value: hex(vectors.topicSecret)
    })
    expect(decodeFrame(hex(vectors.have))).toMatchObject({
      value: { kind: 'have', conversation: vectors.conversation, chains: [{ seq: vectors.chain.length }] }
    })
  })

  it('[DM2, DM7, DM10] the chain is taken, opened and says what is stated', () => {
    const state = emptyState(genesis(), hex(vectors.topicSecret))
    const opened = vectors.chain.map(bytes => {
      const envelope = readEnvelope(suite, hex(bytes))
      if (!envelope.ok) throw new Error(envelope.reason)
      const taken = takeEnvelope(owner, state, vectors.ada.device, envelope.value, vectors.at)
      return taken.ok && taken.value.kind === 'taken' ? taken.value.opened : taken
    })
    expect(opened).toMatchObject([
      { kind: 'nothing' },
      { content: { kind: 'message', text: 'hello, Grace', lifetime: 0 } },
      { content: { kind: 'lifetime', seconds: 60 } },
      { content: { kind: 'message', text: 'soon gone', lifetime: 60 } },
      { content: { kind: 'leave' } }
    ])
  })

  it('[DM1, DM3, DM4, DM7] what is altered is refused by the rule stated', () => {
    for (const { note, bytes, rule } of vectors.refuseGenesis)
      expect(ruleOf(readConversation(suite, hex(bytes))), note).toBe(rule)
    for (const { note, bytes, rule } of vectors.refusePrekey)
      expect(ruleOf(readPrekey(suite, hex(bytes))), note).toBe(rule)
    for (const { note, bytes, rule } of vectors.refuseHello)
      expect(ruleOf(openHello(suite, genesis(), owner.device, prekeys, hex(bytes))), note).toBe(rule)
    for (const { note, bytes, rule } of vectors.refuseEnvelope) {
      const envelope = readEnvelope(suite, hex(bytes))
      if (!envelope.ok) throw new Error(envelope.reason)
      const state = emptyState(genesis(), hex(vectors.topicSecret))
      expect(ruleOf(takeEnvelope(owner, state, vectors.ada.device, envelope.value, vectors.at)), note).toBe(
        rule
      )
    }
  })
})
