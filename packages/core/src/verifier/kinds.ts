/** Bodies of AU12's kinds, as the verifier reads them: written from the page, not from the resolver. */
import { idFromBytes, type IdLetter, idToBytes } from '../base/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  type Infer,
  mapped,
  nullable,
  readSchema,
  type Schema,
  text,
  tuple,
  uint
} from '../encoding/index.ts'

const id = (letter: IdLetter): Schema<string> =>
  mapped(
    bytes(32),
    'an id',
    raw => idFromBytes(letter, raw) as string,
    each => idToBytes(each as never)
  )
/** AU3: 16 big-endian bytes. */
const set: Schema<readonly number[]> = mapped(
  bytes(16),
  'a set',
  raw =>
    Array.from({ length: 128 }, (_, bit) => bit).filter(
      bit => (((raw[15 - (bit >> 3)] as number) >> (bit & 7)) & 1) === 1
    ),
  () => new Uint8Array(16)
)
const position = mapped(
  bytes(0, 16),
  'a position',
  raw => (raw.at(-1) === 0 ? undefined : raw),
  raw => raw
)
const history = mapped(
  array(uint(3_650), 2, 1),
  'a history mode',
  mode =>
    (mode.length === 1 ? (mode[0] as number) <= 1 : mode[0] === 2 && mode[1] !== 0) ? mode : undefined,
  mode => mode
)
const flag = uint(1)
const name = text(100, 1)
const long = nullable(text(4_096))
const reason = nullable(text(512))
const payload = bytes(1, 8_192)
const key = tuple({ generation: uint(0xffff_ffff), box: bytes(32) })
const certificate = bytes(1, 2_048)
const [user, device, role, channel, invite, op] = [id('u'), id('d'), id('r'), id('c'), id('i'), id('o')]

export interface Row {
  readonly key: number
  readonly value: CborValue
}

function rows(values: readonly Schema<unknown>[], min = 1): Schema<readonly Row[]> {
  return mapped(
    array(tuple({ key: uint(values.length - 1), value: anything }), values.length, min),
    'rows by ascending key',
    read =>
      read.every((row, at) => {
        ;(values[row.key] as Schema<unknown>).read(row.value, '')
        return at === 0 || (read[at - 1] as Row).key < row.key
      })
        ? read
        : undefined,
    read => read
  )
}

const srv = [
  name,
  nullable(bytes(1, 2_048)),
  array(text(256, 1), 16),
  long,
  nullable(bytes(32)),
  uint(86_400, 60)
]
const policy = [uint(255), uint(8), flag, flag, flag, uint(10_000), nullable(bytes(32))].map((each, at) =>
  at === 2 ? uint(1) : each
)
const target = { user, reason }

