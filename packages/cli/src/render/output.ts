/** What a verb says: to people as text, to programs as JSON; data to stdout, remarks and errors to stderr. */
import type { Writable } from 'node:stream'
import { errorJson, outcomeOf } from '../errors/outcome.ts'
import { safeJson, safeText } from './sanitize.ts'

export interface OutputInit {
  readonly stdout: Writable
  readonly stderr: Writable
  readonly json: boolean
  readonly quiet: boolean
}

export interface Output {
  readonly json: boolean
  /** One answer: an object for programs, text for people. */
  answer(value: object, text: () => string): void
  /** A list: a line for each item for programs, one text for people. */
  list<T extends object>(items: readonly T[], text: (items: readonly T[]) => string, empty: string): void
  /** The result of a write: an object for programs, one sentence for people unless they asked for quiet. */
  done(value: object, text: () => string): void
  /** Text in either case: a document. */
  raw(text: string): void
  /** A remark, for people only. */
  note(text: string): void
  /** An error, for both. */
  error(error: unknown): void
}

export function createOutput({ stdout, stderr, json, quiet }: OutputInit): Output {
  const print = (text: string) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return {
    json,
    answer: (value, text) => print(json ? safeJson(value) : text()),
    list: (items, text, empty) => {
      if (json) for (const item of items) print(safeJson(item))
      else if (items.length > 0) print(text(items))
      else if (!quiet) void stderr.write(`${empty}\n`)
    },
    done: (value, text) => {
      if (json) print(safeJson(value))
      else if (!quiet) print(text())
    },
    raw: print,
    note: text => {
      if (!json && !quiet) void stderr.write(`${text}\n`)
    },
    error: error => {
      const shape = errorJson(error)
      if (json) void stderr.write(`${safeJson({ error: shape })}\n`)
      else {
        const sentence = safeText(shape.message).replace(/\.?$/, '.')
        void stderr.write(`xcord: ${sentence}\n  ${outcomeOf(shape.code).remedy} (${shape.code})\n`)
      }
    }
  }
}
