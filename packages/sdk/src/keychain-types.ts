/** Opening a profile by the keychain of the operating system (KS11). Interfaces only. */

/** How a profile and the system's keychain stand to each other. */
export interface KeychainJson {
  /** The key store may be opened by the keychain. */
  readonly enabled: boolean
  /** It would be opened just now. */
  readonly opens: boolean
  /** Why not; null where it opens, or where nothing but `enable` is missing. */
  readonly cause: 'unavailable' | 'missing' | 'altered' | null
  /** For people, with what to do. */
  readonly detail: string
}

/** The keychain's way into this profile. The password stays another one. */
export interface KeychainControl {
  /** As the key store has it; whether the keychain answers is a matter of `status`. */
  readonly enabled: boolean
  status(): Promise<KeychainJson>
  /**
   * From here on whoever is logged in to this system opens the profile without a password; called again it sets both
   * sides up anew. XCORD_KEYSTORE_REFUSED for a wrong password, XCORD_KEYCHAIN_UNAVAILABLE, XCORD_USAGE for a profile
   * without a password or without a folder.
   */
  enable(password: string): Promise<KeychainJson>
  /** The password alone opens it again. Also where the keychain does not answer: what it may still hold opens nothing. */
  disable(): Promise<KeychainJson>
}
