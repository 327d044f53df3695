/** The key store of an open profile: written anew as the account grows, under the same locks. */
import { XcordError } from '@xcord/core'
import {
  type Account,
  accountFromKeyStore,
  changePassword,
  checkPassword,
  eraseKeyStore,
  type KeyStore,
  type KeyStoreContents,
  keyStoreContents,
  keyStoreError,
  KeyStoreSlot,
  openKeyStore,
  updateKeyStore
} from '@xcord/core/identity'
import type { ProfileInit } from '../profile-store.ts'

/** Where a key store's bytes lie: replaced whole or not at all. */
export interface KeyPlace {
  /** For people: a path, or a name. */
  readonly name: string
  write(bytes: Uint8Array): Promise<void>
}

/** An open key store and where it lies. */
export class KeptKeys {
  readonly #place: KeyPlace
  readonly #init: Pick<ProfileInit, 'suite' | 'random'>
  #store: KeyStore
  #writing: Promise<unknown> = Promise.resolve()

  constructor(place: KeyPlace, init: Pick<ProfileInit, 'suite' | 'random'>, store: KeyStore) {
    this.#place = place
    this.#init = init
    this.#store = store
  }

  get masterKey(): Uint8Array {
    return this.#store.masterKey
  }

  /** As they lie in their place. */
  get bytes(): Uint8Array {
    return this.#store.bytes
  }

  /** KS2: the ways in. */
  get slots(): readonly number[] {
    return this.#store.slots
  }

  /** Which writing of it is the present one (KS9). */
  mark(): { readonly id: Uint8Array; readonly epoch: number } {
    const { id, epoch } = this.#store
    return { id, epoch }
  }

  rows(): KeyStoreContents['extensions'] {
    return this.#store.contents.extensions
  }

  row(key: string): Uint8Array | undefined {
    return this.rows().find(([name]) => name === key)?.[1]
  }

  /** XCORD_KEYSTORE_INVALID where its parts do not fit each other. */
  account(): Account {
    const account = accountFromKeyStore(this.#init.suite, this.#store.contents)
    if (account.ok) return account.value
    throw new XcordError(
      'XCORD_KEYSTORE_INVALID',
      `The key store does not hold together: ${account.reason}.`,
      { rule: account.rule, reason: account.reason }
    )
  }

  async save(account: Account): Promise<void> {
    await this.write(({ suite, random }, store) =>
      updateKeyStore(suite, random, store, keyStoreContents(account, store.contents.extensions))
    )
  }

  /**
   * KS4: rewraps the master key and nothing else; a key file opens it no more. The old password is asked for where
   * there is one. XCORD_KEYSTORE_REFUSED; RangeError for fewer than eight characters.
   */
  async changePassword(old: string | undefined, next: string): Promise<void> {
    checkPassword(next)
    await this.write(({ suite, random }, store) => {
      if (store.slots.includes(KeyStoreSlot.password)) this.check(old ?? '')
      return changePassword(suite, random, store, next, { dropKeyFile: true })
    })
  }

  /** XCORD_KEYSTORE_REFUSED for another password than the present one. */
  check(password: string): void {
    const opened = openKeyStore(this.#init.suite, this.#store.bytes, { password })
    if (!opened.ok) throw keyStoreError(opened, this.#store.bytes, this.#place.name)
    eraseKeyStore(opened.value)
  }

  /** One write after the other: each builds on the one before, and nothing counts before it is on disk. */
  async write(
    make: (init: Pick<ProfileInit, 'suite' | 'random'>, store: KeyStore) => KeyStore
  ): Promise<void> {
    const writing = this.#writing.then(async () => {
      const next = make(this.#init, this.#store)
      await this.#place.write(next.bytes)
      this.#store = next
    })
    this.#writing = writing.catch(() => undefined)
    await writing
  }

  /** KS8: overwrites the secrets, once what is being written is. */
  async erase(): Promise<void> {
    await this.#writing
    eraseKeyStore(this.#store)
  }
}
