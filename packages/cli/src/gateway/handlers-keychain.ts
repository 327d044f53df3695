/** Routes of the keychain as calls of the SDK. */
import { XcordError } from '@xcord/core'
import type { Client, KeychainControl } from '@xcord/sdk'
import type { Handlers } from './handlers.ts'
import type { keychain } from './routes-keychain.ts'

function keychainOf({ keychain: found }: Client): KeychainControl {
  if (found !== undefined) return found
  const reason = 'this profile is not in a folder'
  throw new XcordError('XCORD_KEYCHAIN_UNAVAILABLE', `The system's keychain cannot be used: ${reason}.`, {
    reason
  })
}

export const keychainHandlers: Handlers<keyof typeof keychain> = {
  getKeychain: async ({ context: { client } }) => await keychainOf(client).status(),
  enableKeychain: async ({ context: { client } }, { body }) => await keychainOf(client).enable(body.password),
  disableKeychain: async ({ context: { client } }) => await keychainOf(client).disable()
}
