/** Questions: at the terminal by prompt, secrets unseen; otherwise a line of standard input for each. */
import { createInterface, type Interface } from 'node:readline'
import { XcordError } from '@xcord/core'
import { safeText } from '../render/sanitize.ts'
import type { Terminal } from './terminal.ts'

export interface AskOptions {
  readonly secret?: boolean
}

export interface Asker {
  /** Whether a person sits there. */
  readonly interactive: boolean
  /** One line. Undefined where input has ended. XCORD_ABORTED on Ctrl-C. */
  ask(question: string, options?: AskOptions): Promise<string | undefined>
  /** Everything left of standard input. */
  rest(): Promise<string>
  close(): void
}

const aborted = () => new XcordError('XCORD_ABORTED', 'interrupted at the prompt', {})

/** A line typed without showing it. */
function hidden({ stdin, stderr }: Terminal, question: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    stderr.write(safeText(question))
    stdin.setRawMode?.(true)
    stdin.setEncoding('utf8')
    let text = ''
    const finish = (run: () => void) => {
      stdin.off('data', take)
      stdin.setRawMode?.(false)
      stdin.pause()
      stderr.write('\n')
      run()
    }
    const take = (part: string) => {
      for (const letter of part) {
        if (letter === '\r' || letter === '\n') return finish(() => resolve(text))
        if (letter === '\u0003') return finish(() => reject(aborted()))
        if (letter === '\u0004') return finish(() => resolve(text === '' ? undefined : text))
        if (letter === '\u007f' || letter === '\b') text = Array.from(text).slice(0, -1).join('')
        else if (letter >= ' ') text += letter
      }
    }
    stdin.on('data', take)
    stdin.resume()
  })
}

function shown({ stdin, stderr }: Terminal, question: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdin, output: stderr, terminal: true })
    let answered = false
    lines.once('SIGINT', () => {
      answered = true
      lines.close()
      reject(aborted())
    })
    lines.once('close', () => {
      if (!answered) resolve(undefined)
    })
    lines.question(safeText(question), text => {
      answered = true
      lines.close()
      resolve(text)
    })
  })
}

export function createAsker(terminal: Terminal): Asker {
  const interactive = terminal.stdin.isTTY === true && terminal.stderr.isTTY === true
  let reader: Interface | undefined
  let lines: AsyncIterator<string> | undefined
  const nextLine = async () => {
    reader ??= createInterface({ input: terminal.stdin, terminal: false, crlfDelay: Infinity })
    lines ??= reader[Symbol.asyncIterator]()
    const { done, value } = await lines.next()
    return done === true ? undefined : value
  }
  return {
    interactive,
    ask: (question, options = {}) => {
      if (!interactive) return nextLine()
      return options.secret === true ? hidden(terminal, question) : shown(terminal, question)
    },
    rest: async () => {
      const parts: string[] = []
      for (let line = await nextLine(); line !== undefined; line = await nextLine()) parts.push(line)
      return parts.join('\n')
    },
    close: () => reader?.close()
  }
}
