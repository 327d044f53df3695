/** The lines around: header, notice, help, switcher. */
import { Box, Text } from 'ink'
import { safeLine, safeText } from '../../render/sanitize.ts'
import { fit, textWidth, truncate, wrap } from '../../render/width.ts'
import { KEY_HELP } from '../state/keys.ts'
import { choices, currentChannel, currentServer, type Notice, type State, titleOf } from '../state/state.ts'
import { Toned } from './tone.tsx'

const STREAM = { connecting: 'opening', live: 'live', lost: 'daemon away, trying again' } as const

export function Header({ state, width }: { readonly state: State; readonly width: number }) {
  const server = currentServer(state)
  const channel = currentChannel(state)
  const place = [
    server?.name,
    channel === undefined ? undefined : titleOf(state, channel),
    channel?.topic ?? undefined,
    server?.verifying === undefined
      ? undefined
      : `being verified: ${server.verifying.operations} of ${server.verifying.of} operations`
  ]
    .filter(text => text !== undefined && text !== '')
    .map(text => safeLine(text ?? ''))
    .join(' · ')
  const who = `${safeLine(state.me?.name ?? '')}${ownMark(state)}`
  const right = ` ${who} · ${STREAM[state.stream]} · ${state.peers} ${state.peers === 1 ? 'peer' : 'peers'} · ? help `
  const shown = textWidth(right) < width / 2 ? right : ` ${STREAM[state.stream]} `
  return (
    <Toned tone="name" inverse>
      {fit(
        ` ${truncate(place === '' ? 'XCord' : place, Math.max(0, width - textWidth(shown) - 1))}`,
        Math.max(0, width - textWidth(shown))
      ) + shown}
    </Toned>
  )
}

/** Whatever others see of us that is not the usual. */
function ownMark({ own }: State): string {
  if (own === null) return ''
  const status = own.away === true && own.status === 'online' ? 'idle' : own.status
  return status === 'online' ? '' : ` (${status})`
}

/** Rows a notice takes; an invite link must be seen whole. */
const NOTICE_ROWS_MAX = 6

export function noticeLines(notice: Notice | null, width: number): readonly string[] {
  if (notice === null) return ['']
  const head = notice.kind === 'error' ? `Error${notice.code === undefined ? '' : ` ${notice.code}`}: ` : ''
  const sentence =
    notice.remedy === undefined ? notice.text : `${notice.text.replace(/[.\s]*$/, '.')} ${notice.remedy}`
  const text = head + sentence
  return wrap(safeText(text), width).slice(0, NOTICE_ROWS_MAX)
}

export function NoticeBox({
  notice,
  lines
}: {
  readonly notice: Notice | null
  readonly lines: readonly string[]
}) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, at) => (
        <Toned key={at} tone={notice?.kind === 'error' ? 'alert' : 'plain'}>
          {line === '' ? ' ' : line}
        </Toned>
      ))}
    </Box>
  )
}

interface HelpRow {
  readonly title: string
  readonly text: string
}

/** Sections one below the other; in two columns where they would not fit and there is the width. */
export function helpColumns(width: number, height: number): readonly (readonly HelpRow[])[] {
  const sections = KEY_HELP.map(([title, keys]): readonly HelpRow[] => [
    { title, text: '' },
    ...keys.map(([key, text]) => ({ title: '', text: `  ${fit(key, 22)}${text}` }))
  ])
  const all = sections.flat()
  if (all.length <= height - 1 || width < 90) return [all]
  return [sections.slice(0, 2).flat(), sections.slice(2).flat()]
}

export function Help({ width, height }: { readonly width: number; readonly height: number }) {
  const columns = helpColumns(width, height)
  const each = Math.floor(width / columns.length)
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      <Box flexGrow={1}>
        {columns.map((rows, column) => (
          <Box key={column} flexDirection="column" width={each} flexShrink={0}>
            {rows.slice(0, height - 1).map((row, at) => (
              <Text key={at} wrap="truncate">
                <Text bold>{row.title}</Text>
                {row.text}
              </Text>
            ))}
          </Box>
        ))}
      </Box>
      <Text dimColor>any key closes this</Text>
    </Box>
  )
}

export function Switcher({
  state,
  width,
  height
}: {
  readonly state: State
  readonly width: number
  readonly height: number
}) {
  const all = choices(state)
  const start = Math.max(0, Math.min(state.switcher.index - height + 3, all.length - height + 2))
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      <Text wrap="truncate">
        <Text bold>Go to: </Text>
        {safeLine(state.switcher.query)}
        <Text inverse> </Text>
      </Text>
      {all.slice(start, start + height - 2).map((choice, at) => (
        <Text key={choice.channel.id} wrap="truncate" inverse={start + at === state.switcher.index}>
          {start + at === state.switcher.index ? '> ' : '  '}
          {safeLine(choice.label)}
          {choice.channel.unread > 0 ? ` (${choice.channel.unread} unread)` : ''}
        </Text>
      ))}
      {all.length === 0 ? <Text dimColor>no channel has these letters in this order</Text> : null}
    </Box>
  )
}
