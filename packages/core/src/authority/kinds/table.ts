/** AU12's table: number, class and body schema of every kind. What each needs and writes is in its plan. */
import type { Verdict } from '../../base/index.ts'
import { type CborValue, type Infer, readSchema, type Schema } from '../../encoding/index.ts'
import * as bodies from './bodies.ts'

/** Every kind by name: `[number, class, schema]`; S operations form heads, L operations do not (AU8). */
export const KINDS = {
  genesis: [0, 'S', bodies.genesisBody],
  join: [1, 'L', bodies.joinBody],
  leave: [2, 'L', bodies.leaveBody],
  nick: [3, 'L', bodies.nickBody],
  deviceAdd: [4, 'L', bodies.deviceAddBody],
  deviceRevoke: [5, 'L', bodies.deviceRevokeBody],
  identityEntry: [6, 'L', bodies.identityEntryBody],
  threadCreate: [7, 'L', bodies.threadCreateBody],
  threadMember: [8, 'L', bodies.threadMemberBody],
  gather: [9, 'S', bodies.gatherBody],
  inviteCreate: [16, 'S', bodies.inviteCreateBody],
  inviteRevoke: [17, 'S', bodies.inviteRevokeBody],
  memberNick: [18, 'S', bodies.memberNickBody],
  memberVoice: [19, 'S', bodies.memberVoiceBody],
  kick: [20, 'S', bodies.userBody],
  ban: [21, 'S', bodies.userBody],
  unban: [22, 'S', bodies.userBody],
  timeout: [23, 'S', bodies.timeoutBody],
  seal: [24, 'S', bodies.sealBody],
  cutExtend: [25, 'S', bodies.cutExtendBody],
  roleCreate: [32, 'S', bodies.roleCreateBody],
  roleEdit: [33, 'S', bodies.roleEditBody],
  roleMove: [34, 'S', bodies.roleMoveBody],
  roleDelete: [35, 'S', bodies.roleDeleteBody],
  roleAssign: [36, 'S', bodies.assignmentBody],
  roleUnassign: [37, 'S', bodies.assignmentBody],
  channelCreate: [48, 'S', bodies.channelCreateBody],
  channelEdit: [49, 'S', bodies.channelEditBody],
  channelMove: [50, 'S', bodies.channelMoveBody],
  channelDelete: [51, 'S', bodies.channelDeleteBody],
  threadEdit: [52, 'S', bodies.threadEditBody],
  overwrite: [53, 'S', bodies.overwriteBody],
  threadDelete: [54, 'S', bodies.threadDeleteBody],
  serverSet: [64, 'S', bodies.serverSetBody],
  policySet: [65, 'S', bodies.policySetBody],
  protoRaise: [66, 'S', bodies.protoRaiseBody],
  transfer: [67, 'S', bodies.transferBody],
  automodSet: [68, 'S', bodies.automodSetBody],
  automodDelete: [69, 'S', bodies.automodDeleteBody],
  objectSet: [70, 'S', bodies.objectSetBody],
  objectDelete: [71, 'S', bodies.objectDeleteBody],
  checkpoint: [80, 'S', bodies.checkpointBody],
  transferRecover: [81, 'S', bodies.transferRecoverBody]
} as const

/** Name of a kind. */
export type KindName = keyof typeof KINDS
/** Body of a kind in memory. */
export type BodyOf<N extends KindName> = Infer<(typeof KINDS)[N][2]>
/** A decoded body that knows its kind. */
export type KindBody = { readonly [N in KindName]: { readonly name: N; readonly body: BodyOf<N> } }[KindName]

const NAMES = Object.keys(KINDS) as KindName[]
const BY_NUMBER = new Map<number, KindName>(NAMES.map(name => [KINDS[name][0], name]))

/** Name of a kind number, or undefined for one this version does not know. */
export function kindName(number: number): KindName | undefined {
  return BY_NUMBER.get(number)
}

/** Whether operations of this kind form heads (AU8). Unknown kinds do not get so far. */
export function isSpine(number: number): boolean {
  const name = BY_NUMBER.get(number)
  return name !== undefined && KINDS[name][1] === 'S'
}

/** Reads a body by its kind's schema; AU7 for a kind that this version does not know. */
export function decodeBody(kind: number, body: readonly CborValue[]): Verdict<KindBody> {
  const name = BY_NUMBER.get(kind)
  if (name === undefined)
    return { ok: false, rule: 'AU7', reason: `kind ${kind} is not known to protocol version 1` }
  const schema = KINDS[name][2] as Schema<unknown>
  const read = readSchema(schema, body, 'AU12')
  return read.ok ? { ok: true, value: { name, body: read.value } as KindBody } : read
}

/** The array of a body, in wire order. @throws RangeError or TypeError for values out of bounds: ours. */
export function encodeBody<N extends KindName>(name: N, body: BodyOf<N>): readonly CborValue[] {
  return (KINDS[name][2] as Schema<unknown>).write(body) as readonly CborValue[]
}
