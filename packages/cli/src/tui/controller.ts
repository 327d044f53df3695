/** What commands do: state changes at once, calls of the API beside it, errors as notices. */
import type { Api } from '../api/api.ts'
import { createFeed, noticeOf } from './feed.ts'
import { createIdle } from './idle.ts'
import { messageCommands } from './message-actions.ts'
import { movingCommands } from './moving-actions.ts'
import type { Command } from './state/keys.ts'
import type { Store } from './store.ts'
import { writingCommands } from './writing-actions.ts'
import type { Actions, Desk, Measure } from './desk.ts'

export interface ControllerInit {
  readonly api: Api
  readonly store: Store
  readonly signal: AbortSignal
  /** Ends the client. */
  readonly quit: () => void
  readonly now: () => number
  /** Without a key for so long nobody is here, ms; null: never said. */
  readonly idleMs: number | null
}

export interface Controller {
  run(): Promise<void>
  /** A key was pressed, whatever it means. */
  touched(): void
  execute(command: Command, measure: Measure): void
  paste(text: string): void
}

/** A second Ctrl-C within this time quits, milliseconds. */
const QUIT_MS = 2_000

export function createController({ api, store, signal, quit, now, idleMs }: ControllerInit): Controller {
  const { dispatch, get } = store
  const feed = createFeed(api, store, signal)
  let quitAsked = Number.NEGATIVE_INFINITY

  const attempt = (work: () => Promise<void>) =>
    void work().catch((error: unknown) => {
      if (!signal.aborted) dispatch({ type: 'notice', notice: noticeOf(error) })
    })
  const desk: Desk = {
    api,
    store,
    feed,
    quit,
    attempt,
    tell: text => dispatch({ type: 'notice', notice: text === '' ? null : { kind: 'done', text } }),
    open: (server, channel) => {
      dispatch({ type: 'open', server, channel })
      const opened = get().channel
      if (opened !== null) attempt(() => feed.loadChannel(opened))
    }
  }

  function askQuit() {
    if (now() - quitAsked < QUIT_MS || get().composer.text === '') return quit()
    quitAsked = now()
    desk.tell('Press Ctrl-C again to quit; what you have written is not sent.')
  }

  const idle = createIdle({ api, store, signal, idleMs })
  const writing = writingCommands(desk)
  const actions: Actions = { ...movingCommands(desk), ...writing, ...messageCommands(desk), quit: askQuit }

  return {
    run: async () => {
      idle.touched()
      await feed.run()
    },
    touched: idle.touched,
    // The table has an action for each command; TypeScript cannot follow the pair.
    execute: (command, measure) =>
      (actions[command.do] as (command: Command, measure: Measure) => void)(command, measure),
    paste: text =>
      writing.type({ do: 'type', text: get().mode === 'compose' ? text : text.replace(/\s+/g, ' ') })
  }
}
