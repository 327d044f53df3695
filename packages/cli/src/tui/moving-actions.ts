import type { Desk, Measure } from './desk.ts'
import { choices, currentConversation, nextUnread, openable } from './state/state.ts'

/** Going from place to place. */
export function movingCommands({ store: { dispatch, get }, feed, attempt, tell, open }: Desk) {
  function openBy(by: -1 | 1) {
    const { server, channel } = get()
    const all = openable(get(), server)
    const at = all.findIndex(each => each.id === channel)
    const next = all[(at + by + all.length) % Math.max(1, all.length)]
    if (server !== null && next !== undefined) open(server, next.id)
  }

  function openUnread() {
    const next = nextUnread(get())
    if (next === undefined) tell('Nothing unread.')
    else open(next.server, next.id)
  }

  function scroll(by: -1 | 1, { rows, height }: Measure) {
    const max = Math.max(0, rows - height)
    dispatch({ type: 'scroll', by: by * Math.max(1, height - 2), max })
    const { channel } = get()
    if (channel !== null && by > 0 && get().scroll >= max) attempt(() => feed.loadOlder(channel))
    feed.seen()
  }

  function selectBy(by: -1 | 1) {
    const { messages } = currentConversation(get())
    const { channel, selected } = get()
    if (by < 0 && selected !== null && messages[0]?.id === selected && channel !== null)
      attempt(() => feed.loadOlder(channel))
    dispatch({ type: 'select', by })
  }

  function choose() {
    const choice = choices(get())[get().switcher.index]
    dispatch({ type: 'mode', mode: 'compose' })
    if (choice !== undefined) open(choice.server.id, choice.channel.id)
  }

  return {
    help: () => dispatch({ type: 'mode', mode: 'help' }),
    close: () => dispatch({ type: 'mode', mode: 'compose' }),
    switcher: () => dispatch({ type: 'mode', mode: 'switch' }),
    'switch-move': ({ by }: { readonly by: -1 | 1 }) => dispatch({ type: 'switcher', by }),
    choose,
    'next-unread': openUnread,
    channel: ({ by }: { readonly by: -1 | 1 }) => openBy(by),
    server: ({ index }: { readonly index: number }) => {
      const server = get().servers[index]
      if (server !== undefined) open(server.id, null)
    },
    select: ({ by }: { readonly by: -1 | 1 }) => selectBy(by),
    scroll: ({ by }: { readonly by: -1 | 1 }, measure: Measure) => scroll(by, measure)
  }
}
