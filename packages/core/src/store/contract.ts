/**
 * Store: an ordered byte map with atomic batches (DB). Everything a peer keeps goes through this contract;
 * adapters are level (Node, browsers) and memory (tests, simulation).
 */

/** One change of a batch. Keys sort bytewise; `value` undefined deletes. */
export interface StoreWrite {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** Bounds of a scan, bytewise, `from` inclusive and `to` exclusive. */
export interface StoreRange {
  readonly from?: Uint8Array
  readonly to?: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

/** The bottom of persistence. One owner at a time; a second open is XCORD_PROFILE_IN_USE. */
export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  scan(range: StoreRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  /**
   * All or nothing. `sync` (default true) returns only after the bytes are on disk: it backs every promise
   * made to a user or peer. XCORD_DISK_FULL, XCORD_STORE_FAILED.
   */
  write(batch: readonly StoreWrite[], options?: { readonly sync?: boolean }): Promise<void>
  /**
   * Rewrites the files that hold keys with this prefix without what was deleted from them, where the store keeps such:
   * deleted bytes are gone from the disk afterwards. Absent where deleting does so by itself.
   */
  compact?(prefix: Uint8Array): Promise<void>
  close(): Promise<void>
}
