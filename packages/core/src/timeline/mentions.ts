/**
 * Mentions in text (TL4): `<@u…>` names a user, `<@&r…>` a role, `<#c…>` a channel, `@everyone` everybody. What
 * stands in code is quoted, not meant.
 */
import { type ChannelId, compareIds, MENTIONS_MAX, parseId, type RoleId, type UserId } from '../base/index.ts'
import type { Mentions } from './content.ts'

/** All that a text names, each once, sorted. */
export interface TextMentions extends Mentions {
  /** Channels are only links: they notify nobody and are no part of the payload. */
  readonly channels: readonly ChannelId[]
}

/** No mentions at all. */
export const NO_MENTIONS: Mentions = Object.freeze({
  users: Object.freeze([]),
  roles: Object.freeze([]),
  everyone: false
})

const NOTHING_NAMED: TextMentions = Object.freeze({ ...NO_MENTIONS, channels: Object.freeze([]) })

const CODE = /```[^]*?```|`[^`\n]+`/g
const NAMED = /<(@|@&|#)([urc][0-9a-v]{1,64})>/g
const EVERYONE = /(?<![0-9A-Za-z_])@everyone(?![0-9A-Za-z_])/

/** Finds mentions in a text of any origin. Linear; ids that are not well formed stay text. */
export function mentionsOf(content: string): TextMentions {
  if (!content.includes('@') && !content.includes('<#')) return NOTHING_NAMED
  const meant = content.replaceAll(CODE, ' ')
  const users = new Set<UserId>()
  const roles = new Set<RoleId>()
  const channels = new Set<ChannelId>()
  for (const [, sigil, id] of meant.matchAll(NAMED) as Iterable<
    RegExpMatchArray & [string, string, string]
  >) {
    const user = sigil === '@' ? parseId('u', id) : undefined
    const role = sigil === '@&' ? parseId('r', id) : undefined
    const channel = sigil === '#' ? parseId('c', id) : undefined
    if (user !== undefined) users.add(user)
    if (role !== undefined) roles.add(role)
    if (channel !== undefined) channels.add(channel)
  }
  return {
    users: [...users].sort(compareIds),
    roles: [...roles].sort(compareIds),
    channels: [...channels].sort(compareIds),
    everyone: EVERYONE.test(meant)
  }
}

/** Whether a message names somebody: by name, by one of their roles, or as part of everyone. */
export function isMentioned(mentions: Mentions, user: UserId, roles: readonly RoleId[]): boolean {
  return (
    mentions.everyone || mentions.users.includes(user) || mentions.roles.some(role => roles.includes(role))
  )
}

/** Whether lists are strictly ascending and short enough together (TL5). */
export function areMentionsOrdered(mentions: Mentions): boolean {
  const ascending = (ids: readonly string[]): boolean =>
    ids.every((id, index) => index === 0 || (ids[index - 1] as string) < id)
  return (
    mentions.users.length + mentions.roles.length <= MENTIONS_MAX &&
    ascending(mentions.users) &&
    ascending(mentions.roles)
  )
}
