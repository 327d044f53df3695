/** The program from its sources, as the tests start it. */
import { main } from '../../src/main.ts'

await main(process.argv.slice(2))
