/** `npm test`: everything that proves the project works. The last line says how much of it passed. */
import {
  browser,
  build,
  chromium,
  e2e,
  examples,
  histories,
  imports,
  lint,
  media,
  printTable,
  printTotal,
  runGates,
  types,
  unit
} from './gates.mjs'

// unit contains the tidy, API and documentation tests; build comes first, since the others use what it makes.
const results = await runGates([
  build,
  types,
  imports,
  lint,
  unit,
  histories,
  media,
  chromium,
  browser,
  e2e,
  examples
])
printTable(results)
process.exitCode = printTotal(results) === 0 ? 0 : 1
