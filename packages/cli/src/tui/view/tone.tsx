import { createContext, useContext, type ReactNode } from 'react'
import { Text, type TextProps } from 'ink'
import type { Part, Tone } from './rows.ts'

/** Whether the terminal may be coloured: NO_COLOR says no. Weight and words carry the meaning either way. */
export const Colour = createContext(true)

const WEIGHT: Readonly<Record<Tone, TextProps>> = {
  plain: {},
  name: { bold: true },
  own: { bold: true },
  dim: { dimColor: true },
  mark: { dimColor: true },
  alert: { bold: true }
}
const COLOUR: Readonly<Partial<Record<Tone, string>>> = { name: 'cyan', own: 'green', alert: 'yellow' }

export function Toned({
  tone,
  children,
  inverse = false
}: {
  readonly tone: Tone
  readonly children: ReactNode
  readonly inverse?: boolean
}) {
  const coloured = useContext(Colour)
  const color = coloured ? COLOUR[tone] : undefined
  return (
    <Text {...WEIGHT[tone]} {...(color === undefined ? {} : { color })} inverse={inverse} wrap="truncate">
      {children}
    </Text>
  )
}

/** One row of toned parts, never wider than its place. */
export function Line({
  parts,
  selected = false
}: {
  readonly parts: readonly Part[]
  readonly selected?: boolean
}) {
  return (
    <Text wrap="truncate">
      {parts.map((part, at) => (
        <Toned key={at} tone={part.tone} inverse={selected}>
          {part.text}
        </Toned>
      ))}
    </Text>
  )
}
