/* Refuses an old Node with one sentence. ES5 without imports: it must run on whatever node is there. */
var found = process.versions.node.split('.')
var major = Number(found[0])
var minor = Number(found[1])
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    'XCord needs Node.js 22.15 or newer; this is ' +
      process.versions.node +
      '. Install Node.js 24, or start it with npm run or npx.'
  )
  process.exit(1)
}
