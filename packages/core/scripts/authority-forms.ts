/** Operations on the wire and the body of every kind, with what is no operation and no body. */
import { idToBytes, type OperationId } from '../src/base/index.ts'
import { draftKick, KINDS, type KindName, permissionsToBits } from '../src/authority/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, concatBytes, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import type { Operation } from '../src/graph/index.ts'
import { accountOf, foundServer, joinOf, makeInvite } from './authority-stage.ts'
import { fill, flipLast, toHex } from './vector-tools.ts'

export const hexOf = (id: string): string => toHex(idToBytes(id as OperationId))

function itemsOf(bytes: Uint8Array): readonly CborValue[] {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) throw new Error('not an array')
  return decoded.value as readonly CborValue[]
}

/** JSON of an operation's fields, ids in hex. */
export function plainOperation(operation: Operation): object {
  const { id, server, kind, device, seq, prev, parents, refs, lamport, at, body, cut } = operation
  return {
    id: hexOf(id),
    server: hexOf(server),
    kind,
    device: hexOf(device),
    seq,
    prev: prev === null ? null : hexOf(prev),
    parents: parents.map(hexOf),
    refs: refs.map(hexOf),
    lamport,
    at,
    body: toHex(encodeCbor(body)),
    cut:
      cut === null
        ? null
        : cut.map(row => [
            hexOf(row.device),
            row.seq,
            row.operation === null ? null : hexOf(row.operation),
            row.contentSeq,
            row.envelope === null ? null : toHex(row.envelope)
          ])
  }
}

/** vectors/operation/operations.json */
export function operationVectors(suite: Suite): object {
  const [ada, grace] = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]
  const site = foundServer(suite, ada)
  const invite = makeInvite(site, ada, 'open')
  const join = site.act(grace, joinOf(site, grace, invite))
  const kick = site.act(
    ada,
    draftKick(grace.user, 'spam', [
      {
        device: grace.device.device,
        seq: join.seq,
        operation: join.id,
        contentSeq: 7,
        envelope: fill(9)
      }
    ])
  )
  const valid: readonly (readonly [string, Operation])[] = [
    ['a genesis', site.operations[0] as Operation],
    ['an invite', site.operations[1] as Operation],
    ['a join, a leaf', join],
    ['a kick that cites a leaf and carries a cut', kick]
  ]
  return {
    valid: valid.map(([note, op]) => ({ note, bytes: toHex(op.bytes), ...plainOperation(op) })),
    invalid: invalidOperations(suite, kick)
  }
}

/** Alters one field of the payload and signs again, so that only that field is wrong. */
function invalidOperations(suite: Suite, good: Operation): object[] {
  const [payload, sig] = itemsOf(good.bytes) as [Uint8Array, Uint8Array]
  const fields = itemsOf(payload)
  const key = accountOf(suite, 'ada').device.signingKey
  const resigned = (bytes: Uint8Array): Uint8Array => {
    const message = concatBytes([
      new TextEncoder().encode('xcord/v1/op'),
      Uint8Array.of(0),
      suite.sha256(bytes)
    ])
    return encodeCbor([bytes, key.sign(message)])
  }
  const altered = (index: number, value: CborValue): Uint8Array =>
    resigned(encodeCbor(fields.map((each, at) => (at === index ? value : each))))
  const deep = Array.from({ length: 8 }).reduce<CborValue>(inner => [inner], 1)
  const cut = (fields[11] as readonly CborValue[])[0] as readonly CborValue[]
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['version 2', altered(0, 2), 'AU3'],
    ['the zero server outside a genesis', altered(1, fill(0)), 'AU1'],
    ['a kind above 65,535', altered(2, 65_536), 'AU3'],
    ['seq 0 with a prev', altered(4, 0), 'AU1'],
    ['no prev at a later seq', altered(5, null), 'AU1'],
    ['no parents', altered(6, []), 'AU1'],
    [
      '17 parents',
      altered(
        6,
        Array.from({ length: 17 }, (_, i) => fill(i + 1))
      ),
      'AU3'
    ],
    ['unsorted parents', altered(6, [fill(2), fill(1)]), 'AU1'],
    ['a parent twice', altered(6, [fill(1), fill(1)]), 'AU1'],
    [
      '17 refs outside gather',
      altered(
        7,
        Array.from({ length: 17 }, (_, i) => fill(i + 1))
      ),
      'AU1'
    ],
    ['lamport 0 outside a genesis', altered(8, 0), 'AU1'],
    ['a body that is no array', altered(10, 'kick'), 'AU3'],
    ['a cut on a kind without', altered(2, 16), 'AU1'],
    ['an empty cut', altered(11, []), 'AU3'],
    ['a cut row with seq and no hash', altered(11, [[cut[0] as CborValue, 1, null, null, null]]), 'AU1'],
    ['nested deeper than 6', altered(10, [deep]), 'AU3'],
    ['a payload above 16 KiB', altered(10, [fill(1, 16_400)]), 'AU4'],
    [
      'an integer longer than needed',
      resigned(concatBytes([payload.slice(0, 1), Uint8Array.of(0x18, 0x01), payload.slice(2)])),
      'AU3'
    ],
    ['trailing bytes in the payload', resigned(concatBytes([payload, Uint8Array.of(0)])), 'AU3'],
    ['trailing bytes behind', concatBytes([good.bytes, Uint8Array.of(0)]), 'AU1'],
    ['an altered signature', encodeCbor([payload, flipLast(sig)]), 'AU2'],
    ['a signature of zeros', encodeCbor([payload, fill(0, 64)]), 'AU2'],
    [
      "another device's signature",
      encodeCbor([payload, accountOf(suite, 'grace').device.signingKey.sign(suite.sha256(payload))]),
      'AU2'
    ],
    ['nothing', new Uint8Array(0), 'AU1'],
    ['a signature of 63 bytes', encodeCbor([payload, sig.slice(0, 63)]), 'AU1']
  ]
  return cases.map(([why, bytes, rule]) => ({ why, bytes: toHex(bytes), rule }))
}

