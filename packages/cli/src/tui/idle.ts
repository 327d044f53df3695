/** Whoever presses no key for a while is not here: said while they are online, and taken back with the next key. */
import type { Api } from '../api/api.ts'
import type { Store } from './store.ts'

export interface IdleInit {
  readonly api: Api
  readonly store: Store
  readonly signal: AbortSignal
  /** null: never said. */
  readonly idleMs: number | null
}

export function createIdle({ api, store, signal, idleMs }: IdleInit) {
  let timer: NodeJS.Timeout | undefined
  signal.addEventListener('abort', () => clearTimeout(timer))

  const say = (away: boolean): void => {
    // Where the daemon is away nobody is told; the next key or pause says it again.
    const said = api.call('setPresence', { body: { away } }).then(own => store.dispatch({ type: 'own', own }))
    said.catch(() => undefined)
  }

  return {
    /** A key was pressed, or the client opened. */
    touched: () => {
      if (idleMs === null || signal.aborted) return
      clearTimeout(timer)
      // Another client of this daemon may have said it: somebody is here all the same.
      if (store.get().own?.away === true) say(false)
      timer = setTimeout(() => say(true), idleMs)
      timer.unref()
    }
  }
}
