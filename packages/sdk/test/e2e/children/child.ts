/** A child process that speaks in lines: what it said, and waits for what it will say. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { until } from '../peers.fixture.ts'

/** A peer in a process of its own. */
export interface Child {
  readonly pid: number
  /** Every line so far. */
  readonly lines: readonly string[]
  /** Words behind the first of each line that begins with this one. */
  said(word: string): readonly string[]
  /** Waits until a line begins with this word, beyond the first `skip` of them; gives the rest of the line. */
  heard(word: string, skip?: number, waitMs?: number): Promise<string>
  tell(command: string): void
  /** SIGKILL: nothing is flushed, nothing is said. */
  kill(): Promise<void>
  readonly ended: Promise<number | null>
}

/** Starts a script of this folder under Node, from the sources. */
export function startChild(
  script: string,
  args: readonly string[],
  options: { readonly through?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {}
): Child {
  const node = [process.execPath, '--conditions=xcord-source', join(import.meta.dirname, script), ...args]
  const [command = '', ...rest] = [...(options.through ?? []), ...node]
  const child: ChildProcess = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', ...options.env }
  })
  const lines: string[] = []
  let begun = ''
  let trouble = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (begun + chunk).split('\n')
    begun = parts.pop() ?? ''
    lines.push(...parts)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    trouble += chunk
  })
  // A command to a child that was just killed is lost, as it should be.
  child.stdin?.on('error', () => undefined)
  let over = false
  const ended = new Promise<number | null>(resolve =>
    child.on('close', code => {
      over = true
      resolve(code)
    })
  )
  const said = (word: string): readonly string[] =>
    lines
      .filter(line => line.startsWith(`${word} `) || line === word)
      .map(line => line.slice(word.length + 1))
  return {
    pid: child.pid ?? 0,
    lines,
    said,
    ended,
    heard: async (word, skip = 0, waitMs) =>
      await until(
        `the child says "${word}"${skip > 0 ? ` for the ${skip + 1}th time` : ''}`,
        () => {
          const found = said(word)[skip]
          if (found === undefined && over)
            throw new Error(
              `the child ended before it said "${word}": ${trouble || lines.slice(-3).join(' | ')}`
            )
          return found === undefined ? undefined : found || ' '
        },
        waitMs
      ),
    tell: command => void child.stdin?.write(`${command}\n`),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    }
  }
}
