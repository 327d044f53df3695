/** A program run to its end: little in, little out, a person perhaps asked in between. */
import { spawn } from 'node:child_process'
import type { ToolRun } from './tools.ts'

/** A system may ask its owner to unlock the keychain first. */
const PATIENCE_MS = 60_000
/** A key is 65 bytes; errors are a line. */
const OUTPUT_BYTES_MAX = 4_096

/** How a program ended. */
export interface ToolEnd {
  /** Null where it was killed: it took too long. */
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Rejects where the program cannot be started: `ENOENT` where it is not installed. */
export async function runTool(
  program: string,
  { args, input = '' }: ToolRun,
  env: Readonly<Record<string, string | undefined>>
): Promise<ToolEnd> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: PATIENCE_MS })
    const said = { output: '', errors: '' }
    const take = (where: keyof typeof said) => (text: string) => {
      said[where] = (said[where] + text).slice(0, OUTPUT_BYTES_MAX)
    }
    child.stdout.setEncoding('utf8').on('data', take('output'))
    child.stderr.setEncoding('utf8').on('data', take('errors'))
    // It ended before it read: its exit code says why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', code => resolve({ code, ...said }))
  })
}
