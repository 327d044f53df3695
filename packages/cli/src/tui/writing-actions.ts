import { safeLine } from '../render/sanitize.ts'
import type { Desk } from './desk.ts'
import { isSlash, runSlash, SLASH_COMMANDS } from './slash.ts'
import * as composing from './state/composer.ts'
import type { State } from './state/state.ts'

type Erase = 'left' | 'right' | 'word' | 'line'

/** What is written, with its last word made into the first member or command that begins so. */
export function completed({ composer, server, members }: State): composing.Composer {
  const [word = ''] = /\S*$/.exec(composer.text) ?? []
  const candidates = word.startsWith('@')
    ? (server === null ? [] : (members[server] ?? [])).map(
        member => `@${safeLine(member.nick ?? member.name)} `
      )
    : word.startsWith('/') && word === composer.text
      ? SLASH_COMMANDS.map(name => `/${name} `)
      : []
  const found = candidates.find(each => each.toLowerCase().startsWith(word.toLowerCase()))
  return word === '' || found === undefined
    ? composer
    : composing.replace(composer, composer.text.slice(0, -word.length) + found)
}

/** Sends what is written: a message, an edit, or a command. */
function sendCommand(desk: Desk) {
  const { api, store, attempt, tell } = desk
  const { dispatch, get } = store

  async function deliver(
    channel: string,
    content: string,
    written: composing.Composer,
    editing: string | null,
    replyTo: string | null
  ) {
    try {
      const message =
        editing === null
          ? await api.call('sendMessage', {
              params: { channel },
              body: { content, ...(replyTo === null ? {} : { replyTo }) }
            })
          : await api.call('editMessage', { params: { message: editing }, body: { content } })
      dispatch({ type: 'message', message })
    } catch (error) {
      // What was written must not be lost to a refusal.
      if (get().composer.text === '')
        dispatch({ type: 'compose', composer: composing.replace(get().composer, written.text) })
      throw error
    }
  }

  function send() {
    const { composer, editing, replyTo, channel } = get()
    const text = composer.text.trim()
    if (text === '') return
    if (editing === null && isSlash(text)) {
      dispatch({ type: 'sent' })
      attempt(async () => tell(await runSlash(desk, text)))
      return
    }
    if (channel === null) {
      dispatch({
        type: 'notice',
        notice: { kind: 'error', text: 'No channel is open. /join <link> or /create <name> first.' }
      })
      return
    }
    dispatch({ type: 'sent' })
    attempt(() => deliver(channel, text.startsWith('//') ? text.slice(1) : text, composer, editing, replyTo))
  }

  return send
}

/** Writing: into the composer, the switcher's query or the reaction's, whichever has the keys. */
export function writingCommands(desk: Desk) {
  const { dispatch, get } = desk.store

  /** Moves within the text, and past its edge through what was sent before. */
  function line(by: -1 | 1) {
    const { composer } = get()
    dispatch({
      type: 'compose',
      composer: composing.moveLine(composer, by) ?? composing.recall(composer, by)
    })
  }

  function type(text: string) {
    const { mode, switcher, reaction, composer } = get()
    if (mode === 'switch') dispatch({ type: 'switcher', query: switcher.query + text })
    else if (mode === 'react') dispatch({ type: 'reaction', text: reaction + text })
    else dispatch({ type: 'compose', composer: composing.insert(composer, text) })
  }

  function erase(what: Erase) {
    const { mode, switcher, reaction, composer } = get()
    const shorter = (text: string) => (what === 'left' ? Array.from(text).slice(0, -1).join('') : '')
    if (mode === 'switch') dispatch({ type: 'switcher', query: shorter(switcher.query) })
    else if (mode === 'react') dispatch({ type: 'reaction', text: shorter(reaction) })
    else {
      const edits = {
        left: composing.backspace,
        right: composing.deleteForward,
        word: composing.deleteWord,
        line: composing.deleteToStart
      }
      dispatch({ type: 'compose', composer: edits[what](composer) })
    }
  }

  return {
    send: sendCommand(desk),
    newline: () => type('\n'),
    complete: () => dispatch({ type: 'compose', composer: completed(get()) }),
    line: ({ by }: { readonly by: -1 | 1 }) => line(by),
    type: ({ text }: { readonly do?: 'type'; readonly text: string }) => type(text),
    erase: ({ what }: { readonly what: Erase }) => erase(what),
    move: ({ by }: { readonly by: number }) =>
      dispatch({ type: 'compose', composer: composing.move(get().composer, by) }),
    edge: ({ edge }: { readonly edge: -1 | 1 }) =>
      dispatch({ type: 'compose', composer: composing.moveToEdge(get().composer, edge) })
  }
}
