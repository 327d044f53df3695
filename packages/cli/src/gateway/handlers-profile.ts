/** Routes of name and picture as calls of the SDK. */
import { XcordError } from '@xcord/core'
import type { Avatar } from '@xcord/sdk'
import { findMember, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import { streamOf } from './handlers-exports.ts'
import type { profile } from './routes-profile.ts'
import { useUploads } from './uploads.ts'

/** Its bytes; XCORD_NO_AVATAR where there are none. */
async function sent(avatar: Avatar | undefined, user: string): Promise<never> {
  if (avatar === undefined) throw new XcordError('XCORD_NO_AVATAR', 'no avatar is worn here', { user })
  const { bytes } = avatar
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  // The gateway sends it as it is; only its type is told apart by the route.
  return (await streamOf(pieces())) as never
}

export const profileHandlers: Handlers<keyof typeof profile> = {
  getProfile: ({ context: { client } }) => client.profile.current,
  setProfile: async ({ context }, { body: { avatar, ...rest } }) => {
    const [bytes] = useUploads(context, typeof avatar === 'string' ? [avatar] : [])
    const picture = avatar === undefined ? {} : { avatar: bytes ?? null }
    return await context.client.profile.set({ ...rest, ...picture })
  },
  readOwnAvatar: async ({ context: { client }, signal }) =>
    await sent(await client.profile.avatar({ signal }), client.identity.id),
  readAvatar: async ({ context: { client }, signal }, { params }) => {
    const member = findMember(findServer(client, params.server), params.member)
    return await sent(await member.avatar({ signal }), member.id)
  }
}
