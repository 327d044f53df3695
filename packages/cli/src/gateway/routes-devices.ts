/** Routes of the identity's devices. */
import Type from 'typebox'
import { text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { DeviceSchema } from './schemas.ts'

const SignSchema = Type.Object({ sign: Type.String(), name: Type.String() })

export const devices = {
  listDevices: route({
    method: 'GET',
    url: '/v1/devices',
    tag: 'identity',
    summary: 'Devices of this identity, those that were revoked last',
    reply: listOf(DeviceSchema)
  }),
  revokeDevice: route({
    method: 'POST',
    url: '/v1/devices/:device/revoke',
    tag: 'identity',
    summary: 'Puts a device out for good; with the 24 words where this one may not',
    params: Type.Object({ device: text }),
    body: input({ phrase: Type.Optional(text) }),
    reply: DeviceSchema
  }),
  beginLink: route({
    method: 'POST',
    url: '/v1/links',
    tag: 'identity',
    summary: 'Meets the device that shows this code; answers with the six signs to compare',
    status: 201,
    body: input({ code: text }),
    reply: Type.Object({ link: Type.String(), signs: Type.Array(SignSchema) })
  }),
  endLink: route({
    method: 'POST',
    url: '/v1/links/:link/end',
    tag: 'identity',
    summary: 'Adds the device if both screens show the same signs, else breaks off',
    params: Type.Object({ link: text }),
    body: input({ same: Type.Boolean() }),
    reply: DeviceSchema
  })
}
