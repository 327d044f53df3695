/** Profiles as applications see and set them. */
import { parseId, type ServerId, type UserId, XcordError } from '@xcord/core'
import type { AvatarReport, Node } from '@xcord/core/node'
import type { Avatar, AvatarJson, OwnProfileJson, ProfileControl } from '../profile-types.ts'
import type { WaitOptions } from '../types.ts'

/** A picture that is not fetched yet. */
export function avatarJson({ blob: id, type, size }: AvatarReport): AvatarJson {
  return { id, type, size }
}

/** Fetches what somebody wears, as a server tells it, or any. */
export async function fetchAvatar(
  node: Node,
  user: UserId,
  server: ServerId | undefined,
  { signal }: WaitOptions = {}
): Promise<Avatar | undefined> {
  const where = server === undefined ? {} : { server }
  const picture = await node.profiles.picture(user, { ...where, signal })
  if (picture === undefined) return undefined
  const { blob: id, type, bytes } = picture
  return { id, type, bytes }
}

/** One's own profile over a node. */
export function profileControl(node: Node): ProfileControl {
  const current = (): OwnProfileJson => {
    const { name, avatar } = node.profiles.own()
    return { identity: node.user, name, avatar: avatar === null ? null : avatarJson(avatar) }
  }
  return {
    get current() {
      return current()
    },
    set: async profile => {
      await node.profiles.set(profile)
      return current()
    },
    avatar: async ({ user: of, ...options } = {}) => {
      const user = of === undefined ? node.user : parseId('u', of)
      if (user === undefined)
        throw new XcordError('XCORD_USER_NOT_FOUND', `"${of}" is no id of a user.`, { user: `${of}` })
      return await fetchAvatar(node, user, undefined, options)
    }
  }
}
