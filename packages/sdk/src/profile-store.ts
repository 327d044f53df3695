/** Where a profile lives: what `folder` and `memory` give, and what `createClient` asks of them. */
import type { Random } from '@xcord/core'
import type { Suite } from '@xcord/core/crypto'
import type { Account, BackupServer } from '@xcord/core/identity'
import type { LinkedAccount } from '@xcord/core/node'
import type { Store } from '@xcord/core/store'
import type { KeychainControl } from './keychain-types.ts'
import type { ProfileStore } from './types.ts'

/** How an identity comes to be where the place is still empty. */
export interface ProfileInit {
  readonly suite: Suite
  readonly random: Random
  readonly at: number
  /** Name for a new identity; undefined opens an existing one only. */
  readonly name: string | undefined
  /** What this device calls itself for its owner. */
  readonly deviceName: string
  readonly phrase: string | undefined
  readonly onPhrase: ((phrase: string) => void) | undefined
  /** For a recovery: the backup file (ID11), and whether every device before is to be put out. */
  readonly backup?: Uint8Array | undefined
  readonly revokeOthers?: boolean | undefined
  /** For a device that was linked (ID10): the account it was given. */
  readonly linked?: LinkedAccount | undefined
}

/** What a new profile begins with. */
export interface Beginning {
  readonly account: Account
  readonly name: string
  readonly backupKey: Uint8Array | undefined
  readonly servers: readonly BackupServer[]
  /** ID10: where the device was that linked this one. */
  readonly home?: Uint8Array | undefined
}

/** An open profile. */
export interface OpenProfile {
  readonly account: Account
  readonly name: string
  readonly masterKey: Uint8Array
  readonly backupKey: Uint8Array | undefined
  /** KS9: which writing of its key store is open now; absent where the place has none. */
  readonly keyStore?: () => { readonly id: Uint8Array; readonly epoch: number }
  /** Servers to come back to. */
  /** ID10: where the device was that linked this one. */
  readonly home?: Uint8Array | undefined
  readonly servers: readonly BackupServer[]
  readonly store: Store
  /** Where the backup file lies unless told otherwise; absent where the place has no files. */
  readonly backupPath?: string
  /** Keeps the account as it grows; the promise resolves when it would survive a crash. */
  saveAccount(account: Account): Promise<void>
  /** KS4: absent where the place has no locks. XCORD_KEYSTORE_REFUSED for a wrong old password. */
  changePassword?(old: string | undefined, next: string): Promise<void>
  /** KS11: absent where the place has none. `written` is told after each writing of the key store (KS9). */
  readonly keychain?: (written: () => Promise<void>) => KeychainControl
  /** Gives the place free again, after the node closed the store; its secrets are overwritten (KS8). */
  release(): Promise<void>
}

/** A place that a platform knows how to open. */
export interface OpenableStore extends ProfileStore {
  /** Whether there is a profile already. */
  exists(): Promise<boolean>
  open(init: ProfileInit): Promise<OpenProfile>
}
