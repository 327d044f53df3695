/** The example as its readers run it: two processes, a link between them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const children: ChildProcess[] = []

afterEach(async () => {
  await Promise.all(
    children.splice(0).map(async child => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    })
  )
})

interface Running {
  readonly lines: string[]
  readonly ended: Promise<number | null>
  line(fits: (text: string) => boolean): Promise<string>
  end(): Promise<number | null>
}

/** Runs the sources; what it writes is kept, and shown when a wait is in vain. */
function run(...args: string[]): Running {
  const child = spawn(process.execPath, ['--conditions=xcord-source', MAIN, ...args, '--loopback'], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  children.push(child)
  const lines: string[] = []
  const looks = new Set<() => void>()
  const told = (text: string): void => {
    lines.push(text)
    for (const look of looks) look()
  }
  createInterface({ input: child.stdout }).on('line', told)
  createInterface({ input: child.stderr }).on('line', told)
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return {
    lines,
    ended,
    line: fits =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(fits)
          if (found !== undefined) resolve(found)
        }
        looks.add(look)
        look()
        void ended.then(code => reject(new Error(`ended with ${code}:\n${lines.join('\n')}`)))
      }),
    end: async () => {
      child.kill('SIGTERM')
      return await ended
    }
  }
}

describe('hello-server', () => {
  it('says hello from one process to another, over a link', async () => {
    const host = run('host')
    const link = await host.line(text => text.startsWith('xcord:#'))
    const guest = run('hello', link)
    expect(await guest.ended, guest.lines.join('\n')).toBe(0)
    expect(await host.line(text => text.endsWith(': Hello, peers'))).toBe('Ada: Hello, peers')
    expect(guest.lines.at(-1)).toMatch(/^Hello, peers \((sent|stored|delivered)\)$/)
    expect(await host.end()).toBe(0)
  })

  it('says how it is used', async () => {
    const wrong = run('hello')
    expect(await wrong.ended).toBe(2)
    expect(wrong.lines).toEqual(["Say host, or hello '<link>'."])
  })
})
