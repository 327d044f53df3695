/**
 * Writes docs/spec/vectors/conversation/conversation.json: a conversation of two (DM), byte for byte, and what is refused.
 * `node --conditions=xcord-source packages/core/scripts/vectors-conversation.ts`
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import type { Body } from '../src/e2ee/index.ts'
import {
  createConversation,
  emptyState,
  encodeFrame,
  type Prekey,
  readPrekey,
  renewPrekeys,
  sealHello,
  write
} from '../src/conversation/index.ts'
import { accountOf, START } from './authority-stage.ts'
import { fill, flipLast, seededRandom, toHex } from './vector-tools.ts'

const suite = await createNodeSuite()
const [ada, grace] = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]

const prekeysOf = (account: typeof ada, name: string): ReturnType<typeof renewPrekeys> =>
  renewPrekeys(
    suite,
    seededRandom(`prekey ${name}`),
    { user: account.user, device: account.device.device, key: account.device.signingKey },
    [],
    START
  )
const adas = prekeysOf(ada, 'ada')
const graces = prekeysOf(grace, 'grace')
const newest = (held: typeof adas): Prekey => {
  const read = readPrekey(suite, held.at(-1)?.bytes ?? new Uint8Array(0))
  if (!read.ok) throw new Error(read.reason)
  return read.value
}
const genesis = createConversation(suite, seededRandom('conversation'), ada.device.signingKey, [
  ada.user,
  grace.user
])
const topicSecret = fill(7)
const hello = sealHello(suite, seededRandom('hello'), genesis, newest(graces), topicSecret)
const draft = emptyState(genesis, topicSecret)
const writer = {
  suite,
  random: seededRandom('writer'),
  user: ada.user,
  device: ada.device.device,
  key: ada.device.signingKey,
  prekeys: adas,
  directory: {
    log: (user: string) => [ada, grace].find(each => each.user === user)?.log,
    prekey: (device: string) => (device === grace.device.device ? newest(graces) : undefined)
  }
}
const said = (content: string): Body => ({
  kind: 'message',
  content,
  replyTo: null,
  mentions: { users: [], roles: [], everyone: false },
  attachments: []
})
const bodies: readonly Body[] = [
  said('hello, Grace'),
  { kind: 'lifetime', seconds: 60 },
  said('soon gone'),
  { kind: 'leave' }
]
const chain = bodies.flatMap(body => write(writer, draft, body, START).map(each => each.envelope))
const [key, first] = chain as [(typeof chain)[number], (typeof chain)[number]]

const vectors = {
  title: 'A conversation of two',
  rules: 'DM1, DM2, DM3, DM4, DM5, DM7, DM10',
  at: START,
  ada: { user: ada.user, device: ada.device.device },
  grace: {
    user: grace.user,
    device: grace.device.device,
    prekeySecret: toHex(graces.at(-1)?.secret ?? fill(0))
  },
  genesis: toHex(genesis.bytes),
  conversation: genesis.id,
  prekey: { bytes: toHex(newest(graces).bytes), n: 1, notAfter: newest(graces).notAfter },
  topicSecret: toHex(topicSecret),
  hello: toHex(hello),
  chain: chain.map(each => toHex(each.bytes)),
  says: ['hello, Grace', 'messages live 60 s', 'soon gone, with a lifetime of 60 s', 'ada leaves'],
  have: toHex(
    encodeFrame({
      kind: 'have',
      conversation: genesis.id,
      chains: [{ device: ada.device.device, seq: chain.length }]
    })
  ),
  refuseGenesis: [
    { note: 'another signature', bytes: toHex(flipLast(genesis.bytes)), rule: 'DM1' },
    { note: 'cut short', bytes: toHex(genesis.bytes.slice(0, -1)), rule: 'DM1' }
  ],
  refusePrekey: [{ note: 'another signature', bytes: toHex(flipLast(newest(graces).bytes)), rule: 'DM3' }],
  refuseHello: [
    { note: 'altered', bytes: toHex(flipLast(hello)), rule: 'DM4' },
    { note: 'without its box', bytes: toHex(hello.slice(0, 32)), rule: 'DM4' }
  ],
  refuseEnvelope: [
    { note: 'another signature', bytes: toHex(flipLast(key.bytes)), rule: 'EN3' },
    {
      note: 'of another tag',
      bytes: toHex(key.bytes.map((byte, at) => (at === 4 ? byte ^ 1 : byte))),
      rule: 'DM7'
    },
    { note: 'ephemeral', bytes: toHex(ephemeral(first.bytes)), rule: 'DM7' }
  ]
}

/** The same envelope as type 4, which has no place in a chain. */
function ephemeral(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[2] = 4
  copy.fill(0, 52, 84)
  return copy
}

const folder = join(import.meta.dirname, '../../../docs/spec/vectors/conversation')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'conversation.json'), `${JSON.stringify(vectors, undefined, 2)}\n`)
