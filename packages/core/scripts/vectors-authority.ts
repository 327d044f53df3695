/**
 * Writes docs/spec/vectors/operation and docs/spec/vectors/authority: operations on the wire, every kind's body,
 * whole histories with their outcome and state hash, permissions; invalid cases with the rule that refuses them.
 * `node --conditions=xcord-source packages/core/scripts/vectors-authority.ts`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idAs, idToBytes, type OperationId } from '../src/base/index.ts'
import {
  computePermissions,
  draft,
  draftBan,
  draftChannelCreate,
  draftInviteRevoke,
  draftKick,
  draftOverwrite,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleEdit,
  draftRoleUnassign,
  effectivePermissions,
  KINDS,
  type KindName,
  permissionsToBits
} from '../src/authority/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, concatBytes, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import type { Operation } from '../src/graph/index.ts'
import {
  accountOf,
  foundServer,
  joinOf,
  makeInvite,
  START,
  transferTo,
  type VectorSite
} from './authority-stage.ts'
import { fill, flipLast, toHex } from './vector-tools.ts'

const hex = (id: string): string => toHex(idToBytes(id as OperationId))

/** JSON of an operation's fields, ids in hex. */
export function plainOperation(operation: Operation): object {
  const { id, server, kind, device, seq, prev, parents, refs, lamport, at, body, cut } = operation
  return {
    id: hex(id),
    server: hex(server),
    kind,
    device: hex(device),
    seq,
    prev: prev === null ? null : hex(prev),
    parents: parents.map(hex),
    refs: refs.map(hex),
    lamport,
    at,
    body: toHex(encodeCbor(body)),
    cut:
      cut === null
        ? null
        : cut.map(row => [
            hex(row.device),
            row.seq,
            row.operation === null ? null : hex(row.operation),
            row.contentSeq,
            row.envelope === null ? null : toHex(row.envelope)
          ])
  }
}

