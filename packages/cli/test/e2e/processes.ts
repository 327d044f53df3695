/** Real `xcord` processes over a home folder of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApi, createSocketTransport, profilePaths, type Api } from '@xcord/cli'

const BIN = fileURLToPath(new URL('../../bin/xcord.mjs', import.meta.url))
/** Test processes find each other by links and given nodes only, and listen on loopback. */
const ALONE = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  lines<T>(): T[]
  error(): { code: string; message: string }
}

export interface Daemon {
  readonly profile: string
  readonly process: ChildProcess
  readonly api: Api
  /** SIGTERM unless told otherwise; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface Home {
  readonly path: string
  readonly password: string
  xcord(argv: readonly string[], input?: string): Promise<Ended>
  /** A verb that is still running: its lines on standard error as they come, and its end. */
  running(argv: readonly string[]): {
    line(matches: RegExp): Promise<RegExpExecArray>
    readonly code: Promise<number | null>
  }
  daemon(profile: string, ...flags: string[]): Promise<Daemon>
  /** A community node; its address for `--bootstrap`. */
  node(): Promise<{ readonly address: string; stop(): Promise<number | null> }>
  /** Every byte the processes left behind. */
  bytes(): Buffer
  close(): Promise<void>
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    else child.once('exit', code => resolve(code))
  })

/** Standard output as it comes; resolves with the first line that matches, rejects when the process ends before. */
function lineOf(child: ChildProcess, matches: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let errors = ''
    child.stderr?.on('data', (part: Buffer) => (errors += part.toString()))
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString()
      const found = text.split('\n').slice(0, -1).find(matches)
      if (found !== undefined) resolve(found)
    })
    child.once('exit', code => reject(new Error(`ended with ${code} before it was ready: ${errors}${text}`)))
  })
}

/** @param init.env - Over the test's own environment. */
export function createHome(init: { readonly env?: Readonly<Record<string, string>> } = {}): Home {
  const path = mkdtempSync(join(tmpdir(), 'xcord-e2e-'))
  const password = join(path, 'password')
  writeFileSync(password, 'correct horse battery\n')
  const running = new Set<ChildProcess>()
  const env = {
    ...process.env,
    XCORD_HOME: path,
    XCORD_PASSWORD_FILE: password,
    XDG_RUNTIME_DIR: '',
    ...init.env
  }

  function start(argv: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [BIN, ...argv], { env, cwd: path, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  async function xcord(argv: readonly string[], input = ''): Promise<Ended> {
    const child = start(argv)
    let out = ''
    let err = ''
    child.stdout?.on('data', (part: Buffer) => (out += part.toString()))
    child.stderr?.on('data', (part: Buffer) => (err += part.toString()))
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    return {
      code,
      out,
      err,
      lines: <T>() =>
        out
          .split('\n')
          .filter(line => line !== '')
          .map(line => JSON.parse(line) as T),
      error: () =>
        (
          JSON.parse(err.trim().split('\n').at(-1) || '{"error":{}}') as {
            error: { code: string; message: string }
          }
        ).error
    }
  }

  const stopper =
    (child: ChildProcess) =>
    async (signal: NodeJS.Signals = 'SIGTERM') => {
      child.kill(signal)
      return ended(child)
    }

  return {
    path,
    password,
    xcord,
    running: argv => {
      const child = start(argv)
      child.stdin?.end()
      let text = ''
      const heard = new Set<() => void>()
      child.stderr?.on('data', (part: Buffer) => {
        text += part.toString()
        for (const look of [...heard]) look()
      })
      return {
        code: ended(child),
        line: matches =>
          new Promise((resolve, reject) => {
            const look = (): void => {
              const found = matches.exec(text)
              if (found !== null) resolve(found)
            }
            heard.add(look)
            look()
            child.once('exit', code => reject(new Error(`ended with ${code}: ${text}`)))
          })
      }
    },
    daemon: async (profile, ...flags) => {
      const alone = flags.includes('--listen') ? ['--no-mdns'] : ALONE
      const child = start(['daemon', 'run', '--profile', profile, '--json', ...alone, ...flags])
      await lineOf(child, line => line.includes('"msg":"ready"'))
      const api = createApi(createSocketTransport(profilePaths(profile, env).socket))
      return { profile, process: child, api, stop: stopper(child) }
    },
    node: async () => {
      const key = join(path, 'node.key')
      const flags = [
        '--key-file',
        key,
        '--dev',
        '--http',
        'off',
        '--listen',
        '/ip4/127.0.0.1/tcp/0/ws',
        '--listen',
        '/ip4/127.0.0.1/tcp/0'
      ]
      const child = start(['node', 'run', ...flags])
      const line = await lineOf(child, text => /\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/\w+/.test(text))
      const [address = ''] = /\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/\w+/.exec(line) ?? []
      return { address, stop: stopper(child) }
    },
    bytes: () => {
      const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
      return Buffer.concat(files.map(each => readFileSync(join(each.parentPath, each.name))))
    },
    close: async () => {
      await Promise.all([...running].map(child => stopper(child)('SIGKILL')))
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
