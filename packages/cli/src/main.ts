/** What the binary loads once it has made sure of Node's version. */
import { run } from './commands/run.ts'
import { processTerminal } from './terminal/terminal.ts'

const terminal = processTerminal()
// A reader that went away (`xcord message list | head`) is no fault.
process.stdout.on('error', error => {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  throw error
})
const code = await run(process.argv.slice(2), terminal)
// Output may still be on its way into a pipe: end when it is through, whatever sockets are left.
process.exitCode = code
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
