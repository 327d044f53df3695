/**
 * Writes docs/spec/vectors/e2ee/requests.json: requests to join (IV4), how they are refused, and an answer.
 * `node --conditions=xcord-source packages/core/scripts/vectors-requests.ts`
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes } from '../src/base/index.ts'
import {
  inviteKeys,
  readJoinRequest,
  sealJoinAnswer,
  sealJoinRequest,
  signJoinRequest
} from '../src/e2ee/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import { signBytes } from '../src/crypto/index.ts'
import { accountOf, keyOf, START } from './authority-stage.ts'
import { fill, flipLast, seededRandom, toHex } from './vector-tools.ts'

const suite = await createNodeSuite()
const [grace, mallory] = [accountOf(suite, 'grace'), accountOf(suite, 'mallory')]
const server = idFromBytes('s', fill(1))
const invite = idFromBytes('i', fill(2))
const linkSecret = fill(3, 16)
const keys = inviteKeys(suite, linkSecret)
const askSecret = fill(4)
const answerSecret = fill(5, 16)
const userKey = grace.userKeys.at(-1)
if (userKey === undefined) throw new Error('no user key')

const request = signJoinRequest(suite, grace.device, keys.signingKey, {
  server,
  invite,
  credential: grace.credential,
  userKey: keyOf(grace),
  name: 'Grace',
  words: 'from the navy',
  at: START
})
const items = (decodeCbor(request) as { value: readonly CborValue[] }).value
/** One field altered, signed anew by its device. */
const altered = (index: number, value: CborValue): Uint8Array => {
  const unsigned = items.slice(0, -1).map((each, at) => (at === index ? value : each))
  return encodeCbor([...unsigned, signBytes(suite, grace.device.signingKey, 'ask', encodeCbor(unsigned))])
}
const read = readJoinRequest(suite, request, { server, linkKey: keys.signingKey.publicKey })
if (!read.ok) throw new Error(read.reason)
const ask = sealJoinRequest(suite, seededRandom('ask'), invite, suite.x25519PublicKey(askSecret), request)
const answer = sealJoinAnswer(suite, seededRandom('answer'), read.value, answerSecret)

const vectors = {
  title: 'Requests to join',
  rules: 'IV4',
  server: toHex(idToBytes(server)),
  invite: toHex(idToBytes(invite)),
  linkSecret: toHex(linkSecret),
  linkKey: toHex(keys.signingKey.publicKey),
  valid: {
    bytes: toHex(request),
    user: toHex(idToBytes(grace.user)),
    device: toHex(idToBytes(grace.device.device)),
    generation: userKey.generation,
    userKey: toHex(userKey.boxPublicKey),
    name: 'Grace',
    words: 'from the navy',
    at: START,
    digest: toHex(read.value.digest)
  },
  sealed: { askSecret: toHex(askSecret), boxes: toHex(ask.boxes), sealed: toHex(ask.sealed) },
  answer: { userKeySecret: toHex(userKey.boxSecret), bytes: toHex(answer), secret: toHex(answerSecret) },
  invalid: [
    ['the signature altered', 'IV4', flipLast(request)],
    ['version 2', 'IV4', altered(0, 2)],
    ['another server', 'IV4', altered(1, fill(9))],
    ['another invite than the link signed for', 'IV4', altered(2, fill(9))],
    ["another's device", 'IV4', altered(3, idToBytes(mallory.device.device))],
    ["another's certificate", 'ID6', altered(4, mallory.credential)],
    ['no name', 'IV4', altered(6, '')],
    ['1,001 bytes of words', 'IV4', altered(7, 'x'.repeat(1_001))],
    ['made without the link', 'IV4', altered(9, fill(0, 64))],
    ['a field too many', 'IV4', encodeCbor([...items, 1])],
    ['cut', 'IV4', request.subarray(0, -1)]
  ].map(([note, rule, bytes]) => ({ note, rule, bytes: toHex(bytes as Uint8Array) }))
}
writeFileSync(
  join(import.meta.dirname, '../../../docs/spec/vectors/e2ee/requests.json'),
  `${JSON.stringify(vectors, null, 1)}\n`
)
