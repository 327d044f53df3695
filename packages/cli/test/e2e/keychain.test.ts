/** The system's keychain as users have it (KS11): a program found in PATH; here a script plays it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { KeychainJson } from '@xcord/sdk'
import { createHome, type Home } from './processes.ts'

/** Both systems' programs: of what they are asked, this decides by the verb. */
const TOOL = `#!/bin/sh
name() { for last; do :; done; printf '%s' "$KEPT/$last"; }
case $1 in
store) cat > "$(name "$@")" ;;
lookup) [ -f "$(name "$@")" ] || exit 1; cat "$(name "$@")" ;;
clear) rm "$(name "$@")" 2>/dev/null ;;
-i) read -r v u s n a account l x w hex; printf '%s' "$hex" > "$KEPT/$account" ;;
find-generic-password) [ -f "$KEPT/$5" ] || exit 44; cat "$KEPT/$5" ;;
delete-generic-password) rm "$KEPT/$5" 2>/dev/null || exit 44 ;;
esac
`
const ALONE = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
let tools: string
let kept: string
let home: Home
beforeEach(() => {
  tools = mkdtempSync(join(tmpdir(), 'xcord-tools-'))
  kept = join(tools, 'kept')
  mkdirSync(kept)
  // No password in the environment: only what a test gives.
  home = createHome({ env: { XCORD_PASSWORD_FILE: '', PATH: `${tools}:/usr/bin:/bin`, KEPT: kept } })
})
afterEach(async () => {
  await home.close()
  rmSync(tools, { recursive: true, force: true })
})

const withPassword = (): string[] => ['--password-file', home.password, '--json']

async function founded(): Promise<void> {
  const made = await home.xcord(['init', '--name', 'Ada', ...withPassword()])
  expect(made.code, made.err).toBe(0)
}

const install = (): void => {
  for (const name of ['secret-tool', 'security']) writeFileSync(join(tools, name), TOOL, { mode: 0o755 })
}

it('[KS11] with a keychain no verb and no daemon asks for the password; lock still locks', async () => {
  install()
  await founded()
  const locked = await home.xcord(['identity', 'show', '--json'])
  expect([locked.code, locked.error().code]).toEqual([5, 'XCORD_KEYSTORE_LOCKED'])
  const wrong = await home.xcord(['keychain', 'enable', '--json'], 'not this one\n')
  expect([wrong.code, wrong.error().code]).toEqual([5, 'XCORD_KEYSTORE_REFUSED'])
  expect(readdirSync(kept)).toEqual([])

  const enabled = await home.xcord(['keychain', 'enable', '--json'], 'correct horse battery\n')
  expect(enabled.code, enabled.err).toBe(0)
  const [account = ''] = readdirSync(kept)
  expect(account).toMatch(/^[0-9a-f]{32}$/)
  expect(readFileSync(join(kept, account), 'utf8')).toMatch(/^[0-9a-f]{64}$/)
  expect((await home.xcord(['identity', 'show', '--json'])).code).toBe(0)
  const status = await home.xcord(['keychain', 'status', '--json'])
  expect(JSON.parse(status.out) as KeychainJson).toMatchObject({ enabled: true, opens: true, cause: null })

  // Another password rewraps its own slot alone.
  const next = join(home.path, 'next')
  writeFileSync(next, 'another horse battery\n')
  const changed = await home.xcord(['passwd', '--new-password-file', next, '--password-file', home.password])
  expect(changed.code, changed.err).toBe(0)

  const started = await home.xcord(['daemon', 'start', '--json', ...ALONE])
  expect(started.code, started.err).toBe(0)
  try {
    const checks = JSON.parse((await home.xcord(['doctor', '--json'])).out) as { checks: { check: string }[] }
    expect(checks.checks.find(each => each.check === 'keychain')).toMatchObject({ ok: true })
    expect((await home.xcord(['lock'])).code).toBe(0)
    const refused = await home.xcord(['identity', 'show', '--json'])
    expect([refused.code, refused.error().code]).toEqual([5, 'XCORD_KEYSTORE_LOCKED'])
    const empty = await home.xcord(['unlock', '--json'], '\n')
    expect([empty.code, empty.error().code]).toEqual([5, 'XCORD_KEYSTORE_REFUSED'])
    expect((await home.xcord(['unlock', '--password-file', next])).code).toBe(0)
    // The entry goes: told by doctor, and the daemon that runs goes on.
    rmSync(join(kept, account))
    const told = JSON.parse((await home.xcord(['doctor', '--json'])).out) as { checks: { check: string }[] }
    expect(told.checks.find(each => each.check === 'keychain')).toMatchObject({ ok: false, cause: 'missing' })
  } finally {
    expect((await home.xcord(['daemon', 'stop'])).code).toBe(0)
  }
  const gone = await home.xcord(['daemon', 'start', '--json', ...ALONE])
  expect([gone.code, gone.error().code]).toEqual([5, 'XCORD_KEYCHAIN_MISMATCH'])
  const off = await home.xcord(['keychain', 'disable', '--password-file', next, '--json'])
  expect(JSON.parse(off.out) as KeychainJson).toMatchObject({ enabled: false, opens: false, cause: null })
  const again = await home.xcord(['identity', 'show', '--json'])
  expect([again.code, again.error().code]).toEqual([5, 'XCORD_KEYSTORE_LOCKED'])
})

it('[KS11] where the machine has no keychain, that and what to do is said, and nothing is changed', async () => {
  await home.close()
  // Neither program, wherever the machine that tests has them.
  home = createHome({ env: { XCORD_PASSWORD_FILE: '', PATH: tools } })
  await founded()
  const store = join(home.path, 'default', 'store', 'keystore')
  const before = readFileSync(store)
  const refused = await home.xcord(['keychain', 'enable', ...withPassword()])
  expect([refused.code, refused.error().code]).toEqual([5, 'XCORD_KEYCHAIN_UNAVAILABLE'])
  expect(refused.error().message).toMatch(/is not installed.*The password opens the profile as ever/)
  expect(readFileSync(store)).toEqual(before)
  const status = await home.xcord(['keychain', 'status', ...withPassword()])
  expect([status.code, JSON.parse(status.out)]).toEqual([
    0,
    expect.objectContaining({ enabled: false, opens: false, cause: 'unavailable' })
  ])
})
