/**
 * Keys and values as they lie on the disk (DB5, DB6, KS7): names and ids hidden under an HMAC, values sealed and
 * bound to table, key and schema, so that a row moved, renamed or downgraded does not open.
 */
import type { Random } from '../base/index.ts'
import { kdf, type SecretKey, type Suite } from '../crypto/index.ts'
import { concatBytes, encodeCbor, uintFromBytes, utf8 } from '../encoding/index.ts'
import type { Slab } from './slab.ts'
import { type AnyTable, HIDDEN_KEY_BYTES, type KeyPart, SORT_KEY_BYTES } from './table.ts'

/** First byte of every row's key; what is not a row (the header) begins with 0. */
export const ROW_PREFIX = 1
/** Bytes of a table's tag in keys. */
export const TABLE_TAG_BYTES = 4
const NONCE_BYTES = 24
const TAG_BYTES = 16
/** Schema byte, nonce and tag around every value. */
export const SEAL_OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES
/** Nonces drawn at a time: a call to the system's generator costs as much as sealing a value. */
const NONCES_PER_DRAW = 128
/** Hidden components remembered per place of a table's key: channels and servers recur in every row. */
const HIDDEN_CACHED_MAX = 512
/** Ids and names up to this length are remembered by their text; longer ones and bytes are hashed each time. */
const HIDDEN_CACHED_CHARS_MAX = 64

/** 24 bytes that were never used before, with overwhelming probability. */
export type NextNonce = () => Uint8Array

/** Nonces from the random source, drawn in blocks. */
export function createNonces(random: Random): NextNonce {
  let block = new Uint8Array(0)
  let at = 0
  return () => {
    if (at === block.length) {
      block = Uint8Array.from(random.bytes(NONCE_BYTES * NONCES_PER_DRAW))
      at = 0
    }
    at += NONCE_BYTES
    return block.subarray(at - NONCE_BYTES, at)
  }
}

/** CBOR head of a byte string, for lengths that keys have. */
function byteStringHead(length: number): Uint8Array {
  return length < 24
    ? Uint8Array.of(0x40 + length)
    : length < 256
      ? Uint8Array.of(0x58, length)
      : Uint8Array.of(0x59, length >> 8, length & 255)
}

/** EN1 bytes of tuple[table, key, schema]; assembled by hand because it is needed for every value. */
export function sealContext(tableHead: Uint8Array, rawKey: Uint8Array, schema: number): Uint8Array {
  const head = byteStringHead(rawKey.length)
  const tail = schema < 24 ? 1 : 2
  const out = new Uint8Array(tableHead.length + head.length + rawKey.length + tail)
  out.set(tableHead, 0)
  out.set(head, tableHead.length)
  out.set(rawKey, tableHead.length + head.length)
  if (tail === 1) out[out.length - 1] = schema
  else out.set([0x18, schema], out.length - 2)
  return out
}

/**
 * `sealContext` of one table, put together in memory that is kept: keys of a table have one length and its values
 * one schema, so only the key changes. What it gives holds until the next call.
 */
function createContexts(tableHead: Uint8Array): (rawKey: Uint8Array, schema: number) => Uint8Array {
  let context: Uint8Array = new Uint8Array(0)
  let keyLength = -1
  let madeFor = -1
  return (rawKey, schema) => {
    if (rawKey.length !== keyLength || schema !== madeFor) {
      context = sealContext(tableHead, rawKey, schema)
      keyLength = rawKey.length
      madeFor = schema
    } else context.set(rawKey, context.length - (schema < 24 ? 1 : 2) - keyLength)
    return context
  }
}

/** The part of `sealContext` that a table's rows share: array of three, then the name. */
export function contextHead(tableName: string): Uint8Array {
  const encoded = encodeCbor([tableName, 0, 0])
  return encoded.subarray(0, encoded.length - 2)
}

/** Hides, seals and opens for one table. */
export interface TableSeal {
  /** What all keys of the table begin with. */
  readonly tag: Uint8Array
  /** Key, or prefix of keys, of the components given; in a batch's memory where it has some. */
  rawKey(components: readonly unknown[], slab?: Slab): Uint8Array
  /** The clear sort numbers in a key, or undefined where its length is not the layout's. */
  sortNumbers(rawKey: Uint8Array): number[] | undefined
  seal(rawKey: Uint8Array, schema: number, plaintext: Uint8Array, slab?: Slab): Uint8Array
  /** undefined where value, key, table and schema byte do not belong together. */
  open(
    rawKey: Uint8Array,
    sealed: Uint8Array
  ): { readonly schema: number; readonly plaintext: Uint8Array } | undefined
  /** Zeroes the table's index key. */
  forget(): void
}

