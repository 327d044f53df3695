/** Opens the terminal client in the terminal's other screen, and gives the first one back as it was. */
import { render } from 'ink'
import type { Api } from '../api/api.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { App } from './app.tsx'
import { createController } from './controller.ts'
import { createStore } from './store.ts'

export interface TuiInit {
  readonly api: Api
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** Without a key for so long it says that nobody is here; null: never. */
  readonly idleMs: number | null
}

/** Resolves when the person quits, the signal aborts, or the daemon's `stop` asks. */
export async function runTui({ api, terminal, signal, idleMs }: TuiInit): Promise<void> {
  const left = new AbortController()
  const end = AbortSignal.any([signal, left.signal])
  const store = createStore()
  const controller = createController({
    api,
    store,
    signal: end,
    quit: () => left.abort(),
    now: terminal.now,
    idleMs
  })
  const colour = (terminal.env['NO_COLOR'] ?? '') === ''
  const instance = render(<App store={store} controller={controller} colour={colour} />, {
    stdin: terminal.stdin as NodeJS.ReadStream,
    stdout: terminal.stdout as NodeJS.WriteStream,
    stderr: terminal.stderr as NodeJS.WriteStream,
    exitOnCtrlC: false,
    alternateScreen: true,
    interactive: true,
    kittyKeyboard: { mode: 'auto' }
  })
  const close = () => instance.unmount()
  end.addEventListener('abort', close)
  try {
    await instance.waitUntilExit()
  } finally {
    end.removeEventListener('abort', close)
    left.abort()
  }
}