/** Number, whether it forms heads (AU8), body. */
export const KINDS = {
  genesis: [
    0,
    true,
    tuple({ certificate, key, everyone: set, policy: rows(policy, 0), srv: rows(srv), nonce: bytes(16) })
  ],
  join: [1, false, tuple({ invite, certificate, key, signature: bytes(64) })],
  leave: [2, false, tuple({})],
  nick: [3, false, tuple({ nick: nullable(name) })],
  deviceAdd: [4, false, tuple({ certificate })],
  deviceRevoke: [5, false, tuple({ proof: payload, devices: array(device, 64, 1) })],
  identityEntry: [6, false, tuple({ proof: payload })],
  threadCreate: [7, false, tuple({ parent: channel, private: flag, name: nullable(name) })],
  threadMember: [8, false, tuple({ thread: channel, user, member: flag })],
  gather: [9, true, tuple({})],
  inviteCreate: [
    16,
    true,
    tuple({
      key: bytes(32),
      box: nullable(bytes(32)),
      user: nullable(user),
      roles: array(role, 16),
      notAfter: nullable(uint()),
      uses: nullable(uint(1_000_000, 1)),
      reason
    })
  ],
  inviteRevoke: [17, true, tuple({ invite, reason })],
  memberNick: [18, true, tuple({ user, nick: nullable(name), reason })],
  memberVoice: [19, true, tuple({ user, mute: nullable(flag), deaf: nullable(flag), reason })],
  kick: [20, true, tuple(target)],
  ban: [21, true, tuple(target)],
  unban: [22, true, tuple(target)],
  timeout: [23, true, tuple({ user, until: uint(), reason })],
  seal: [24, true, tuple({ user, role: nullable(role), reason })],
  cutExtend: [
    25,
    true,
    tuple({ denial: op, rows: array(tuple({ device, seq: uint(), last: bytes(32) }), 64, 1), reason })
  ],
  roleCreate: [
    32,
    true,
    tuple({ name, position, bits: set, color: uint(0xff_ffff), hoist: flag, mentionable: flag, reason })
  ],
  roleEdit: [
    33,
    true,
    tuple({ role, rows: rows([name, uint(0xff_ffff), flag, flag, flag], 0), set, clear: set, reason })
  ],
  roleMove: [34, true, tuple({ role, position, reason })],
  roleDelete: [35, true, tuple({ role, reason })],
  roleAssign: [36, true, tuple({ user, role, reason })],
  roleUnassign: [37, true, tuple({ user, role, reason })],
  channelCreate: [
    48,
    true,
    tuple({
      kind: uint(5),
      parent: nullable(channel),
      name: nullable(name),
      topic: long,
      position,
      slow: uint(21_600),
      history,
      synced: flag,
      nsfw: flag,
      overwrites: array(tuple({ target: flag, id: bytes(32), allow: set, deny: set }), 64),
      reason
    })
  ],
  channelEdit: [
    49,
    true,
    tuple({
      channel,
      rows: rows([nullable(name), long, uint(21_600), history, flag, flag, uint(99), uint(512, 8)]),
      reason
    })
  ],
  channelMove: [50, true, tuple({ channel, parent: nullable(channel), position, reason })],
  channelDelete: [51, true, tuple({ channel, reason })],
  threadEdit: [
    52,
    true,
    tuple({ thread: channel, rows: rows([nullable(name), flag, flag, uint(21_600)]), reason })
  ],
  overwrite: [
    53,
    true,
    tuple({ channel, target: flag, id: bytes(32), allow: set, deny: set, none: set, reason })
  ],
  threadDelete: [54, true, tuple({ thread: channel, reason })],
  serverSet: [64, true, tuple({ rows: rows(srv), reason })],
  policySet: [65, true, tuple({ rows: rows(policy), reason })],
  protoRaise: [66, true, tuple({ version: uint(0xffff, 1), reason })],
  transfer: [
    67,
    true,
    tuple({
      user,
      consent: tuple({ device, signature: bytes(64) }),
      root: nullable(tuple({ genesis: bytes(1, 1_024), signature: bytes(64) })),
      reason
    })
  ],
  automodSet: [68, true, tuple({ rule: nullable(op), payload, reason })],
  automodDelete: [69, true, tuple({ rule: op, reason })],
  objectSet: [
    70,
    true,
    tuple({ object: nullable(op), type: uint(4), channel: nullable(channel), name, payload, reason })
  ],
  objectDelete: [71, true, tuple({ object: op, reason })],
  checkpoint: [
    80,
    true,
    tuple({
      epoch: uint(),
      prev: bytes(32),
      skip: array(bytes(32), 0),
      heads: array(op, 16, 1),
      count: uint(),
      fingerprint: bytes(32),
      root: bytes(32),
      tips: bytes(32),
      notaries: nullable(bytes(0)),
      signatures: array(bytes(64), 0)
    })
  ]
} as const

export type Name = keyof typeof KINDS
export type BodyOf<N extends Name> = Infer<(typeof KINDS)[N][2]>
export type Body = { readonly [N in Name]: { readonly name: N; readonly body: BodyOf<N> } }[Name]

const BY_NUMBER = new Map(Object.entries(KINDS).map(([each, [number]]) => [number as number, each as Name]))

/** A body by its kind; undefined where it does not fit, or the kind is none of version 1's (AU7). */
export function readBody(kind: number, body: CborValue): Body | undefined {
  const found = BY_NUMBER.get(kind)
  if (found === undefined) return undefined
  const read = readSchema(KINDS[found][2] as Schema<unknown>, body, 'AU12')
  return read.ok ? ({ name: found, body: read.value } as Body) : undefined
}
