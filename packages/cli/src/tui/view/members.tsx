import { Box } from 'ink'
import type { MemberJson } from '@xcord/sdk'
import { safeLine } from '../../render/sanitize.ts'
import { fit, truncate } from '../../render/width.ts'
import type { State } from '../state/state.ts'
import { Line } from './tone.tsx'
import type { Row, Tone } from './rows.ts'

/** Signs of how somebody is there: told apart without colour. */
export const MARKS = { online: '●', idle: '◐', dnd: '⊘', offline: '○' } as const

/** Members who are there, then the others, each with its sign, its highest role, and below it its words. */
export function memberRows({ server, roles, members }: State, width: number): readonly Row[] {
  if (server === null) return []
  const names = new Map((roles[server] ?? []).map(role => [role.id, role.name]))
  const all = [...(members[server] ?? [])].sort((a, b) => (a.nick ?? a.name).localeCompare(b.nick ?? b.name))
  const section = (title: string, shown: readonly MemberJson[]): readonly Row[] =>
    shown.length === 0
      ? []
      : [
          row(title, fit(`${title} (${shown.length})`, width), 'dim'),
          ...shown.flatMap(each => rowsOf(each, names, width))
        ]
  return [
    ...section(
      'online',
      all.filter(each => each.presence !== undefined)
    ),
    ...section(
      'offline',
      all.filter(each => each.presence === undefined)
    )
  ]
}

function rowsOf(member: MemberJson, roles: ReadonlyMap<string, string>, width: number): readonly Row[] {
  const { presence } = member
  const role = member.owner ? 'owner' : member.roles.map(id => roles.get(id)).find(name => name !== undefined)
  const name = safeLine(member.nick ?? member.name)
  const text = role === undefined ? name : `${name} · ${safeLine(role)}`
  const sign = MARKS[presence?.status ?? 'offline']
  const first = row(member.id, truncate(`${sign} ${text}`, width), presence === undefined ? 'dim' : 'plain')
  const words = presence?.text ?? null
  return words === null
    ? [first]
    : [first, row(`${member.id} words`, truncate(`  ${safeLine(words)}`, width), 'dim')]
}

function row(key: string, text: string, tone: Tone): Row {
  return { key, parts: [{ text, tone }], message: null }
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
