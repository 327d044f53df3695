import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes, type ServerId } from '../base/index.ts'
import { toHex } from '../encoding/index.ts'
import { inviteKeys } from './invite-link.ts'
import { openJoinAnswer, openJoinRequest, readJoinRequest } from './join-request.ts'

interface Vectors {
  readonly server: string
  readonly invite: string
  readonly linkSecret: string
  readonly linkKey: string
  readonly valid: {
    readonly bytes: string
    readonly user: string
    readonly device: string
    readonly generation: number
    readonly userKey: string
    readonly name: string
    readonly words: string
    readonly at: number
    readonly digest: string
  }
  readonly sealed: { readonly askSecret: string; readonly boxes: string; readonly sealed: string }
  readonly answer: { readonly userKeySecret: string; readonly bytes: string; readonly secret: string }
  readonly invalid: readonly { readonly note: string; readonly rule: string; readonly bytes: string }[]
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/spec/vectors/e2ee/requests.json'), 'utf8')
) as Vectors
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const suite = await createNodeSuite()
const server: ServerId = idFromBytes('s', unhex(vectors.server))
const invite = idFromBytes('i', unhex(vectors.invite))
const linkKey = unhex(vectors.linkKey)
const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))

function request() {
  const read = readJoinRequest(suite, unhex(vectors.valid.bytes), { server, linkKey })
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

describe('requests to join', () => {
  it('[IV4] reads what an applicant signed, by device and by link', () => {
    const { valid } = vectors
    const read = request()
    expect([toHex(idToBytes(read.user)), toHex(idToBytes(read.device)), toHex(read.digest)]).toEqual([
      valid.user,
      valid.device,
      valid.digest
    ])
    expect([read.name, read.words, read.at, read.userKey.generation]).toEqual([
      valid.name,
      valid.words,
      valid.at,
      valid.generation
    ])
    expect(toHex(read.userKey.boxPublicKey)).toBe(valid.userKey)
    expect(toHex(inviteKeys(suite, unhex(vectors.linkSecret)).signingKey.publicKey)).toBe(vectors.linkKey)
  })

  it.each(vectors.invalid)('[IV4] refuses: $note', ({ rule, bytes }) => {
    expect(readJoinRequest(suite, unhex(bytes), { server, linkKey })).toMatchObject({ ok: false, rule })
  })

  it('[IV4, EK3] opens by the ask key alone', () => {
    const { askSecret, boxes, sealed } = vectors.sealed
    const open = (by: Uint8Array, of = invite, body = unhex(sealed)) =>
      openJoinRequest(suite, of, by, unhex(boxes), body)
    expect(toHex(open(unhex(askSecret)) as Uint8Array)).toBe(vectors.valid.bytes)
    expect(open(new Uint8Array(32).fill(9))).toBeUndefined()
    expect(open(unhex(askSecret), idFromBytes('i', new Uint8Array(32)))).toBeUndefined()
    expect(open(unhex(askSecret), invite, flipped(unhex(sealed)))).toBeUndefined()
    expect(open(unhex(askSecret), invite, new Uint8Array(3))).toBeUndefined()
  })

  it('[IV4, EK3] an answer opens by the user key of that request alone', () => {
    const userKey = {
      boxPublicKey: unhex(vectors.valid.userKey),
      boxSecret: unhex(vectors.answer.userKeySecret)
    }
    const answer = unhex(vectors.answer.bytes)
    const secret = openJoinAnswer(suite, request(), userKey, answer)
    expect(toHex(secret as Uint8Array)).toBe(vectors.answer.secret)
    expect(
      openJoinAnswer(suite, { ...request(), digest: new Uint8Array(32) }, userKey, answer)
    ).toBeUndefined()
    expect(openJoinAnswer(suite, request(), userKey, flipped(answer))).toBeUndefined()
    expect(openJoinAnswer(suite, request(), userKey, answer.subarray(1))).toBeUndefined()
  })
})
