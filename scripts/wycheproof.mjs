/**
 * Runs the Wycheproof collection at every provider of cryptography: `npm run wycheproof -- <folder>`, the folder being
 * `testvectors_v1` of a copy of github.com/C2SP/wycheproof. Ends with 1 on any difference or missing file.
 * `--no-chromium` leaves the browser out, and says so.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createSodiumSuite } from '@xcord/core/adapters/crypto-sodium'
import { FILES, judge } from './wycheproof/judge.mjs'

const USAGE = 'npm run wycheproof -- [--no-chromium] <testvectors_v1 of a copy of github.com/C2SP/wycheproof>'

/** Providers by what they are called, each asked through a function, since one is in another process. */
async function providers(withChromium) {
  const [node, sodium] = [await createNodeSuite(), await createSodiumSuite()]
  const chacha = await chachaOf()
  const here = suite => ({
    name: `${suite.name}, in Node`,
    ask: file => judge(suite, file, chacha),
    end: () => {}
  })
  const all = [here(node), here(sodium)]
  if (!withChromium) return all
  const { startBrowser } = await import('../packages/sdk/test/browser/chromium.fixture.ts')
  const browser = await startBrowser()
  const page = await browser.open()
  const run = file =>
    page.evaluate(
      `xcord.createSodiumSuite().then(suite => (${judge.toString()})(suite, ${JSON.stringify(file)}))`
    )
  const name = await page.evaluate('xcord.createSodiumSuite().then(suite => suite.name)')
  return [...all, { name: `${name}, in Chromium`, ask: run, end: () => browser.end() }]
}

/** libsodium's own, which is below both suites. */
async function chachaOf() {
  const sodium = createRequire(new URL('../packages/core/package.json', import.meta.url))(
    'libsodium-wrappers-sumo'
  )
  await sodium.ready
  return {
    open: (key, iv, aad, sealed) => {
      try {
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, iv, key)
      } catch {
        return undefined
      }
    },
    seal: (key, iv, aad, message) =>
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(message, aad, null, iv, key)
  }
}

function load(folder, name) {
  const file = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const count = file.testGroups.reduce((sum, each) => sum + each.tests.length, 0)
  if (count === 0) throw new Error(`${name} has no cases`)
  return file
}

function report(provider, name, { cases, outside, reasons, differences }) {
  const apart = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`)
  console.log(
    `  ${name.replace('_test.json', '').padEnd(20)} ${cases} cases, ${cases - outside} decided` +
      (outside === 0 ? '' : `, apart: ${apart.join(', ')}`)
  )
  for (const { tcId, comment, asked, got } of differences)
    console.log(`    DIFFERS ${provider} ${name} ${tcId} (${comment}): asked ${asked}, got ${got}`)
  return differences.length
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'no-chromium': { type: 'boolean', default: false } }
  })
  const [folder] = positionals
  if (folder === undefined || positionals.length > 1) {
    console.error(USAGE)
    return 2
  }
  const files = FILES.map(name => ({ name, file: load(folder, name) }))
  let [differences, asked] = [0, 0]
  const all = await providers(!values['no-chromium'])
  try {
    for (const { name: provider, ask } of all) {
      console.log(provider)
      for (const { name, file } of files) {
        const judged = await ask(file)
        asked += judged.cases
        differences += report(provider, name, judged)
      }
    }
  } finally {
    for (const { end } of all) await end()
  }
  if (values['no-chromium']) console.log('not asked: Chromium, left out by --no-chromium')
  console.log(`${asked} cases at ${all.length} providers, ${differences} decided otherwise`)
  return differences === 0 ? 0 : 1
}

process.exitCode = await main().catch(error => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})
