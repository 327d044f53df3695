#!/usr/bin/env node
/* Until Node's version is known to be new enough, only what every version understands. */
const found = process.versions.node.split('.')
if (Number(found[0]) < 22 || (Number(found[0]) === 22 && Number(found[1]) < 15)) {
  console.error(
    'XCord needs Node.js 22.15 or newer; this is ' +
      process.versions.node +
      '. Install Node.js 24, or start it with npm run or npx.'
  )
  process.exit(1)
}
const { main } = await import('../dist/main.js')
await main(process.argv.slice(2))
