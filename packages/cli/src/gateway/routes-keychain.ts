/** Routes of the system's keychain as a way into this profile (KS11). */
import Type from 'typebox'
import type { KeychainJson } from '@xcord/sdk'
import { text } from './route-parts.ts'
import { input, route } from './route.ts'
import { literals, nullable, shape } from './schemas.ts'

const KeychainSchema = shape<KeychainJson>()(
  Type.Object(
    {
      enabled: Type.Boolean(),
      opens: Type.Boolean(),
      cause: nullable(literals('unavailable', 'missing', 'altered')),
      detail: Type.String()
    },
    { $id: 'Keychain' }
  )
)

export const keychain = {
  getKeychain: route({
    method: 'GET',
    url: '/v1/keychain',
    tag: 'identity',
    summary: "Whether the system's keychain opens this profile",
    reply: KeychainSchema
  }),
  enableKeychain: route({
    method: 'PUT',
    url: '/v1/keychain',
    tag: 'identity',
    summary: "Lets the system's keychain open this profile; the password does, too",
    body: input({ password: text }),
    reply: KeychainSchema
  }),
  disableKeychain: route({
    method: 'DELETE',
    url: '/v1/keychain',
    tag: 'identity',
    summary: 'From here on the password alone opens this profile',
    reply: KeychainSchema
  })
}
