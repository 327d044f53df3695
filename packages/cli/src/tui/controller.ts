/** What commands do: state changes at once, calls of the API beside it, errors as notices. */
import type { Api } from '../api/api.ts'
import { safeLine } from '../render/sanitize.ts'
import { createFeed, noticeOf } from './feed.ts'
import { isSlash, runSlash, SLASH_COMMANDS } from './slash.ts'
import * as composing from './state/composer.ts'
import type { Command } from './state/keys.ts'
import { choices, currentChannel, currentConversation, nextUnread, openable, selectedMessage } from './state/state.ts'
import type { Store } from './store.ts'

export interface ControllerInit {
  readonly api: Api
  readonly store: Store
  readonly signal: AbortSignal
  /** Ends the client. */
  readonly quit: () => void
  readonly now: () => number
}

/** What the view knows and commands need: rows there are, rows there is room for. */
export interface Measure {
  readonly rows: number
  readonly height: number
}

export interface Controller {
  run(): Promise<void>
  execute(command: Command, measure: Measure): void
  paste(text: string): void
}

/** A second Ctrl-C within this time quits, milliseconds. */
const QUIT_MS = 2_000

export function createController({ api, store, signal, quit, now }: ControllerInit): Controller {
  const { dispatch, get } = store
  const feed = createFeed(api, store, signal)
  let quitAsked = Number.NEGATIVE_INFINITY

  const tell = (text: string) => dispatch({ type: 'notice', notice: text === '' ? null : { kind: 'done', text } })
  /** Runs something that may fail in the world; what went wrong is said, the client stays. */
  const attempt = (work: () => Promise<void>) => void work().catch((error: unknown) => dispatch({ type: 'notice', notice: noticeOf(error) }))

  function open(server: string, channel: string | null) {
    dispatch({ type: 'open', server, channel })
    const opened = get().channel
    if (opened === null) return
    attempt(async () => {
      await feed.loadChannel(opened)
      await markRead(opened)
    })
  }

  async function markRead(channel: string) {
    if ((currentChannel(get())?.unread ?? 0) === 0 || get().channel !== channel) return
    dispatch({ type: 'channel', channel: await api.call('markRead', { params: { channel }, body: {} }) })
  }

  function openBy(by: -1 | 1) {
    const { server, channel } = get()
    const all = openable(get(), server)
    const at = all.findIndex(each => each.id === channel)
    const next = all[(at + by + all.length) % Math.max(1, all.length)]
    if (server !== null && next !== undefined) open(server, next.id)
  }

  function openServer(index: number) {
    const server = get().servers[index]
    if (server !== undefined) open(server.id, null)
  }

  function openUnread() {
    const next = nextUnread(get())
    if (next === undefined) tell('Nothing unread.')
    else open(next.server, next.id)
  }

  function send() {
    const { composer, editing, replyTo, channel } = get()
    const text = composer.text.trim()
    if (text === '') return
    if (editing === null && isSlash(text)) {
      dispatch({ type: 'sent' })
      attempt(async () => tell(await runSlash({ api, store, feed, open, quit }, text)))
      return
    }
    if (channel === null) {
      dispatch({ type: 'notice', notice: { kind: 'error', text: 'No channel is open. /join <link> or /create <name> first.' } })
      return
    }
    const content = text.startsWith('//') ? text.slice(1) : text
    dispatch({ type: 'sent' })
    attempt(async () => {
      try {
        const message =
          editing === null
            ? await api.call('sendMessage', { params: { channel }, body: { content, ...(replyTo === null ? {} : { replyTo }) } })
            : await api.call('editMessage', { params: { message: editing }, body: { content } })
        dispatch({ type: 'message', message })
      } catch (error) {
        // What was written must not be lost to a refusal.
        if (get().composer.text === '') dispatch({ type: 'compose', composer: composing.replace(get().composer, composer.text) })
        throw error
      }
    })
  }

  function edit() {
    const message = selectedMessage(get())
    if (message === undefined) return
    if (message.author !== get().me?.identity) return tell('Only your own messages can be edited.')
    if (message.deleted === true) return tell('It is deleted.')
    dispatch({ type: 'edit', composer: composing.replace(get().composer, message.content) })
  }

  function remove() {
    const message = selectedMessage(get())
    dispatch({ type: 'cancel' })
    if (message === undefined) return
    attempt(async () => dispatch({ type: 'message', message: await api.call('deleteMessage', { params: { message: message.id } }) }))
  }

  function sendReaction() {
    const { reaction } = get()
    const message = selectedMessage(get())
    dispatch({ type: 'cancel' })
    if (message === undefined || reaction.trim() === '') return
    const emoji = reaction.trim()
    const mine = message.reactions.some(each => each.emoji === emoji && each.users.includes(get().me?.identity ?? ''))
    const params = { message: message.id, emoji }
    attempt(async () => dispatch({ type: 'message', message: await api.call(mine ? 'removeReaction' : 'addReaction', { params }) }))
  }

  /** Moves within the text, and past its edge through what was sent before. */
  function line(by: -1 | 1) {
    const { composer } = get()
    dispatch({ type: 'compose', composer: composing.moveLine(composer, by) ?? composing.recall(composer, by) })
  }

  function complete() {
    const { composer, server, members } = get()
    const [word = ''] = /\S*$/.exec(composer.text) ?? []
    const candidates = word.startsWith('@')
      ? (server === null ? [] : (members[server] ?? [])).map(member => `@${safeLine(member.nick ?? member.name)} `)
      : word.startsWith('/') && word === composer.text
        ? SLASH_COMMANDS.map(name => `/${name} `)
        : []
    const found = candidates.find(each => each.toLowerCase().startsWith(word.toLowerCase()))
    if (word.length > 0 && found !== undefined) {
      dispatch({ type: 'compose', composer: composing.replace(composer, composer.text.slice(0, -word.length) + found) })
    }
  }

  function scroll(by: -1 | 1, { rows, height }: Measure) {
    const max = Math.max(0, rows - height)
    const before = get().scroll
    dispatch({ type: 'scroll', by: by * Math.max(1, height - 2), max })
    const { channel } = get()
    if (channel === null) return
    if (by > 0 && get().scroll >= max) attempt(() => feed.loadOlder(channel))
    if (get().scroll === 0 && before > 0) attempt(() => markRead(channel))
  }

  function selectBy(by: -1 | 1) {
    const { messages } = currentConversation(get())
    const { channel, selected } = get()
    if (by < 0 && selected !== null && messages[0]?.id === selected && channel !== null) attempt(() => feed.loadOlder(channel))
    dispatch({ type: 'select', by })
  }

  function cancelOrSelect() {
    const { mode, editing, replyTo } = get()
    if (mode === 'compose' && editing === null && replyTo === null) dispatch({ type: 'select', by: 0 })
    else dispatch({ type: 'cancel' })
  }

  function askQuit() {
    if (now() - quitAsked < QUIT_MS || get().composer.text === '') return quit()
    quitAsked = now()
    tell('Press Ctrl-C again to quit; what you have written is not sent.')
  }

  function type(text: string) {
    const { mode, switcher, reaction, composer } = get()
    if (mode === 'switch') dispatch({ type: 'switcher', query: switcher.query + text })
    else if (mode === 'react') dispatch({ type: 'reaction', text: reaction + text })
    else dispatch({ type: 'compose', composer: composing.insert(composer, text) })
  }

  function erase(what: 'left' | 'right' | 'word' | 'line') {
    const { mode, switcher, reaction, composer } = get()
    const shorter = (text: string) => (what === 'left' ? Array.from(text).slice(0, -1).join('') : '')
    if (mode === 'switch') dispatch({ type: 'switcher', query: shorter(switcher.query) })
    else if (mode === 'react') dispatch({ type: 'reaction', text: shorter(reaction) })
    else {
      const edits = { left: composing.backspace, right: composing.deleteForward, word: composing.deleteWord, line: composing.deleteToStart }
      dispatch({ type: 'compose', composer: edits[what](composer) })
    }
  }

  function choose() {
    const choice = choices(get())[get().switcher.index]
    dispatch({ type: 'mode', mode: 'compose' })
    if (choice !== undefined) open(choice.server.id, choice.channel.id)
  }

  function openReaction() {
    if (selectedMessage(get())?.deleted === true) return tell('It is deleted.')
    dispatch({ type: 'mode', mode: 'react' })
  }

  const simple: Readonly<Record<Extract<Command, { do: string }>['do'], ((command: never, measure: Measure) => void) | undefined>> = {
    quit: askQuit,
    help: () => dispatch({ type: 'mode', mode: 'help' }),
    close: () => dispatch({ type: 'mode', mode: 'compose' }),
    switcher: () => dispatch({ type: 'mode', mode: 'switch' }),
    'next-unread': openUnread,
    send,
    newline: () => type('\n'),
    cancel: cancelOrSelect,
    edit,
    reply: () => dispatch({ type: 'reply' }),
    react: openReaction,
    delete: () => dispatch({ type: 'mode', mode: 'confirm-delete' }),
    confirm: remove,
    choose,
    'send-reaction': sendReaction,
    complete,
    channel: ({ by }: { by: -1 | 1 }) => openBy(by),
    select: ({ by }: { by: -1 | 1 }) => selectBy(by),
    scroll: ({ by }: { by: -1 | 1 }, measure) => scroll(by, measure),
    'switch-move': ({ by }: { by: -1 | 1 }) => dispatch({ type: 'switcher', by }),
    line: ({ by }: { by: -1 | 1 }) => line(by),
    server: ({ index }: { index: number }) => openServer(index),
    type: ({ text }: { text: string }) => type(text),
    erase: ({ what }: { what: 'left' | 'right' | 'word' | 'line' }) => erase(what),
    move: ({ by }: { by: number }) => dispatch({ type: 'compose', composer: composing.move(get().composer, by) }),
    edge: ({ edge }: { edge: -1 | 1 }) => dispatch({ type: 'compose', composer: composing.moveToEdge(get().composer, edge) })
  }

  return {
    run: () => feed.run(),
    execute: (command, measure) => (simple[command.do] as ((command: Command, measure: Measure) => void) | undefined)?.(command, measure),
    paste: text => type(get().mode === 'compose' ? text : text.replace(/\s+/g, ' '))
  }
}
