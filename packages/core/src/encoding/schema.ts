/**
 * Schemas: what a tuple on the wire must look like, and the object it becomes in memory.
 *
 * One schema value gives encoder, decoder and TypeScript type; docs/spec states the same order of fields.
 */
import { accept, CBOR_BYTES_MAX, refuse, type RuleId, UINT_MAX, type Verdict } from '../base/index.ts'
import { type CborValue, decodeCbor, lendCbor } from './cbor.ts'
import { utf8 } from './bytes.ts'

/**
 * Thrown inside a schema only; `codec` turns it into a verdict. Whoever holds the part that does not fit puts its
 * place in front: a path is made where something is wrong, not for each field that is right.
 */
class Mismatch extends Error {
  path: string
  readonly wanted: string

  constructor(path: string, wanted: string) {
    super('does not fit its schema')
    this.path = path
    this.wanted = wanted
  }
}

/** The same failure, seen from one level further out. */
function within(path: string, error: unknown): unknown {
  if (error instanceof Mismatch) error.path = path + error.path
  return error
}

/** A shape on the wire and its value in memory. */
export interface Schema<T> {
  /**
   * Checks and converts a decoded value. Throws a private exception that only `codec` sees.
   *
   * @param path - Place of the value inside what holds it, such as `.name`; its holder knows the rest.
   */
  read(value: CborValue, path: string): T
  /** Converts back. The value is ours, so a wrong one is a TypeError. */
  write(value: T): CborValue
}

/** The type a schema reads. */
export type Infer<S> = S extends Schema<infer T> ? T : never

function fail(path: string, wanted: string): never {
  throw new Mismatch(path, wanted)
}

/** Unsigned integer within inclusive bounds. */
export function uint(max: number = UINT_MAX, min = 0): Schema<number> {
  return {
    read: (value, path) =>
      typeof value === 'number' && value >= min && value <= max
        ? value
        : fail(path, `an integer from ${min} to ${max}`),
    write: value => {
      if (!Number.isSafeInteger(value) || value < min || value > max)
        throw new RangeError(`${value} is not an integer from ${min} to ${max}`)
      return value
    }
  }
}

/** Exactly this integer, text or null. */
export function literal<const V extends number | string | null>(wanted: V): Schema<V> {
  return {
    read: (value, path) => (value === wanted ? wanted : fail(path, String(wanted))),
    write: () => wanted
  }
}

/** Byte string of `min` to `max` bytes; one argument means exactly that many. */
export function bytes(min: number, max: number = min): Schema<Uint8Array> {
  const wanted = min === max ? `${min} bytes` : `${min} to ${max} bytes`
  return {
    read: (value, path) =>
      value instanceof Uint8Array && value.length >= min && value.length <= max ? value : fail(path, wanted),
    write: value => {
      if (value.length < min || value.length > max)
        throw new RangeError(`${value.length} bytes are not ${wanted}`)
      return value
    }
  }
}

/** Whether a short text has one byte a character; long ones are not looked through. */
function isAscii(value: string): boolean {
  if (value.length > 128) return false
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > 127) return false
  return true
}

/** UTF-8 text bounded in bytes, never in characters. */
export function text(maxBytes: number, minBytes = 0): Schema<string> {
  const fits = (value: string): boolean => {
    if (value.length > maxBytes) return false
    // A code unit takes one to three bytes: most texts are judged without being encoded.
    if (value.length >= minBytes && value.length * 3 <= maxBytes) return true
    const length = isAscii(value) ? value.length : utf8(value).length
    return length >= minBytes && length <= maxBytes
  }
  return {
    read: (value, path) =>
      typeof value === 'string' && fits(value)
        ? value
        : fail(path, `text of ${minBytes} to ${maxBytes} bytes`),
    write: value => {
      if (!fits(value)) throw new RangeError(`text is not of ${minBytes} to ${maxBytes} bytes`)
      return value
    }
  }
}

/** true or false. */
export const bool: Schema<boolean> = {
  read: (value, path) => (typeof value === 'boolean' ? value : fail(path, 'true or false')),
  write: value => value
}