function operationVectors(suite: Suite): object {
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
  const [payload, sig] = (decodeCbor(good.bytes) as { value: readonly [Uint8Array, Uint8Array] }).value
  const fields = (decodeCbor(payload) as { value: readonly CborValue[] }).value
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
      [2, ['/dns4/node.example/tcp/443']]
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

function bodyVectors(): object {
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

/** A history with what has to come of it. */
function historyOf(
  note: string,
  site: VectorSite,
  refused: readonly (readonly [string, Operation, string])[] = []
): object {
  const state = site.log.state()
  return {
    note,
    operations: site.operations.map(op => toHex(op.bytes)),
    voided: site.operations.flatMap(op => {
      const standing = site.log.standing(op.id)
      return standing?.standing === 'voided'
        ? [{ id: hex(op.id), rule: standing.rule, by: standing.by === undefined ? null : hex(standing.by) }]
        : []
    }),
    refused: refused.map(([why, op, rule]) => ({ why, bytes: toHex(op.bytes), rule })),
    heads: site.log.heads().map(hex),
    leaves: site.log.leaves().map(hex),
    owner: hex(state.owner),
    members: [...state.members()].map(member => hex(member.user)).sort(),
    banned: [...state.banned()].map(hex).sort(),
    stateHash: toHex(state.hash())
  }
}

function histories(suite: Suite): object[] {
  const [ada, grace, alan, mary] = ['ada', 'grace', 'alan', 'mary'].map(name => accountOf(suite, name)) as [
    ReturnType<typeof accountOf>,
    ReturnType<typeof accountOf>,
    ReturnType<typeof accountOf>,
    ReturnType<typeof accountOf>
  ]
  const base = foundServer(suite, ada)
  const invite = makeInvite(base, ada, 'open')
  for (const who of [grace, alan]) base.act(who, joinOf(base, who, invite))
  const moderator = idAs(
    'r',
    base.act(
      ada,
      draftRoleCreate({
        name: 'moderator',
        position: Uint8Array.of(8),
        permissions: ['KickMembers', 'BanMembers', 'ManageRoles', 'ManageChannels', 'ModerateMembers']
      })
    ).id
  )
  const helper = idAs(
    'r',
    base.act(
      ada,
      draftRoleCreate({ name: 'helper', position: Uint8Array.of(3), permissions: ['KickMembers'] })
    ).id
  )
  base.act(ada, draftRoleAssign(grace.user, moderator))
  const channel = idAs(
    'c',
    base.act(grace, draftChannelCreate({ kind: 'text', name: 'general', position: Uint8Array.of(1) })).id
  )
  base.act(ada, draftOverwrite(channel, helper, { deny: ['SendMessages'] }))
  const out = [
    historyOf('a server with roles, a channel and an overwrite', base, [
      ['a kick without the permission', base.sign(alan, draftKick(grace.user)), 'AU14'],
      [
        "a role above one's own",
        base.sign(grace, draftRoleCreate({ name: 'high', position: Uint8Array.of(9) })),
        'AU14'
      ],
      ['a bit one lacks', base.sign(grace, draftRoleEdit(helper, { set: ['Administrator'] })), 'AU14'],
      [
        'a lamport one too high',
        base.sign(ada, draftRoleAssign(alan.user, helper), fields => ({
          ...fields,
          lamport: fields.lamport + 1
        })),
        'AU1'
      ],
      [
        "a ts before its parents'",
        base.sign(ada, draftRoleAssign(alan.user, helper), fields => ({ ...fields, at: START })),
        'AU1'
      ],
      [
        'a leaf among the parents',
        base.sign(ada, draftRoleAssign(alan.user, helper), fields => ({
          ...fields,
          parents: [...fields.parents, base.operations[2]?.id as OperationId]
        })),
        'AU1'
      ],
      ['a second genesis', foundServer(suite, grace).operations[0] as Operation, 'AU1']
    ])
  ]
  const [left, right] = [base.copy(), base.copy()]
  left.act(ada, draftRoleUnassign(grace.user, moderator))
  right.act(grace, draftRoleAssign(alan.user, helper))
  right.act(grace, draftBan(alan.user, 'noise'))
  out.push(
    historyOf('AU-S12: what a moderator did while being demoted falls', base.copy().merge(left, right))
  )
  const transferred = base.copy()
  transferred.act(ada, transferTo(transferred, ada, alan))
  const meanwhile = base.copy()
  meanwhile.act(ada, draftBan(alan.user))
  out.push(
    historyOf("AU-S31: a transfer beats the old owner's ban", base.copy().merge(transferred, meanwhile))
  )
  const once = base.copy()
  const single = makeInvite(once, ada, 'once', 1)
  const [first, second] = [once.copy(), once.copy()]
  first.act(mary, joinOf(first, mary, single))
  const late = accountOf(suite, 'late')
  second.act(late, joinOf(second, late, single))
  out.push(historyOf('AU-S26: one use, two joins', once.copy().merge(first, second)))
  const [closing, joining] = [base.copy(), base.copy()]
  closing.act(ada, draftInviteRevoke(invite.invite))
  closing.act(ada, draft('timeout', { user: alan.user, until: closing.now + 60_000, reason: null }))
  joining.act(mary, joinOf(joining, mary, invite))
  joining.act(alan, draft('nick', { nick: 'Al' }))
  out.push(
    historyOf(
      'AU-S25 and AU-S43: an invite closed, a timeout set, meanwhile a join and a nickname',
      base.copy().merge(closing, joining)
    )
  )
  const stage = base.copy()
  const admin = idAs(
    'r',
    stage.act(
      ada,
      draftRoleCreate({ name: 'admin', position: Uint8Array.of(10), permissions: ['ManageRoles'] })
    ).id
  )
  stage.act(ada, draftRoleAssign(alan.user, admin))
  stage.act(mary, joinOf(stage, mary, invite))
  const [banning, demoting, overruling] = [stage.copy(), stage.copy(), stage.copy()]
  banning.act(grace, draftBan(mary.user))
  demoting.act(alan, draftRoleUnassign(grace.user, moderator))
  const between = stage.copy().merge(banning, demoting)
  between.act(mary, draft('nick', { nick: 'safe' }))
  overruling.act(ada, draftRoleUnassign(alan.user, admin))
  out.push(
    historyOf(
      'AU19: a ban stands again after its target acted while it seemed void',
      between.merge(overruling)
    )
  )
  return out
}

function permissionVectors(): object[] {
  const roles = [
    {
      id: 'everyone',
      permissions: permissionsToBits(['ViewChannel', 'SendMessages', 'Connect', 'ReadMessageHistory'])
    },
    { id: 'a', permissions: permissionsToBits(['ManageMessages']) },
    { id: 'admin', permissions: permissionsToBits(['Administrator']) }
  ]
  const base = { owner: 'o', member: 'm', everyone: 'everyone', roles }
  const none = 0n
  const send = permissionsToBits(['SendMessages'])
  const view = permissionsToBits(['ViewChannel'])
  const cases = [
    { note: 'base', ...base, held: ['a'] },
    { note: 'owner', ...base, member: 'o', held: [] },
    {
      note: 'administrator despite a denial',
      ...base,
      held: ['admin'],
      channelKind: 'text' as const,
      overwrites: [{ id: 'm', kind: 'member' as const, allow: none, deny: view }]
    },
    {
      note: "a role's allow over everyone's deny",
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      overwrites: [
        { id: 'everyone', kind: 'role' as const, allow: none, deny: send },
        { id: 'a', kind: 'role' as const, allow: send, deny: none }
      ]
    },
    {
      note: 'no view, nothing',
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      overwrites: [{ id: 'everyone', kind: 'role' as const, allow: none, deny: view }]
    },
    {
      note: 'timed out',
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      timeoutUntil: 10,
      overwrites: []
    },
    {
      note: 'voice without connecting',
      ...base,
      held: ['a'],
      channelKind: 'voice' as const,
      overwrites: [
        { id: 'everyone', kind: 'role' as const, allow: none, deny: permissionsToBits(['Connect']) }
      ]
    }
  ]
  return cases.map(({ note, ...input }) => ({
    note,
    input: JSON.parse(
      JSON.stringify(input, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
    ) as object,
    at: 5,
    computed: computePermissions(input).toString(),
    effective: effectivePermissions({ ...input, at: 5 }).toString()
  }))
}

/** Every file by folder and name. */
export async function buildAuthorityVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return {
    'operation/operations': operationVectors(suite),
    'operation/bodies': bodyVectors(),
    'authority/histories': histories(suite),
    'authority/permissions': permissionVectors()
  }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildAuthorityVectors())) {
    const url = new URL(`../../../docs/spec/vectors/${name}.json`, import.meta.url)
    await mkdir(new URL('.', url), { recursive: true })
    await writeFile(url, `${JSON.stringify(content, null, 1)}\n`)
  }
}
