/** Which values a cell of each family may have (AU58): a snapshot is a stranger's until it was replayed. */
import {
  bytes,
  type CborValue,
  nullable,
  readSchema,
  type Schema,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import {
  CHANNEL_KINDS,
  channelRows,
  inviteCreateBody,
  policyRows,
  roleRows,
  serverRows
} from './kinds/bodies.ts'
import { flag, position } from './kinds/fields.ts'
import type { Part } from './snapshot-families.ts'

type Shape = Schema<unknown>

const id = bytes(32)
const name = nullable(text(400))
const stringed = (values: readonly string[]): Shape => ({
  read: (value, path) => {
    const found = values.indexOf(value as string)
    uint(values.length - 1).read(found < 0 ? null : found, path)
    return value
  },
  write: value => value as CborValue
})

const ROLE: Readonly<Record<string, Shape>> = {
  exists: flag,
  pos: position,
  name: roleRows[0],
  color: roleRows[1],
  hoist: flag,
  mentionable: flag,
  notary: flag
}
const CHANNEL: Readonly<Record<string, Shape>> = {
  exists: flag,
  kind: stringed([...CHANNEL_KINDS, 'thread']),
  creator: id,
  parent: nullable(id),
  pos: position,
  name: channelRows[0],
  topic: channelRows[1],
  slow: channelRows[2],
  history: channelRows[3],
  synced: flag,
  nsfw: flag,
  limit: channelRows[6],
  rate: channelRows[7],
  private: flag,
  archived: flag,
  locked: flag
}
const OBJECT = nullable(
  tuple({ type: uint(4), channel: nullable(id), name: text(400), payload: bytes(0, 8_192) })
)

/** By family; where the last part of the name decides, by that. */
const SHAPES: readonly (Shape | Readonly<Record<string, Shape>>)[] = [
  tuple({ generation: uint(), user: id }),
  uint(),
  uint(2),
  tuple({ on: flag, user: id }),
  tuple({ generation: uint(), key: bytes(32) }),
  name,
  id,
  flag,
  uint(),
  flag,
  inviteCreateBody,
  ROLE,
  flag,
  flag,
  CHANNEL,
  uint(2),
  uint(2),
  flag,
  serverRows,
  policyRows,
  nullable(bytes(0, 8_192)),
  OBJECT,
  tuple({ seq: uint(), envelope: id })
]

const isShape = (found: Shape | Readonly<Record<string, Shape>>): found is Shape =>
  typeof (found as Shape).read === 'function'

/** Whether a row's value is one that some operation could have written there. */
export function isFitting(family: number, parts: readonly Part[], value: CborValue): boolean {
  const found = SHAPES[family]
  if (found === undefined) return false
  const last = String(parts.at(-1))
  const shape = isShape(found) ? found : Object.hasOwn(found, last) ? found[last] : undefined
  return shape !== undefined && readSchema(shape, value, 'AU58').ok
}

const GENERATION = tuple({ generation: uint() })

/** Whether a writer's strength is one: 0 for self, a position, `[generation]`. */
export function isStrength(value: CborValue): boolean {
  if (value === 0) return true
  const shape: Shape = Array.isArray(value) ? GENERATION : position
  return readSchema(shape, value, 'AU58').ok
}
