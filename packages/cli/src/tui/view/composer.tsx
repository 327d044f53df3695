import { Box, Text } from 'ink'
import { safeLine } from '../../render/sanitize.ts'
import { fit, truncate } from '../../render/width.ts'
import { currentChannel, currentConversation, type State, titleOf } from '../state/state.ts'
import { type ComposerRows, composerWindow } from './composer-rows.ts'
import { Toned } from './tone.tsx'

export const PROMPT = '> '

/** What the next Enter, or the keys on a selected message, will do. */
export function contextText(state: State): string {
  const about = (id: string | null) => {
    const message = currentConversation(state).messages.find(each => each.id === id)
    return message === undefined
      ? 'a message'
      : `${safeLine(message.authorName)}: ${safeLine(message.content)}`
  }
  if (state.mode === 'confirm-delete')
    return `Delete "${about(state.selected)}"? y deletes it, any other key keeps it`
  if (state.mode === 'react')
    return `Reaction: ${safeLine(state.reaction)}▏ Enter adds or takes it back, Esc stops`
  if (state.mode === 'select') return 'r reply · e edit · + react · d delete · ↑↓ select · Esc back'
  if (state.editing !== null) return `Editing ${about(state.editing)} · Esc stops`
  if (state.replyTo !== null) return `Replying to ${about(state.replyTo)} · Esc stops`
  const channel = currentChannel(state)
  return channel === undefined ? '' : safeLine(titleOf(state, channel))
}

function CursorRow({ letters, at }: { readonly letters: readonly string[]; readonly at: number | null }) {
  if (at === null) return <Text wrap="truncate">{letters.map(safeLine).join('') || ' '}</Text>
  return (
    <Text wrap="truncate">
      {letters.slice(0, at).map(safeLine).join('')}
      <Text inverse>{letters[at] ?? ' '}</Text>
      {letters
        .slice(at + 1)
        .map(safeLine)
        .join('')}
    </Text>
  )
}

interface ComposerProps {
  readonly state: State
  readonly text: ComposerRows
  readonly width: number
  readonly height: number
}

export function ComposerBox({ state, text, width, height }: ComposerProps) {
  const { start, end } = composerWindow(text, height)
  const writing = state.mode === 'compose'
  const context = truncate(contextText(state), width - 4)
  return (
    <Box flexDirection="column" width={width} flexShrink={0}>
      <Toned tone="dim">{fit(`── ${context} ${'─'.repeat(width)}`, width).replace(/…$/, '─')}</Toned>
      {text.rows.slice(start, end).map((letters, index) => (
        <Box key={start + index}>
          <Text>{start + index === 0 ? PROMPT : '  '}</Text>
          <CursorRow letters={letters} at={writing && start + index === text.row ? text.at : null} />
        </Box>
      ))}
    </Box>
  )
}
