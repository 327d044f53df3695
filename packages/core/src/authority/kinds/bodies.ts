/** Body schemas of every kind of AU12, in the table's order. docs/spec/authority.md states the same. */
import { NAME_BYTES_MAX, TOPIC_BYTES_MAX } from '../../base/index.ts'
import { array, bytes, nullable, text, tuple, uint } from '../../encoding/index.ts'
import {
  certificate,
  channelId,
  deviceId,
  flag,
  history,
  inviteId,
  name,
  operationId,
  permissionSet,
  position,
  reason,
  roleId,
  rows,
  userId,
  userKey
} from './fields.ts'

/** Rows of `srv` (64, and the genesis): name, icon, node list, description, channel for the idle, idle after (s). */
export const serverRows = {
  0: name,
  1: nullable(bytes(1, 2_048)),
  2: array(text(256, 1), 16),
  3: nullable(text(TOPIC_BYTES_MAX)),
  4: nullable(bytes(32)),
  5: uint(86_400, 60)
}
/** Rows of `policy`: minSuite, j, invite mode (0 open, 1 approval), root signature waived, recovery, notary threshold, aclRoot. */
export const policyRows = {
  0: uint(255),
  1: uint(8),
  2: uint(1),
  3: flag,
  4: flag,
  5: uint(10_000),
  6: nullable(bytes(32))
}
/** Rows of role.edit: name, colour, hoist, mentionable, notary. */
export const roleRows = { 0: name, 1: uint(0xff_ffff), 2: flag, 3: flag, 4: flag }
/** Rows of channel.edit: name, topic, slow mode (s), history, synced, nsfw, user limit, bit rate (kbit/s). */
export const channelRows = {
  0: nullable(name),
  1: nullable(text(TOPIC_BYTES_MAX)),
  2: uint(21_600),
  3: history,
  4: flag,
  5: flag,
  6: uint(99),
  7: uint(512, 8)
}
/** Rows of thread.edit: name, archived, locked, slow mode (s). */
export const threadRows = { 0: nullable(name), 1: flag, 2: flag, 3: uint(21_600) }

export const CHANNEL_KINDS = ['category', 'text', 'voice', 'forum', 'stage', 'announcement'] as const

/** One first overwrite of a channel: 0 role or 1 member, the target, allowed and denied bits. */
export const overwriteRow = tuple({
  target: uint(1),
  id: bytes(32),
  allow: permissionSet,
  deny: permissionSet
})

const payload = bytes(1, 8_192)

export const genesisBody = tuple({
  credential: certificate,
  userKey,
  everyone: permissionSet,
  policy: rows(policyRows, 0),
  srv: rows(serverRows),
  nonce: bytes(16)
})
export const joinBody = tuple({ invite: inviteId, credential: certificate, userKey, signature: bytes(64) })
export const leaveBody = tuple({})
export const nickBody = tuple({ nick: nullable(name) })
export const deviceAddBody = tuple({ credential: certificate })
export const deviceRevokeBody = tuple({ revocation: bytes(1, 8_192), devices: array(deviceId, 64, 1) })
export const identityEntryBody = tuple({ entry: bytes(1, 8_192) })
export const threadCreateBody = tuple({ parent: channelId, private: flag, name: nullable(name) })
export const threadMemberBody = tuple({ thread: channelId, user: userId, member: flag })
export const gatherBody = tuple({})
export const inviteCreateBody = tuple({
  signPublicKey: bytes(32),
  boxPublicKey: nullable(bytes(32)),
  user: nullable(userId),
  roles: array(roleId, 16),
  notAfter: nullable(uint()),
  maxUses: nullable(uint(1_000_000, 1)),
  reason
})
export const inviteRevokeBody = tuple({ invite: inviteId, reason })
export const memberNickBody = tuple({ user: userId, nick: nullable(name), reason })
export const memberVoiceBody = tuple({ user: userId, mute: nullable(flag), deaf: nullable(flag), reason })
/** Kinds 20, 21 and 22. */
export const userBody = tuple({ user: userId, reason })
export const timeoutBody = tuple({ user: userId, until: uint(), reason })
export const sealBody = tuple({ user: userId, role: nullable(roleId), reason })
export const cutExtendBody = tuple({
  denial: operationId,
  rows: array(tuple({ device: deviceId, contentSeq: uint(), envelope: bytes(32) }), 64, 1),
  reason
})
export const roleCreateBody = tuple({
  name,
  position,
  permissions: permissionSet,
  color: uint(0xff_ffff),
  hoist: flag,
  mentionable: flag,
  reason
})
export const roleEditBody = tuple({
  role: roleId,
  rows: rows(roleRows, 0),
  set: permissionSet,
  clear: permissionSet,
  reason
})
export const roleMoveBody = tuple({ role: roleId, position, reason })
export const roleDeleteBody = tuple({ role: roleId, reason })
/** Kinds 36 and 37. */
export const assignmentBody = tuple({ user: userId, role: roleId, reason })
export const channelCreateBody = tuple({
  kind: uint(CHANNEL_KINDS.length - 1),
  parent: nullable(channelId),
  name: nullable(name),
  topic: nullable(text(TOPIC_BYTES_MAX)),
  position,
  slowModeSeconds: uint(21_600),
  history,
  synced: flag,
  nsfw: flag,
  overwrites: array(overwriteRow, 64),
  reason
})
export const channelEditBody = tuple({ channel: channelId, rows: rows(channelRows), reason })
export const channelMoveBody = tuple({ channel: channelId, parent: nullable(channelId), position, reason })
export const channelDeleteBody = tuple({ channel: channelId, reason })
export const threadEditBody = tuple({ thread: channelId, rows: rows(threadRows), reason })
export const overwriteBody = tuple({
  channel: channelId,
  target: uint(1),
  id: bytes(32),
  allow: permissionSet,
  deny: permissionSet,
  none: permissionSet,
  reason
})
export const threadDeleteBody = tuple({ thread: channelId, reason })
export const serverSetBody = tuple({ rows: rows(serverRows), reason })
export const policySetBody = tuple({ rows: rows(policyRows), reason })
export const protoRaiseBody = tuple({ version: uint(0xffff, 1), reason })
export const transferBody = tuple({
  user: userId,
  consent: tuple({ device: deviceId, signature: bytes(64) }),
  root: nullable(tuple({ genesis: bytes(1, 1_024), signature: bytes(64) })),
  reason
})
export const automodSetBody = tuple({ rule: nullable(operationId), payload, reason })
export const automodDeleteBody = tuple({ rule: operationId, reason })
/** 0 emoji, 1 sticker, 2 sound, 3 webhook, 4 event. */
export const objectSetBody = tuple({
  object: nullable(operationId),
  type: uint(4),
  channel: nullable(channelId),
  name: text(NAME_BYTES_MAX, 1),
  payload,
  reason
})
export const objectDeleteBody = tuple({ object: operationId, reason })
/** AU41. Snapshots of version 1 leave `skip`, `notaryRoot` and `sigs` empty. */
export const checkpointBody = tuple({
  epoch: uint(),
  prev: bytes(32),
  skip: array(bytes(32), 32),
  heads: array(operationId, 16, 1),
  opCount: uint(),
  setFp: bytes(32),
  stateRoot: bytes(32),
  tipsRoot: bytes(32),
  notaryRoot: nullable(bytes(32)),
  sigs: array(bytes(64), 64)
})
export const transferRecoverBody = tuple({
  user: userId,
  checkpoint: operationId,
  sigs: array(tuple({ device: deviceId, signature: bytes(64) }), 64, 1),
  reason
})
