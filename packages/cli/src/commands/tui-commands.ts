import type { Command } from 'commander'
import { usage } from '../errors/outcome.ts'
import { answers } from '../gateway/listen.ts'
import { parseIdle } from '../profile/settings.ts'
import { profileExists } from '../profile/paths.ts'
import { firstRun } from './profile-commands.ts'
import { openApi, type Session } from './session.ts'
import type { Shell } from './shell.ts'

async function openTui(session: Session): Promise<void> {
  const { terminal } = session
  if (terminal.stdin.isTTY !== true || terminal.stdout.isTTY !== true) {
    throw usage('tui', 'the terminal client needs a terminal; scripts use the other verbs, see --help')
  }
  const api = await openApi(session, 'online', 'tui')
  const { runTui } = await import('../tui/run-tui.tsx')
  await runTui({ api, terminal, signal: session.signal, idleMs: parseIdle(session.settings.idle) ?? null })
}

/** `tui`, `start`. */
export function registerTui(program: Command, { verb }: Shell): void {
  verb(program.command('tui').description('the terminal client'), openTui)
  verb(
    program
      .command('start')
      .description('for people: makes an identity on first use, then opens the terminal client'),
    async session => {
      if (!profileExists(session.paths) && !(await answers(session.paths.socket))) {
        if (session.terminal.stdin.isTTY !== true)
          throw usage(
            'start',
            'the first start asks questions and needs a terminal; scripts use "xcord init"'
          )
        await firstRun(session)
      }
      await openTui(session)
    }
  )
}
