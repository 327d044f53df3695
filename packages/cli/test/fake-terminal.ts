/** A terminal in memory: what a command line prints and how it ends. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import type { Client } from '@xcord/sdk'
import { run } from '../src/commands/run.ts'
import type { OpenInit, Terminal } from '../src/terminal/terminal.ts'

export interface FakeRun {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Standard output's lines as JSON. */
  readonly json: () => unknown[]
}

export interface FakeTerminalInit {
  /** XCORD_HOME: a temporary folder. */
  readonly home: string
  readonly open: (init: OpenInit) => Promise<Client>
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly now?: () => number
  /** Given, the run is interrupted when this resolves. */
  readonly interrupt?: Promise<void>
}

/** Makes a profile's folder look used, as the SDK leaves it. */
export function markProfile(home: string, profile = 'default'): void {
  mkdirSync(join(home, profile, 'store'), { recursive: true })
  writeFileSync(join(home, profile, 'store', 'keystore'), '')
}

/** A client that stays open from run to run. */
export const lasting = (client: Client): Client =>
  new Proxy(client, {
    get: (target, key) => {
      if (key === 'close') return async () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    }
  })

class Sink extends Writable {
  text = ''
  override _write(part: Buffer, _encoding: string, done: () => void) {
    this.text += part.toString()
    done()
  }
}

export async function runFake(argv: readonly string[], init: FakeTerminalInit): Promise<FakeRun> {
  const stdin = new PassThrough()
  stdin.end(init.stdin ?? '')
  const stdout = new Sink()
  const stderr = new Sink()
  const terminal: Terminal = {
    env: { HOME: init.home, XCORD_HOME: init.home, ...init.env },
    stdin,
    stdout,
    stderr,
    now: init.now ?? (() => Date.parse('2026-11-23T12:00:00Z')),
    open: init.open,
    link: async ({ onCode, compare, path }) => {
      onCode('xcord-link-AAAA')
      if (await compare([])) return await init.open({ path })
      throw new Error('not the same')
    },
    onStop: listener => {
      void init.interrupt?.then(listener)
      return () => undefined
    }
  }
  const code = await run(argv, terminal)
  const json = () =>
    stdout.text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as unknown)
  return { code, out: stdout.text, err: stderr.text, json }
}
