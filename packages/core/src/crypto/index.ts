/** Crypto: the suite as an argument, labelled derivation and signatures, lockboxes, padding (CR, EK3, EN7). */
export * from './suite.ts'
export * from './labels.ts'
export * from './derive.ts'
export * from './lockbox.ts'
export * from './padding.ts'
