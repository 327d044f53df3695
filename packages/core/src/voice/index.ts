/** Voice (VX): who is in a call, how its links come about, and who is heard. */
export * from './contract.ts'
