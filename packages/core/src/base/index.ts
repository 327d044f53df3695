/** Base: identifiers, verdicts, errors, limits and ports. Knows nothing. */
export * from './ids.ts'
export { HashIndex } from './hash-index.ts'
export * from './token-bucket.ts'
export * from './verdict.ts'
export * from './errors.ts'
export * from './invariant.ts'
export * from './ports.ts'
export * from './limits.ts'
