/** The machine: takes inputs, keeps sessions, gives effects. */
import type { SyncInit, SyncMachine } from './contract.ts'

/** Builds a sync machine for all sessions of one node. */
export declare function createSync(init: SyncInit): SyncMachine
