/**
 * Tuples that end in a signature: it signs the tuple before it, and the hash of that tuple is the object's id,
 * so that a second signature makes no second object.
 */
import { accept, refuse, type RuleId, type Verdict } from '../base/index.ts'
import {
  signBytes,
  type SignatureContext,
  type SigningKey,
  type Suite,
  verifyBytes
} from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor, readSchema, type Schema } from '../encoding/index.ts'

/** One kind of signed tuple. */
export interface SignedTuple<T> {
  /** Signs: the whole tuple's bytes. */
  sign(suite: Suite, key: SigningKey, value: T): Uint8Array
  /** A peer's bytes: form only. */
  read(suite: Suite, bytes: Uint8Array): Verdict<ReadTuple<T>>
  /** Whether `publicKey` signed it. */
  verify(suite: Suite, publicKey: Uint8Array, read: ReadTuple<T>): boolean
}

/** A tuple whose form is right. */
export interface ReadTuple<T> {
  readonly value: T
  /** SHA-256 of the tuple without its signature. */
  readonly idBytes: Uint8Array
  /** The tuple without its signature, encoded. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly bytes: Uint8Array
}

/** Makes the functions for one schema, which describes the tuple without its signature. */
export function signedTuple<T>(
  schema: Schema<T>,
  init: { rule: RuleId; context: SignatureContext; maxBytes: number }
): SignedTuple<T> {
  return {
    sign: (suite, key, value) => {
      const items = schema.write(value) as readonly CborValue[]
      const bytes = encodeCbor([...items, signBytes(suite, key, init.context, encodeCbor(items))])
      if (bytes.length > init.maxBytes)
        throw new RangeError(`${bytes.length} bytes; at most ${init.maxBytes}`)
      return bytes
    },
    read: (suite, bytes) => {
      const decoded = decodeCbor(bytes, init)
      if (!decoded.ok) return decoded
      const items = decoded.value
      if (!Array.isArray(items)) return refuse(init.rule, 'not a tuple')
      const signature = items.at(-1) as CborValue | undefined
      if (!(signature instanceof Uint8Array) || signature.length !== 64)
        return refuse(init.rule, 'does not end in a signature')
      const unsigned = items.slice(0, -1) as CborValue[]
      const value = readSchema(schema, unsigned, init.rule)
      if (!value.ok) return value
      const signed = encodeCbor(unsigned)
      return accept({ value: value.value, idBytes: suite.sha256(signed), signed, signature, bytes })
    },
    verify: (suite, publicKey, read) =>
      verifyBytes(suite, publicKey, init.context, read.signed, read.signature)
  }
}
