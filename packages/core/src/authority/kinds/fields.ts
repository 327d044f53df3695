/** Schema pieces that the bodies of AU12 share. */
import {
  CERTIFICATE_BYTES_MAX,
  type ChannelId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type InviteId,
  NAME_BYTES_MAX,
  type OperationId,
  REASON_BYTES_MAX,
  type RoleId,
  type UserId
} from '../../base/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  mapped,
  nullable,
  type Schema,
  text,
  tuple,
  uint
} from '../../encoding/index.ts'
import { permissionBitsOf, permissionBytes } from '../flags.ts'

export const userId: Schema<UserId> = mapped(bytes(32), 'a user id', raw => idFromBytes('u', raw), idToBytes)
export const deviceId: Schema<DeviceId> = mapped(
  bytes(32),
  'a device key',
  raw => idFromBytes('d', raw),
  idToBytes
)
export const roleId: Schema<RoleId> = mapped(bytes(32), 'a role id', raw => idFromBytes('r', raw), idToBytes)
export const channelId: Schema<ChannelId> = mapped(
  bytes(32),
  'a channel id',
  raw => idFromBytes('c', raw),
  idToBytes
)
export const inviteId: Schema<InviteId> = mapped(
  bytes(32),
  'an invite id',
  raw => idFromBytes('i', raw),
  idToBytes
)
export const operationId: Schema<OperationId> = mapped(
  bytes(32),
  'an operation id',
  raw => idFromBytes('o', raw),
  idToBytes
)

export const certificate = bytes(1, CERTIFICATE_BYTES_MAX)
export const name = text(NAME_BYTES_MAX, 1)
export const reason = nullable(text(REASON_BYTES_MAX))
/** 16 big-endian bytes (AU3). */
export const permissionSet: Schema<bigint> = mapped(
  bytes(16),
  'a permission set',
  permissionBitsOf,
  permissionBytes
)
/** AU11: at most 16 bytes, none trailing that is zero; empty is the bottom. */
export const position: Schema<Uint8Array> = mapped(
  bytes(0, 16),
  'a position without trailing zero',
  raw => (raw.length > 0 && raw[raw.length - 1] === 0 ? undefined : raw),
  raw => raw
)
/** EK15: [0] all, [1] join, [2, days]. */
export const history: Schema<readonly number[]> = mapped(
  array(uint(3_650), 2, 1),
  'a history mode',
  mode =>
    (mode.length === 1 && (mode[0] as number) <= 1) ||
    (mode.length === 2 && mode[0] === 2 && (mode[1] as number) > 0)
      ? mode
      : undefined,
  mode => mode
)
/** 0 or 1: a boolean that merges by AU24. */
export const flag = uint(1)
/** The user key a credential's holder announces (ID7). */
export const userKey = tuple({ generation: uint(0xffff_ffff), boxPublicKey: bytes(32) })
export type UserKeyField = { readonly generation: number; readonly boxPublicKey: Uint8Array }

/** One row of an edit. */
export interface Row {
  readonly key: number
  readonly value: CborValue
}

/** Edits: rows `[key, value]`, keys ascending, each value by its key's schema. At least `min`. */
export function rows(schemas: Readonly<Record<number, Schema<unknown>>>, min = 1): Schema<readonly Row[]> {
  const known = Object.keys(schemas).length
  return mapped(
    array(tuple({ key: uint(known - 1), value: anything }), known, min),
    'rows by ascending key',
    read => {
      for (const [index, row] of read.entries()) {
        if (index > 0 && (read[index - 1] as Row).key >= row.key) return undefined
        const schema = schemas[row.key]
        if (schema === undefined) return undefined
        schema.read(row.value, `row ${row.key}`)
      }
      return read
    },
    written => {
      const sorted = [...written].sort((a, b) => a.key - b.key)
      for (const row of sorted) schemas[row.key]?.read(row.value, `row ${row.key}`)
      return sorted
    }
  )
}
