/** Makes or recovers the account of an empty profile. */
import { XcordError } from '@xcord/core'
import { type Account, createAccount, recoverAccount } from '@xcord/core/identity'
import type { ProfileInit } from '../profile-store.ts'

/** A new account, or that of a phrase as a new device. XCORD_PHRASE_INVALID. */
export function makeAccount(
  init: ProfileInit,
  place: string
): { readonly account: Account; readonly name: string } {
  const { suite, random, at, name, phrase, onPhrase } = init
  if (name === undefined || name.trim() === '') {
    throw new XcordError(
      'XCORD_NO_PROFILE',
      `There is no profile at ${place} yet; give it a name to make one.`,
      { profile: place }
    )
  }
  if (phrase === undefined) {
    const account = createAccount(suite, random, at)
    onPhrase?.(account.phrase)
    return { account, name }
  }
  const recovered = recoverAccount(suite, random, at, phrase)
  if (!recovered.ok)
    throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${recovered.reason}.`, {
      reason: recovered.reason
    })
  return { account: recovered.value, name }
}
