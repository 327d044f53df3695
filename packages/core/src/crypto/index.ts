/** Crypto: the suite as an argument, labelled derivation and signatures (CR). */
export * from './suite.ts'
export * from './labels.ts'
export * from './derive.ts'
