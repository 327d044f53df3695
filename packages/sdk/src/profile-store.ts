/** Where a profile lives: what `folder` and `memory` give, and what `createClient` asks of them. */
import type { Random } from '@xcord/core'
import type { Suite } from '@xcord/core/crypto'
import type { Account } from '@xcord/core/identity'
import type { Store } from '@xcord/core/store'
import type { ProfileStore } from './types.ts'

/** How an identity comes to be where the place is still empty. */
export interface ProfileInit {
  readonly suite: Suite
  readonly random: Random
  readonly at: number
  /** Name for a new identity; undefined opens an existing one only. */
  readonly name: string | undefined
  readonly phrase: string | undefined
  readonly onPhrase: ((phrase: string) => void) | undefined
}

/** An open profile. */
export interface OpenProfile {
  readonly account: Account
  readonly name: string
  readonly masterKey: Uint8Array
  readonly store: Store
  /** Gives the place free again, after the node closed the store. */
  release(): Promise<void>
}

/** A place that a platform knows how to open. */
export interface OpenableStore extends ProfileStore {
  open(init: ProfileInit): Promise<OpenProfile>
}
