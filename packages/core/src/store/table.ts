/**
 * What a table is: its name, the layout of its keys and the codec of its values (DB3, DB4). Definitions are
 * plain values, made once at module level by whoever owns the table.
 */
import { type IdLetter, type idFromBytes, readIdBytes } from '../base/index.ts'
import { type Codec, uintBytes, utf8 } from '../encoding/index.ts'

/** One component of a key: hidden by an HMAC, or a sort number in the clear (KS7). */
export interface KeyPart<T> {
  readonly kind: 'hidden' | 'sort'
  /** Bytes of the component: what is hashed when hidden, 8 big-endian bytes when a sort number. */
  toBytes(value: T): Uint8Array
}

/** Bytes of a hidden component in a key: HMAC-SHA256 cut to 16, far beyond accidental collision. */
export const HIDDEN_KEY_BYTES = 16
/** Bytes of a sort number in a key. */
export const SORT_KEY_BYTES = 8
/** Components of one key. */
export const KEY_PARTS_MAX = 6

type AnyId = ReturnType<typeof idFromBytes<IdLetter>>

/** A hidden component made of bytes. */
export function hiddenBytes(): KeyPart<Uint8Array> {
  return { kind: 'hidden', toBytes: value => value }
}

/** A hidden component made of text, such as the name of a singleton record. */
export function hiddenText(): KeyPart<string> {
  return { kind: 'hidden', toBytes: utf8 }
}

/** A hidden component made of an id; the kind's letter is not hashed. */
export function hiddenId<Id extends AnyId>(): KeyPart<Id> {
  return { kind: 'hidden', toBytes: readIdBytes }
}

/** A clear component that orders rows: time in ms, sequence, Lamport value. 0 to 2^53 − 1. */
export function sortNumber(): KeyPart<number> {
  return {
    kind: 'sort',
    toBytes: value => {
      if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a sort number`)
      return uintBytes(value, SORT_KEY_BYTES)
    }
  }
}

/** The components of a key, in order; a key is the tuple of their values. */
export type KeyLayout<K extends readonly unknown[]> = { readonly [I in keyof K]: KeyPart<K[I]> }

/** A table: typed, sealed, addressed by hidden names and clear sort numbers. */
export interface TableDefinition<K extends readonly unknown[], V> {
  /** Stable name, part of key derivation and of what every value is bound to. Never reused. */
  readonly name: string
  /** Version of the value's codec, 1 to 255: written before every value. Raised with a migration. */
  readonly schema: number
  readonly key: KeyLayout<K>
  readonly value: Codec<V>
  /** Opened values kept in memory; 0 (the default) for tables that are only scanned or seldom read. */
  readonly cacheRows?: number
}

/** A definition of any table, where its types do not matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- invariant in K and V; any is their only common supertype
export type AnyTable = TableDefinition<any, any>

/**
 * Declares a table, checking what would otherwise fail at the first write.
 *
 * @throws RangeError for a name, schema or key layout out of bounds.
 */
export function defineTable<const K extends readonly unknown[], V>(
  definition: TableDefinition<K, V>
): TableDefinition<K, V> {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(definition.name))
    throw new RangeError(`"${definition.name}" is not a table name`)
  if (!Number.isInteger(definition.schema) || definition.schema < 1 || definition.schema > 255) {
    throw new RangeError(`schema ${definition.schema} of table "${definition.name}" is not 1 to 255`)
  }
  const parts = definition.key.length
  if (parts < 1 || parts > KEY_PARTS_MAX)
    throw new RangeError(`table "${definition.name}" has ${parts} key parts; 1 to ${KEY_PARTS_MAX}`)
  return definition
}