/** The value, or null. */
export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    read: (value, path) => (value === null ? null : inner.read(value, path)),
    write: value => (value === null ? null : inner.write(value))
  }
}

/** Array of `min` to `max` items. */
export function array<T>(item: Schema<T>, max: number, min = 0): Schema<readonly T[]> {
  return {
    read: (value, path) => {
      if (!Array.isArray(value) || value.length < min || value.length > max)
        return fail(path, `an array of ${min} to ${max} items`)
      const out: T[] = []
      try {
        for (const each of value) out.push(item.read(each as CborValue, ''))
      } catch (error) {
        throw within(`${path}[${out.length}]`, error)
      }
      return out
    },
    write: value => {
      if (value.length < min || value.length > max)
        throw new RangeError(`${value.length} items are not ${min} to ${max}`)
      return value.map(each => item.write(each))
    }
  }
}

/** Any EN1 value, undecoded: for extension points and for bodies that another layer reads. */
export const anything: Schema<CborValue> = { read: value => value, write: value => value }

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a schema is invariant in T; any is the only common supertype
type Fields = Readonly<Record<string, Schema<any>>>
type FieldsOf<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }

/** Array on the wire, object in memory: fields in the order written. */
export function tuple<F extends Fields>(fields: F): Schema<FieldsOf<F>> {
  const entries = Object.entries(fields).map(([name, schema]) => ({
    name,
    place: `.${name}`,
    schema: schema as Schema<unknown>
  }))
  return {
    read: (value, path) => {
      if (!Array.isArray(value) || value.length !== entries.length)
        return fail(path, `a tuple of ${entries.length}`)
      const out: Record<string, unknown> = {}
      let index = 0
      try {
        for (const { name, place, schema } of entries)
          out[name] = schema.read(value[index++] as CborValue, place)
      } catch (error) {
        throw within(path, error)
      }
      return out as FieldsOf<F>
    },
    write: value => entries.map(({ name, schema }) => schema.write((value as Record<string, unknown>)[name]))
  }
}

/** Converts at the border: `decode` may refuse by returning undefined. */
export function mapped<A, B>(
  inner: Schema<A>,
  wanted: string,
  decode: (a: A) => B | undefined,
  encode: (b: B) => A
): Schema<B> {
  return {
    read: (value, path) => decode(inner.read(value, path)) ?? fail(path, wanted),
    write: value => inner.write(encode(value))
  }
}

/** Bytes and verdicts for one schema. */
export interface Codec<T> {
  /** Canonical bytes. Throws TypeError or RangeError for a value out of bounds: ours. */
  encode(value: T): Uint8Array
  /** The same bytes in memory that the next encoding, of whatever, writes over: for whoever seals or copies them at once. */
  lend(value: T): Uint8Array
  /** A peer's bytes: a verdict, never an exception. */
  decode(bytes: Uint8Array): Verdict<T>
}

/** Makes a codec of a schema; refusals name `rule`. */
export function codec<T>(
  schema: Schema<T>,
  init: { rule: RuleId; maxBytes?: number; maxDepth?: number }
): Codec<T> {
  const lend = (value: T): Uint8Array => {
    const out = lendCbor(schema.write(value))
    if (out.length > (init.maxBytes ?? CBOR_BYTES_MAX))
      throw new RangeError(`${out.length} bytes; at most ${init.maxBytes ?? CBOR_BYTES_MAX}`)
    return out
  }
  return {
    lend,
    encode: value => lend(value).slice(),
    decode: input => {
      const decoded = decodeCbor(input, init)
      return decoded.ok ? readSchema(schema, decoded.value, init.rule) : decoded
    }
  }
}

/** Applies a schema to a value that is already decoded. */
export function readSchema<T>(schema: Schema<T>, value: CborValue, rule: RuleId): Verdict<T> {
  try {
    return accept(schema.read(value, 'value'))
  } catch (error) {
    if (error instanceof Mismatch) return refuse(rule, `${error.path} is not ${error.wanted}`)
    throw error
  }
}