/** Derives a table's keys: index key KDF(MK, "db-index", [table]). The value key is shared (KS7). */
export function createTableSeal(
  init: {
    readonly suite: Suite
    readonly masterKey: SecretKey
    readonly valueKey: SecretKey
    readonly nextNonce: NextNonce
  },
  table: AnyTable
): TableSeal {
  const { suite, valueKey, nextNonce } = init
  const indexKey = kdf(suite, init.masterKey, 'db-index', [utf8(table.name)])
  const head = contextHead(table.name)
  const contextOf = createContexts(head)
  const tag = concatBytes([
    Uint8Array.of(ROW_PREFIX),
    suite.hmacSha256(indexKey, utf8('table')).subarray(0, TABLE_TAG_BYTES)
  ])
  return {
    tag,
    ...createKeyLayout(table, tag, createHider(suite, indexKey)),
    seal: (rawKey, schema, plaintext, slab) => {
      const nonce = nextNonce()
      const length = plaintext.length + SEAL_OVERHEAD_BYTES
      const out = slab?.take(length) ?? new Uint8Array(length)
      suite.xchachaSeal(valueKey, nonce, contextOf(rawKey, schema), plaintext, out)
      out[0] = schema
      out.set(nonce, 1)
      return out
    },
    open: (rawKey, sealed) => {
      if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined
      const schema = sealed[0] as number
      const plaintext = suite.xchachaOpen(
        valueKey,
        sealed.subarray(1, 1 + NONCE_BYTES),
        contextOf(rawKey, schema),
        sealed.subarray(1 + NONCE_BYTES)
      )
      return plaintext && { schema, plaintext }
    },
    forget: () => indexKey.fill(0)
  }
}

type Hide = (position: number, value: unknown, toBytes: (value: unknown) => Uint8Array) => Uint8Array

/** Puts components together to keys, and reads the clear ones back. */
function createKeyLayout(
  table: AnyTable,
  tag: Uint8Array,
  hide: Hide
): Pick<TableSeal, 'rawKey' | 'sortNumbers'> {
  const layout = table.key as readonly KeyPart<unknown>[]
  /** Where each component begins; last, the length of a whole key. */
  const offsets = [tag.length]
  for (const part of layout)
    offsets.push((offsets.at(-1) as number) + (part.kind === 'hidden' ? HIDDEN_KEY_BYTES : SORT_KEY_BYTES))

  return {
    rawKey: (components, slab) => {
      if (components.length > layout.length)
        throw new RangeError(`a key of "${table.name}" has ${layout.length} parts, not ${components.length}`)
      const length = offsets[components.length] as number
      const out = slab?.take(length) ?? new Uint8Array(length)
      out.set(tag)
      for (let index = 0; index < components.length; index++) {
        const { kind, toBytes } = layout[index] as KeyPart<unknown>
        const value = components[index]
        out.set(kind === 'hidden' ? hide(index, value, toBytes) : toBytes(value), offsets[index])
      }
      return out
    },
    sortNumbers: rawKey => {
      if (rawKey.length !== offsets.at(-1)) return undefined
      const numbers: number[] = []
      for (const [index, part] of layout.entries()) {
        if (part.kind === 'hidden') continue
        const at = offsets[index] as number
        const number = uintFromBytes(rawKey.subarray(at, at + SORT_KEY_BYTES))
        if (number === undefined) return undefined
        numbers.push(number)
      }
      return numbers
    }
  }
}

/** Bytes as text of one code unit each: the fastest key that a Map takes. */
export function textOfBytes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}

/**
 * HMAC(index key, position ‖ bytes)[0..16). The position keeps one id from looking equal in two places of a key,
 * as a server's id and its `meta` channel would.
 */
function createHider(suite: Suite, indexKey: SecretKey): Hide {
  /** One map a position: ids that are never seen again must not push out the channel that all of them share. */
  const known: Map<string, Uint8Array>[] = []
  /** What is hashed, in memory that is kept: nearly all of it is ids of one length. */
  let message = new Uint8Array(0)
  return (position, value, toBytes) => {
    const here = (known[position] ??= new Map<string, Uint8Array>())
    const name = typeof value === 'string' && value.length <= HIDDEN_CACHED_CHARS_MAX ? value : undefined
    const found = name === undefined ? undefined : here.get(name)
    if (found !== undefined) return found
    const bytes = toBytes(value)
    if (message.length !== 1 + bytes.length) message = new Uint8Array(1 + bytes.length)
    message[0] = position
    message.set(bytes, 1)
    const hidden = suite.hmacSha256(indexKey, message).slice(0, HIDDEN_KEY_BYTES)
    if (name !== undefined) {
      if (here.size >= HIDDEN_CACHED_MAX) here.clear()
      here.set(name, hidden)
    }
    return hidden
  }
}
