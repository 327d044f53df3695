import { Box, Text } from 'ink'
import type { ChannelJson } from '@xcord/sdk'
import { safeLine } from '../../render/sanitize.ts'
import { fit, textWidth, truncate } from '../../render/width.ts'
import { type Occupant, openable, type State, voiceChannels } from '../state/state.ts'
import { Line } from './tone.tsx'
import type { Part, Tone } from './rows.ts'

interface Entry {
  readonly key: string
  readonly text: string
  readonly tone: Tone
  readonly here: boolean
}

/** A name and behind it a count, in so many cells. */
function counted(prefix: string, name: string, unread: number, width: number): string {
  const count = unread > 0 ? ` (${unread > 99 ? '99+' : unread})` : ''
  return fit(truncate(prefix + safeLine(name), width - textWidth(count)) + count, width)
}

const unreadOf = (channels: readonly ChannelJson[] | undefined) =>
  (channels ?? []).reduce((sum, each) => sum + each.unread, 0)

/** Before a name: where one is, and whether it is a channel or a thread of the one above. */
function markOf(channel: ChannelJson, here: boolean): string {
  if (channel.thread === undefined) return here ? ' >#' : '  #'
  return here ? '  >~ ' : '   ~ '
}

/** What somebody in a call does, in a word. */
function doing({ speaking, deafened, muted, silenced }: Occupant): string {
  if (silenced) return ' (silenced)'
  if (deafened) return ' (deafened)'
  return muted ? ' (muted)' : speaking ? ' (speaking)' : ''
}

/** Voice channels, and below each who is in it. */
function voiceEntries(state: State, server: string, width: number): readonly Entry[] {
  return voiceChannels(state, server).flatMap(({ channel, occupants }) => [
    {
      key: channel.id,
      text: counted('  ♪', channel.name, occupants.length, width),
      tone: 'plain' as const,
      here: false
    },
    ...occupants.map(each => {
      const state = doing(each)
      const name = truncate(`     ${safeLine(each.name)}`, width - textWidth(state))
      const tone: Tone = each.speaking ? 'name' : 'dim'
      return { key: each.device, text: fit(name + state, width), tone, here: false }
    })
  ])
}

/** Servers with their numbers; below the open one, its channels. */
export function sidebarEntries(state: State, width: number): readonly Entry[] {
  return state.servers.flatMap((server, at) => {
    const here = server.id === state.server
    const number = at < 9 ? `${at + 1} ` : '  '
    const head: Entry = {
      key: server.id,
      text: counted(number, server.name, here ? 0 : unreadOf(state.channels[server.id]), width),
      tone: here ? 'name' : 'plain',
      here: false
    }
    const channels = here ? openable(state, server.id) : []
    return [
      head,
      ...channels.map((channel): Entry => ({
        key: channel.id,
        text: counted(markOf(channel, channel.id === state.channel), channel.name, channel.unread, width),
        tone: channel.unread > 0 ? 'alert' : 'plain',
        here: channel.id === state.channel
      })),
      ...(here ? voiceEntries(state, server.id, width) : [])
    ]
  })
}

/** The window of entries around the open channel. */
function around(entries: readonly Entry[], height: number): readonly Entry[] {
  const at = Math.max(
    0,
    entries.findIndex(each => each.here)
  )
  const start = Math.max(0, Math.min(entries.length - height, at - Math.floor(height / 2)))
  return entries.slice(start, start + height)
}

export function Sidebar({
  state,
  width,
  height
}: {
  readonly state: State
  readonly width: number
  readonly height: number
}) {
  const entries = around(sidebarEntries(state, width), height)
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      {entries.length === 0 ? <Text dimColor>no servers yet</Text> : null}
      {entries.map(entry => (
        <Line
          key={entry.key}
          parts={[{ text: entry.text, tone: entry.tone } satisfies Part]}
          selected={entry.here}
        />
      ))}
    </Box>
  )
}
