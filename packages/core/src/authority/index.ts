/** Authority: who may do what in a server, decided alike by every peer (AU). */
export * from './contract.ts'
export * from './deps.ts'
export * from './flags.ts'
export * from './permissions.ts'
export * from './position.ts'
export * from './build.ts'
export * from './join-proof.ts'
export { transferConsent, transferRootClaim } from './kinds/plan-server.ts'
export {
  type BodyOf,
  decodeBody,
  encodeBody,
  isSpine,
  kindName,
  type KindBody,
  type KindName,
  KINDS
} from './kinds/table.ts'
export { draftCheckpoint, readCheckpoint } from './checkpoint.ts'
export { checkGenesis } from './check-genesis.ts'
export { createAuthorityLog, openAuthorityLog } from './log.ts'
export { type OpenLog, readSnapshot, verifySnapshot } from './snapshot.ts'
export { type OpenSnapshot, SNAPSHOT_CHUNKS_MAX, SnapshotReading } from './snapshot-reading.ts'
export { chunkHash, rootOfHashes } from './state-root.ts'
export type { AuthoritySnapshot, SnapshotRoots } from './snapshot-claim.ts'
export { type BatchResult, resolveBatch } from './resolve-batch.ts'
