/**
 * `npm run demo`: the main job as a play. Three people and a helper node, each a process of its own, use the
 * commands anybody would type; every claim is checked as it is made, and one that does not hold ends the demo with
 * exit code 1.
 */
import { ClaimFailed } from './demo/claim.mjs'
import { narrator } from './demo/narrator.mjs'
import { clear, folder, logs } from './demo/stage.mjs'
import { play } from './demo/story.mjs'

const DEMO_MS_MAX = Number(process.env.XCORD_DEMO_MS ?? 240_000)
const LOG_LINES_SHOWN = 6
const LOG_COLUMNS = 240

const began = performance.now()

function tellFailure(error) {
  narrator.failed(error instanceof ClaimFailed ? error.message : (error?.stack ?? String(error)))
  for (const [name, lines] of logs) {
    if (lines.length === 0) continue
    narrator.plain(`\nlast lines of ${name}:`)
    for (const text of lines.slice(-LOG_LINES_SHOWN)) narrator.plain(`    ${text.slice(0, LOG_COLUMNS)}`)
  }
}

const stopped = new Promise((_resolve, reject) => {
  const limit = setTimeout(
    () => reject(new Error(`the demo did not end in ${DEMO_MS_MAX / 1_000} s`)),
    DEMO_MS_MAX
  )
  limit.unref()
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => reject(new Error(`ended by ${signal}`)))
})

let code = 0
try {
  narrator.title('XCord: three people and a helper node on this machine, each a process of its own.')
  narrator.plain(`Files are in ${folder}; they are removed at the end.`)
  await Promise.race([play(), stopped])
} catch (error) {
  tellFailure(error)
  code = 1
}
await clear()
const seconds = ((performance.now() - began) / 1_000).toFixed(1)
if (code === 0) {
  narrator.plain(`\n${narrator.counted()} claims checked, all hold. ${seconds} s.\n`)
  narrator.title('Now you:')
  narrator.plain(`    npm start                                   your own identity, and the terminal client
    npx xcord server create 'My server'         a server of your own
    npx xcord invite create                     a link for a friend, on this or another machine
    npx xcord server join '<link>'              what the friend types
    npx xcord --help                            everything else`)
} else {
  narrator.plain(`\n${narrator.counted()} claims held before that. ${seconds} s.`)
}
process.exit(code)
