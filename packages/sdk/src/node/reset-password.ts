/** A way in where the password is forgotten: the 24 words open the key store's recovery slot (KS2). */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { XcordError } from '@xcord/core'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import {
  lockProfile,
  readKeyStoreFile,
  systemRandom,
  writeKeyStoreFile
} from '@xcord/core/adapters/runtime-node'
import {
  changePassword,
  checkPassword,
  eraseKeyStore,
  keyStoreError,
  openKeyStore,
  rootFromPhrase
} from '@xcord/core/identity'
import { keyStorePath } from './folder.ts'

export interface ResetPasswordInit {
  /** The profile's folder, which nobody has open. */
  readonly path: string
  /** 24 words. */
  readonly phrase: string
  /** At least 8 characters. */
  readonly password: string
}

/**
 * Gives a profile another password by its 24 words: nothing but the lock of its keys is written anew (KS4); a key file
 * opens it no more.
 *
 * XCORD_NO_PROFILE, XCORD_PHRASE_INVALID, XCORD_KEYSTORE_REFUSED for the words of another identity,
 * XCORD_PROFILE_IN_USE; RangeError for a password of fewer than eight characters.
 */
export async function resetPassword({ path, phrase, password }: ResetPasswordInit): Promise<void> {
  checkPassword(password)
  const suite = await createNodeSuite()
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok) {
    const { reason } = root
    throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${reason}.`, { reason })
  }
  const bytes = await readKeyStoreFile(keyStorePath(path))
  if (bytes === undefined)
    throw new XcordError('XCORD_NO_PROFILE', `There is no profile at ${path}.`, { profile: path, path })
  const lock = await lockProfile(path)
  try {
    const opened = openKeyStore(suite, bytes, { recoverySecret: root.value.recoverySecret })
    if (!opened.ok) throw keyStoreError(opened, bytes, path)
    const next = changePassword(suite, systemRandom, opened.value, password, { dropKeyFile: true })
    await writeKeyStoreFile(keyStorePath(path), next.bytes)
    await rm(join(path, 'key'), { force: true })
    eraseKeyStore(opened.value)
    eraseKeyStore(next)
  } finally {
    await lock.release()
    root.value.recoverySecret.fill(0)
  }
}
