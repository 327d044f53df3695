#!/usr/bin/env node
// Old Nodes must be able to read this far: no newer syntax, and no static import of what they lack.
const parts = process.versions.node.split('.')
if (Number(parts[0]) < 22 || (Number(parts[0]) === 22 && Number(parts[1]) < 15)) {
  console.error(
    'XCord needs Node.js 22.15 or newer; this is ' +
      process.versions.node +
      '. Install Node.js 24, or start it with npm run or npx.'
  )
  process.exit(1)
}
import('../dist/main.js').catch(function (error) {
  if (error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.message).indexOf('dist') >= 0) {
    console.error('XCord is not built yet: run "npm run build" first.')
  } else {
    console.error(error)
  }
  process.exit(1)
})
