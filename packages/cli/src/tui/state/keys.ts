/** Which command a key means in each mode. Pure: the tables of `?` and of the guide are the same. */
import type { Mode } from './state.ts'

export interface KeyPress {
  readonly input: string
  readonly up?: boolean
  readonly down?: boolean
  readonly left?: boolean
  readonly right?: boolean
  readonly pageUp?: boolean
  readonly pageDown?: boolean
  readonly home?: boolean
  readonly end?: boolean
  readonly enter?: boolean
  readonly escape?: boolean
  readonly tab?: boolean
  readonly backspace?: boolean
  readonly delete?: boolean
  readonly ctrl?: boolean
  readonly alt?: boolean
  readonly shift?: boolean
}

export type Command =
  | { readonly do: 'quit' | 'help' | 'switcher' | 'next-unread' | 'send' | 'newline' | 'cancel' | 'close' }
  | {
      readonly do: 'edit' | 'reply' | 'react' | 'delete' | 'confirm' | 'choose' | 'send-reaction' | 'complete'
    }
  | { readonly do: 'channel' | 'select' | 'scroll' | 'switch-move' | 'line'; readonly by: -1 | 1 }
  | { readonly do: 'server'; readonly index: number }
  | { readonly do: 'type'; readonly text: string }
  | { readonly do: 'erase'; readonly what: 'left' | 'right' | 'word' | 'line' }
  | { readonly do: 'move'; readonly by: number }
  | { readonly do: 'edge'; readonly edge: -1 | 1 }

/** Keys as people read them, for the help screen and the guide. */
export const KEY_HELP: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Anywhere',
    [
      ['Ctrl-K', 'go to a channel by letters'],
      ['Alt-Up, Alt-Down', 'channel above, below'],
      ['Alt-A', 'next unread channel'],
      ['Alt-1 … Alt-9', 'server by its number'],
      ['PgUp, PgDn', 'older, newer messages'],
      ['? on an empty line', 'this help'],
      ['Ctrl-C twice, Ctrl-Q', 'quit']
    ]
  ],
  [
    'Writing',
    [
      ['Enter', 'send'],
      ['Alt-Enter, Ctrl-J', 'new line'],
      ['Up, Down', 'line; at the edge: sent before'],
      ['Tab', 'complete @name or /command'],
      ['Esc', 'select the newest message']
    ]
  ],
  [
    'On a selected message',
    [
      ['Up, Down', 'select another'],
      ['r', 'reply'],
      ['e', 'edit your own'],
      ['+', 'react'],
      ['d', 'delete'],
      ['Esc', 'back to writing']
    ]
  ],
  [
    'Commands',
    [
      ['/join <link>', 'join a server'],
      ['/create <name>', 'create a server'],
      ['/channel <name>', 'create a channel'],
      ['/invite', 'make an invite link'],
      ['/leave', 'leave this server'],
      ['/status dnd words', 'how others see you'],
      ['/doctor', 'what is wrong with the network'],
      ['/quit', 'quit']
    ]
  ]
]

const only = (key: KeyPress): boolean => key.ctrl !== true && key.alt !== true

function anywhere(key: KeyPress): Command | undefined {
  if (key.ctrl === true) {
    if (key.input === 'c' || key.input === 'q') return { do: 'quit' }
    if (key.input === 'k') return { do: 'switcher' }
  }
  if (key.alt === true) {
    if (key.up === true) return { do: 'channel', by: -1 }
    if (key.down === true) return { do: 'channel', by: 1 }
    if (key.input === 'a') return { do: 'next-unread' }
    if (/^[1-9]$/.test(key.input)) return { do: 'server', index: Number(key.input) - 1 }
  }
  if (key.pageUp === true) return { do: 'scroll', by: 1 }
  return key.pageDown === true ? { do: 'scroll', by: -1 } : undefined
}

/** Text editing that the composer, the switcher and the reaction prompt share. */
function typing(key: KeyPress): Command | undefined {
  if (key.backspace === true) return { do: 'erase', what: key.alt === true ? 'word' : 'left' }
  if (key.delete === true) return { do: 'erase', what: 'right' }
  if (key.ctrl === true && key.input === 'w') return { do: 'erase', what: 'word' }
  if (key.ctrl === true && key.input === 'u') return { do: 'erase', what: 'line' }
  return key.input !== '' && only(key) ? { do: 'type', text: key.input } : undefined
}

function compose(key: KeyPress, empty: boolean): Command | undefined {
  if (key.escape === true) return { do: 'cancel' }
  if (key.enter === true) return { do: key.alt === true || key.shift === true ? 'newline' : 'send' }
  if (key.input === '\n' || (key.ctrl === true && key.input === 'j')) return { do: 'newline' }
  if (key.tab === true) return { do: 'complete' }
  if (key.up === true) return { do: 'line', by: -1 }
  if (key.down === true) return { do: 'line', by: 1 }
  if (key.left === true) return { do: 'move', by: -1 }
  if (key.right === true) return { do: 'move', by: 1 }
  if (key.home === true || (key.ctrl === true && key.input === 'a')) return { do: 'edge', edge: -1 }
  if (key.end === true || (key.ctrl === true && key.input === 'e')) return { do: 'edge', edge: 1 }
  if (key.input === '?' && empty && only(key)) return { do: 'help' }
  return typing(key)
}

function select(key: KeyPress): Command | undefined {
  if (key.escape === true) return { do: 'cancel' }
  if (key.up === true) return { do: 'select', by: -1 }
  if (key.down === true) return { do: 'select', by: 1 }
  if (!only(key)) return undefined
  if (key.enter === true || key.input === 'r') return { do: 'reply' }
  if (key.input === 'e') return { do: 'edit' }
  if (key.input === '+') return { do: 'react' }
  if (key.input === 'd') return { do: 'delete' }
  return key.input === '?' ? { do: 'help' } : undefined
}

function switching(key: KeyPress): Command | undefined {
  if (key.escape === true || (key.ctrl === true && key.input === 'k')) return { do: 'close' }
  if (key.enter === true) return { do: 'choose' }
  if (key.up === true) return { do: 'switch-move', by: -1 }
  if (key.down === true || key.tab === true) return { do: 'switch-move', by: 1 }
  return typing(key)
}

/** The command of a key, or undefined where it means nothing. `empty`: nothing is written yet. */
export function commandOf(mode: Mode, key: KeyPress, empty: boolean): Command | undefined {
  if (key.ctrl === true && (key.input === 'c' || key.input === 'q')) return { do: 'quit' }
  switch (mode) {
    case 'help':
      return { do: 'close' }
    case 'confirm-delete':
      return key.input === 'y' && only(key) ? { do: 'confirm' } : { do: 'cancel' }
    case 'switch':
      return switching(key)
    case 'react':
      if (key.escape === true) return { do: 'cancel' }
      return key.enter === true ? { do: 'send-reaction' } : typing(key)
    case 'select':
      return anywhere(key) ?? select(key)
    case 'compose':
      return anywhere(key) ?? compose(key, empty)
    default:
      return undefined
  }
}
