/** Encoding: deterministic, bounded bytes (EN1). */
export * from './bytes.ts'
export * from './cbor.ts'
export * from './schema.ts'