const [a, b, c] = [fill(1), fill(2), fill(3)] as [Uint8Array, Uint8Array, Uint8Array]
const set = permissionsToBits(['ViewChannel', 'SendMessages'])
const perms = Uint8Array.from({ length: 16 }, (_, i) => Number((set >> BigInt(8 * (15 - i))) & 255n))

/** One body of each kind, as the array on the wire. */
const sampleBodies: Readonly<Record<KindName, readonly CborValue[]>> = {
  genesis: [fill(5, 100), [0, a], perms, [[3, 1]], [[0, 'name']], fill(6, 16)],
  join: [a, fill(5, 100), [3, b], fill(7, 64)],
  leave: [],
  nick: ['Ada'],
  deviceAdd: [fill(5, 100)],
  deviceRevoke: [fill(5, 90), [a, b]],
  identityEntry: [fill(5, 90)],
  threadCreate: [a, 1, null],
  threadMember: [a, b, 1],
  gather: [],
  inviteCreate: [a, null, null, [b], 1_800_000_000_000, 5, null],
  inviteRevoke: [a, 'done'],
  memberNick: [a, null, null],
  memberVoice: [a, 1, null, null],
  kick: [a, null],
  ban: [a, 'spam'],
  unban: [a, null],
  timeout: [a, 1_800_000_000_000, null],
  seal: [a, b, null],
  cutExtend: [a, [[b, 9, c]], null],
  roleCreate: ['mod', Uint8Array.of(128, 7), perms, 0xff0000, 1, 0, null],
  roleEdit: [
    a,
    [
      [0, 'x'],
      [1, 255]
    ],
    perms,
    fill(0, 16),
    null
  ],
  roleMove: [a, Uint8Array.of(3), null],
  roleDelete: [a, null],
  roleAssign: [a, b, null],
  roleUnassign: [a, b, null],
  channelCreate: [
    1,
    null,
    'general',
    null,
    Uint8Array.of(1),
    0,
    [2, 30],
    0,
    0,
    [[0, a, perms, fill(0, 16)]],
    null
  ],
  channelEdit: [
    a,
    [
      [2, 60],
      [3, [1]]
    ],
    null
  ],
  channelMove: [a, b, Uint8Array.of(2), null],
  channelDelete: [a, null],
  threadEdit: [a, [[1, 1]], null],
  overwrite: [a, 1, b, fill(0, 16), perms, fill(0, 16), null],
  threadDelete: [a, null],
  serverSet: [
    [
      [0, 'new name'],
      [2, ['/dns4/node.example/tcp/443']],
      [4, a],
      [5, 300]
    ],
    null
  ],
  policySet: [[[0, 1]], null],
  protoRaise: [2, null],
  transfer: [a, [b, fill(7, 64)], [fill(5, 70), fill(8, 64)], null],
  automodSet: [null, fill(1, 5), null],
  automodDelete: [a, null],
  objectSet: [null, 0, null, 'wave', fill(1, 5), null],
  objectDelete: [a, null],
  checkpoint: [1, a, [], [b], 10, c, a, b, null, []],
  transferRecover: [a, b, [[c, fill(7, 64)]], null]
}

const wrongBodies: readonly (readonly [string, number, readonly CborValue[], string])[] = [
  ['a kind nobody defined', 10, [], 'AU7'],
  ['a field too few', 20, [a], 'AU12'],
  ['a field too many', 20, [a, null, null], 'AU12'],
  ['a reason above 512 bytes', 20, [a, 'x'.repeat(513)], 'AU12'],
  ['a name of 101 bytes', 3, ['x'.repeat(101)], 'AU12'],
  ['a name without bytes', 3, [''], 'AU12'],
  ['a position that ends in zero', 34, [a, Uint8Array.of(1, 0), null], 'AU12'],
  ['a position of 17 bytes', 34, [a, fill(1, 17), null], 'AU12'],
  ['a permission set of 15 bytes', 32, ['r', Uint8Array.of(1), fill(0, 15), 0, 0, 0, null], 'AU12'],
  [
    'rows out of order',
    64,
    [
      [
        [2, []],
        [0, 'n']
      ],
      null
    ],
    'AU12'
  ],
  [
    'a row twice',
    64,
    [
      [
        [0, 'n'],
        [0, 'n']
      ],
      null
    ],
    'AU12'
  ],
  ['a row with an unknown key', 64, [[[9, 'n']], null], 'AU12'],
  ['no rows', 64, [[], null], 'AU12'],
  ['a flag of 2', 7, [a, 2, null], 'AU12'],
  [
    'a channel kind nobody defined',
    48,
    [6, null, 'x', null, Uint8Array.of(1), 0, [0], 0, 0, [], null],
    'AU12'
  ],
  ['slow mode of 21,601 s', 49, [a, [[2, 21_601]], null], 'AU12'],
  ['a history mode without days', 49, [a, [[3, [2]]], null], 'AU12']
]

/** vectors/operation/bodies.json */
export function bodyVectors(): object {
  return {
    valid: (Object.keys(KINDS) as KindName[]).map(name => ({
      name,
      kind: KINDS[name][0],
      class: KINDS[name][1],
      body: toHex(encodeCbor(sampleBodies[name]))
    })),
    invalid: wrongBodies.map(([why, kind, body, rule]) => ({
      why,
      kind,
      body: toHex(encodeCbor(body)),
      rule
    }))
  }
}
