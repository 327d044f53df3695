/**
 * Writes docs/spec/vectors/node: frames of `/xcord/snapshot/1` (ND26) and `/xcord/page/1` (ND27), the way home of a linked
 * device (ID10), and how they are refused.
 * `node --conditions=xcord-source packages/core/scripts/vectors-node.ts`
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes } from '../src/base/index.ts'
import { type CborValue, encodeCbor } from '../src/encoding/index.ts'
import { encodeHome } from '../src/node/accounts/home-row.ts'
import {
  pageAskFrame,
  pageProfilesFrame,
  pageRecordsFrame,
  pageRowsFrame
} from '../src/node/snapshots/page-frames.ts'
import {
  askFrame,
  chunkFrame,
  laterFrame,
  namedFrame,
  snapshotProof,
  wantFrame
} from '../src/node/snapshots/snapshot-frames.ts'
import { fill, toHex } from './vector-tools.ts'

const suite = await createNodeSuite()
const server = idFromBytes('s', fill(1))
const asking = idFromBytes('d', fill(2))
const answering = idFromBytes('d', fill(3))
const topicSecret = fill(4)
const proof = snapshotProof(suite, topicSecret, { server, asking, answering })
const ask = { version: 1, kind: 1, server: idToBytes(server), proof } as const
const many = (count: number): Uint8Array[] => Array.from({ length: count }, () => fill(5))

const valid = [
  { frame: 'ask', bytes: askFrame.encode(ask), fields: { proof: toHex(proof) } },
  {
    frame: 'want',
    bytes: wantFrame.encode({ version: 1, kind: 2, chunks: [fill(5), fill(6)] }),
    fields: { chunks: [fill(5), fill(6)].map(toHex) }
  },
  {
    frame: 'named',
    bytes: namedFrame.encode({ version: 1, kind: 3, operation: fill(7, 3), chunks: [fill(5)] }),
    fields: { operation: toHex(fill(7, 3)), chunks: [toHex(fill(5))] }
  },
  {
    frame: 'named',
    bytes: namedFrame.encode({ version: 1, kind: 3, operation: null, chunks: [] }),
    fields: { operation: null, chunks: [] }
  },
  {
    frame: 'later',
    bytes: laterFrame.encode({ version: 1, kind: 4, operations: [fill(7, 3), fill(8, 2)] }),
    fields: { operations: [fill(7, 3), fill(8, 2)].map(toHex) }
  },
  {
    frame: 'later',
    bytes: laterFrame.encode({ version: 1, kind: 4, operations: [] }),
    fields: { operations: [] }
  },
  {
    frame: 'chunk',
    bytes: chunkFrame.encode({ version: 1, kind: 5, chunk: fill(9, 4) }),
    fields: { chunk: toHex(fill(9, 4)) }
  },
  {
    frame: 'chunk',
    bytes: chunkFrame.encode({ version: 1, kind: 5, chunk: null }),
    fields: { chunk: null }
  }
]
const invalid: readonly (readonly [string, string, CborValue])[] = [
  ['ask', 'version 2', [2, 1, fill(1), fill(0, 16)]],
  ['ask', 'another kind', [1, 2, fill(1), fill(0, 16)]],
  ['ask', 'a short server', [1, 1, fill(1, 31), fill(0, 16)]],
  ['ask', 'a long proof', [1, 1, fill(1), fill(0, 17)]],
  ['want', 'no chunk', [1, 2, []]],
  ['want', '1,025 chunks', [1, 2, many(1_025)]],
  ['want', 'a short hash', [1, 2, [fill(5, 31)]]],
  ['named', '1,025 chunks', [1, 3, fill(7, 3), many(1_025)]],
  ['named', 'an empty operation', [1, 3, fill(7, 0), []]],
  ['later', '257 operations', [1, 4, many(257)]],
  ['later', 'an empty operation', [1, 4, [fill(7, 0)]]],
  ['chunk', 'an empty chunk', [1, 5, fill(9, 0)]],
  ['chunk', 'a field more', [1, 5, null, 0]]
]
const vectors = {
  title: 'Frames of /xcord/snapshot/1',
  rules: 'ND26',
  proof: {
    topicSecret: toHex(topicSecret),
    server: toHex(idToBytes(server)),
    asking: toHex(idToBytes(asking)),
    answering: toHex(idToBytes(answering)),
    proof: toHex(proof)
  },
  valid: valid.map(({ frame, bytes, fields }) => ({ frame, bytes: toHex(bytes), fields })),
  invalid: invalid.map(([frame, note, value]) => ({
    frame,
    note,
    rule: 'ND26',
    bytes: toHex(encodeCbor(value))
  }))
}
writeFileSync(
  join(import.meta.dirname, '../../../docs/spec/vectors/node/snapshot-frames.json'),
  `${JSON.stringify(vectors, null, 1)}\n`
)

const pageAsk = {
  version: 1,
  kind: 1,
  server: idToBytes(server),
  proof,
  channel: fill(6),
  readers: [fill(7, 16), fill(8, 16)],
  join: null
} as const
const row = { device: fill(3), envelope: fill(9, 5) }
const validPages = [
  {
    frame: 'ask',
    bytes: pageAskFrame.encode({ ...pageAsk, readers: [...pageAsk.readers] }),
    fields: { proof: toHex(proof), channel: toHex(fill(6)), readers: pageAsk.readers.map(toHex), join: null }
  },
  {
    frame: 'ask',
    bytes: pageAskFrame.encode({ ...pageAsk, readers: [], join: fill(5, 4) }),
    fields: { readers: [], join: toHex(fill(5, 4)) }
  },
  {
    frame: 'records',
    bytes: pageRecordsFrame.encode({ version: 1, kind: 2, records: [fill(4, 3), fill(5, 2)] }),
    fields: { records: [fill(4, 3), fill(5, 2)].map(toHex) }
  },
  {
    frame: 'rows',
    bytes: pageRowsFrame.encode({ version: 1, kind: 3, rows: [row] }),
    fields: { rows: [{ device: toHex(row.device), envelope: toHex(row.envelope) }] }
  },
  {
    frame: 'profiles',
    bytes: pageProfilesFrame.encode({ version: 1, kind: 4, profiles: [] }),
    fields: { profiles: [] }
  }
]
const invalidPages: readonly (readonly [string, string, CborValue])[] = [
  ['ask', 'version 2', [2, 1, fill(1), fill(0, 16), fill(6), [], null]],
  ['ask', 'a short channel', [1, 1, fill(1), fill(0, 16), fill(6, 31), [], null]],
  [
    'ask',
    '17 readers',
    [1, 1, fill(1), fill(0, 16), fill(6), many(17).map(each => each.subarray(0, 16)), null]
  ],
  ['ask', 'an empty join', [1, 1, fill(1), fill(0, 16), fill(6), [], fill(0, 0)]],
  ['records', '257 records', [1, 2, many(257)]],
  ['records', 'an empty record', [1, 2, [fill(0, 0)]]],
  ['rows', 'a row without a device', [1, 3, [[fill(9, 5)]]]],
  ['rows', 'an empty envelope', [1, 3, [[fill(3), fill(9, 0)]]]],
  ['profiles', 'a field more', [1, 4, [], 0]]
]
writeFileSync(
  join(import.meta.dirname, '../../../docs/spec/vectors/node/page-frames.json'),
  `${JSON.stringify(
    {
      title: 'Frames of /xcord/page/1',
      rules: 'ND27',
      valid: validPages.map(({ frame, bytes, fields }) => ({ frame, bytes: toHex(bytes), fields })),
      invalid: invalidPages.map(([frame, note, value]) => ({
        frame,
        note,
        rule: 'ND27',
        bytes: toHex(encodeCbor(value))
      }))
    },
    null,
    1
  )}\n`
)

const homes = [
  { device: fill(7), addresses: ['/ip4/192.0.2.1/tcp/4001', '/ip6/2001:db8::1/udp/4001/quic-v1'] },
  { device: fill(8), addresses: [] }
]
const badHomes: readonly (readonly [string, CborValue])[] = [
  ['a version that does not exist', [2, fill(7), []]],
  ['nine addresses', [1, fill(7), Array.from({ length: 9 }, () => '/ip4/192.0.2.1/tcp/1')]],
  ['an empty address', [1, fill(7), ['']]],
  ['a short device', [1, fill(7).subarray(1), []]],
  ['a field more', [1, fill(7), [], 0]]
]
writeFileSync(
  join(import.meta.dirname, '../../../docs/spec/vectors/node/home-rows.json'),
  `${JSON.stringify(
    {
      title: 'Row "home" of a linking',
      rules: 'ID10',
      valid: homes.map(({ device, addresses }) => ({
        device: toHex(device),
        addresses,
        bytes: toHex(encodeHome({ device: idFromBytes('d', device), addresses }))
      })),
      refuse: badHomes.map(([note, value]) => ({ note, bytes: toHex(encodeCbor(value)) }))
    },
    null,
    1
  )}\n`
)
