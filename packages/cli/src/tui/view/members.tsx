import { Box } from 'ink'
import { safeLine } from '../../render/sanitize.ts'
import { fit, truncate } from '../../render/width.ts'
import type { State } from '../state/state.ts'
import { Line } from './tone.tsx'
import type { Row } from './rows.ts'

/** Members online, then the others, each with its highest role. */
export function memberRows(state: State, width: number): readonly Row[] {
  const { server, me } = state
  if (server === null) return []
  const roles = new Map((state.roles[server] ?? []).map(role => [role.id, role.name]))
  const all = (state.members[server] ?? []).map(member => ({
    ...member,
    online: member.online || member.id === me?.identity
  }))
  const sorted = [...all].sort((a, b) => (a.nick ?? a.name).localeCompare(b.nick ?? b.name))
  const section = (title: string, online: boolean): readonly Row[] => {
    const members = sorted.filter(each => each.online === online)
    if (members.length === 0) return []
    return [
      {
        key: title,
        parts: [{ text: fit(`${title} (${members.length})`, width), tone: 'dim' }],
        message: null
      },
      ...members.map((member): Row => {
        const role = member.owner
          ? 'owner'
          : member.roles.map(id => roles.get(id)).find(name => name !== undefined)
        const name = safeLine(member.nick ?? member.name)
        const text = role === undefined ? name : `${name} · ${safeLine(role)}`
        const mark = online ? '● ' : '○ '
        return {
          key: member.id,
          parts: [{ text: truncate(mark + text, width), tone: online ? 'plain' : 'dim' }],
          message: null
        }
      })
    ]
  }
  return [...section('online', true), ...section('away', false)]
}

export function Members({
  state,
  width,
  height
}: {
  readonly state: State
  readonly width: number
  readonly height: number
}) {
  const rows = memberRows(state, width)
  const cut = rows.length > height ? rows.slice(0, height) : rows
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0}>
      {cut.map(row => (
        <Line key={row.key} parts={row.parts} />
      ))}
    </Box>
  )
}
