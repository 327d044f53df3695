/** `npm run verify`: the one gate before a change is done. `-- --fast` leaves the tests and examples out. */
import * as gates from './gates.mjs'

const quick = [
  gates.build,
  gates.types,
  gates.tidy,
  gates.imports,
  gates.lint,
  gates.format,
  gates.deadCode,
  gates.surface,
  gates.docs
]
const fast = process.argv.includes('--fast')
const results = await gates.runGates(
  fast
    ? quick
    : [
        ...quick,
        gates.unit,
        gates.histories,
        gates.media,
        gates.chromium,
        gates.browser,
        gates.e2e,
        gates.examples
      ]
)
gates.printTable(results)
if (fast) console.log('Without tests and examples: "npm run verify" runs them too.')
process.exitCode = gates.printTotal(results) === 0 ? 0 : 1
