import { Box, Text } from 'ink'
import type { State } from '../state/state.ts'
import { visibleRows, type Row } from './rows.ts'
import { Line } from './tone.tsx'

interface PaneProps {
  readonly state: State
  readonly rows: readonly Row[]
  readonly width: number
  readonly height: number
}

function emptyText(state: State): string {
  if (state.stream === 'connecting') return 'Opening…'
  if (state.servers.length === 0)
    return 'Welcome. Type /join <link> to join a server, or /create <name> to make one. ? shows the keys.'
  if (state.channel === null) return 'This server has no text channel. /channel <name> makes one.'
  return 'No messages yet. Say something.'
}

export function MessagePane({ state, rows, width, height }: PaneProps) {
  const visible = visibleRows(rows, height, state.scroll, state.mode === 'compose' ? null : state.selected)
  return (
    <Box
      flexDirection="column"
      width={width}
      height={height}
      flexShrink={0}
      justifyContent={rows.length === 0 ? 'center' : 'flex-end'}
    >
      {rows.length === 0 ? <Text wrap="wrap">{emptyText(state)}</Text> : null}
      {visible.map(row => (
        <Line
          key={row.key}
          parts={row.parts}
          selected={state.mode !== 'compose' && row.message !== null && row.message === state.selected}
        />
      ))}
    </Box>
  )
}
