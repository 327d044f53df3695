/**
 * A vitest reporter that writes what was counted to the file named by XCORD_COUNTS: test.mjs adds the numbers of
 * several runs. What is no test but went wrong (a file that does not load, an error nobody caught) counts as
 * failed: a run must not pass because its tests never started.
 */
import { writeFileSync } from 'node:fs'

/** @param {readonly import('vitest/node').TestModule[]} modules */
function count(modules, unhandled) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const module of modules) {
    const before = counts.failed
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state] += 1
      else counts.failed += 1
    }
    if (module.state() === 'failed' && counts.failed === before) counts.failed += 1
  }
  counts.failed += unhandled.length
  return counts
}

// vitest loads a reporter by its default export.
export default class CountReporter {
  onTestRunEnd(modules, unhandled) {
    const path = process.env.XCORD_COUNTS
    if (path !== undefined) writeFileSync(path, JSON.stringify(count(modules, unhandled)))
  }
}
