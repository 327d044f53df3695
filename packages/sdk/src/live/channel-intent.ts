import { idAs, type ServerId } from '@xcord/core'
import type { Intent } from '@xcord/core/node'
import type { ChannelInit, HistorySetting } from '../types.ts'

type Create = Extract<Intent, { readonly kind: 'channel:create' }>
type FirstOverwrite = NonNullable<Create['overwrites']>[number]

/** What creating a channel asks of the node. Private: `@everyone` may not view it, whatever else is said. */
export function channelIntent(server: ServerId, init: ChannelInit): Create {
  const everyone = idAs('r', server)
  const overwrites = new Map<string, FirstOverwrite>()
  for (const { target, allow = [], deny = [] } of init.overwrites ?? []) {
    const id = typeof target === 'string' ? target : target.id
    if (overwrites.has(id)) throw new TypeError(`"${id}" has two overwrites`)
    overwrites.set(id, { target: id, allow, deny })
  }
  if (init.private === true) {
    const said = overwrites.get(everyone) ?? { target: everyone, allow: [], deny: [] }
    if (said.allow.includes('ViewChannel'))
      throw new TypeError('a private channel cannot be viewed by @everyone')
    overwrites.set(everyone, { ...said, deny: [...new Set([...said.deny, 'ViewChannel'])] })
  }
  const { parent } = init
  return {
    kind: 'channel:create',
    channelKind: init.kind ?? 'text',
    name: init.name,
    topic: init.topic ?? null,
    parent: parent === undefined ? null : typeof parent === 'string' ? parent : parent.id,
    ...(init.slowmodeSeconds === undefined ? {} : { slowModeSeconds: init.slowmodeSeconds }),
    ...(init.history === undefined ? {} : { history: historyMode(init.history) }),
    ...(overwrites.size === 0 ? {} : { overwrites: [...overwrites.values()] })
  }
}

/** @throws TypeError for days that are none. */
export function historyMode(setting: HistorySetting): NonNullable<Create['history']> {
  if (typeof setting === 'string') return { mode: setting }
  if (!Number.isInteger(setting.days) || setting.days < 1 || setting.days > 36_500)
    throw new TypeError('history of 1 to 36,500 days')
  return { mode: 'window', days: setting.days }
}
