import type { Desk } from './desk.ts'
import { replace } from './state/composer.ts'
import { selectedMessage } from './state/state.ts'

/** What can be done to a selected message. */
export function messageCommands({ api, store: { dispatch, get }, attempt, tell }: Desk) {
  function edit() {
    const message = selectedMessage(get())
    if (message === undefined) return
    if (message.author !== get().me?.identity) return tell('Only your own messages can be edited.')
    if (message.deleted === true) return tell('It is deleted.')
    dispatch({ type: 'edit', composer: replace(get().composer, message.content) })
  }

  function remove() {
    const message = selectedMessage(get())
    dispatch({ type: 'cancel' })
    if (message === undefined) return
    attempt(async () =>
      dispatch({
        type: 'message',
        message: await api.call('deleteMessage', { params: { message: message.id } })
      })
    )
  }

  function openReaction() {
    if (selectedMessage(get())?.deleted === true) return tell('It is deleted.')
    dispatch({ type: 'mode', mode: 'react' })
  }

  function sendReaction() {
    const { reaction, me } = get()
    const message = selectedMessage(get())
    dispatch({ type: 'cancel' })
    if (message === undefined || reaction.trim() === '') return
    const emoji = reaction.trim()
    const mine = message.reactions.some(
      each => each.emoji === emoji && each.users.includes(me?.identity ?? '')
    )
    const params = { message: message.id, emoji }
    attempt(async () =>
      dispatch({
        type: 'message',
        message: await api.call(mine ? 'removeReaction' : 'addReaction', { params })
      })
    )
  }

  /** Esc: out of what one is in; from an idle composer, up to the messages. */
  function cancel() {
    const { mode, editing, replyTo } = get()
    if (mode === 'compose' && editing === null && replyTo === null) dispatch({ type: 'select', by: 0 })
    else dispatch({ type: 'cancel' })
  }

  return {
    edit,
    reply: () => dispatch({ type: 'reply' }),
    react: openReaction,
    delete: () => dispatch({ type: 'mode', mode: 'confirm-delete' }),
    confirm: remove,
    'send-reaction': sendReaction,
    cancel
  }
}
