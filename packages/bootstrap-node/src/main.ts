/** The process `xcord-node`: its only place for exit codes. */
import { runNodeCommand } from './command.ts'

/** Runs one command line and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const code = await runNodeCommand(argv).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return 1
  })
  // Explicit: a timer or socket of a library must not keep a stopped node alive.
  process.exit(code)
}
