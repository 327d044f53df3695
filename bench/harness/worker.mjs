import { inWorker, startBrowser } from '../../packages/sdk/test/browser/chromium.fixture.ts'

/** Wall time of removals from a role in a worker of Chromium, ms; each in a worker of its own, compiled code and all. */
export async function removalsInWorker(members, rounds) {
  const browser = await startBrowser()
  try {
    const page = await browser.open()
    const found = []
    for (let round = 0; round < rounds; round++) found.push((await inWorker(page, '/removal.js', members)).ms)
    return found
  } finally {
    await browser.end()
  }
}
