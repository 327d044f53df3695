import { describe, expect, it } from 'vitest'
import { presenceAt, requirePresence } from './own-presence.ts'

const AT = 1_800_000_000_000
const own = { status: 'dnd', text: 'writing', until: AT + 1_000 } as const

describe('what this device says', () => {
  it('[ND55] a text goes at its end, and the status stays', () => {
    expect(presenceAt(own, AT + 999)).toEqual(own)
    expect(presenceAt(own, AT + 1_000)).toEqual({ status: 'dnd', text: null, until: null })
  })

  it('[ND55] takes 128 bytes of text that end in the future, or none', () => {
    expect(requirePresence(own, AT)).toEqual(own)
    expect(requirePresence({ ...own, text: '  ' }, AT)).toEqual({ status: 'dnd', text: null, until: null })
    expect(requirePresence({ ...own, text: 'x'.repeat(128) }, AT).text).toHaveLength(128)
    expect(() => requirePresence({ ...own, text: 'ü'.repeat(65) }, AT)).toThrow(RangeError)
    expect(() => requirePresence({ ...own, until: AT }, AT)).toThrow(RangeError)
    expect(() => requirePresence({ ...own, status: 'away' as 'idle' }, AT)).toThrow(TypeError)
  })
})
