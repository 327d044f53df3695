/** The systems' programs, played by scripts that are found where users have theirs: in PATH. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Keychain } from '../../base/index.ts'
import { keychainContract } from '../../base/keychain.contract.ts'
import { systemKeychain } from './index.ts'

const ADA = '00112233445566778899aabbccddeeff'
const KEY = new Uint8Array(32).fill(0xab)

/** As libsecret's: silent where nothing is found. */
const SECRET_TOOL = `
verb=$1
for last; do :; done
printf '%s\\n' "$*" >> "$KEPT.calls"
case $verb in
store) cat > "$KEPT/$last" ;;
lookup) [ -f "$KEPT/$last" ] || exit 1; cat "$KEPT/$last" ;;
clear) rm "$KEPT/$last" 2>/dev/null ;;
esac
`
/** As macOS': commands from standard input with -i, 44 where nothing is found. */
const SECURITY = `
printf '%s\\n' "$*" >> "$KEPT.calls"
none() { echo 'The specified item could not be found in the keychain.' >&2; exit 44; }
case $1 in
-i)
  read -r verb update s service a account l label w hex
  [ "$verb $update $s $service $a $l $w" = 'add-generic-password -U -s xcord -a -l -w' ] || exit 2
  printf '%s' "$hex" > "$KEPT/$account" ;;
find-generic-password) [ -f "$KEPT/$5" ] || none; cat "$KEPT/$5"; echo ;;
delete-generic-password) rm "$KEPT/$5" 2>/dev/null || none ;;
esac
`

let home: string
let count = 0
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'xcord-keychain-'))
})
afterEach(async () => await rm(home, { recursive: true, force: true }))

const kept = (): string => join(home, `kept-${count}`)

async function keychainBy(platform: NodeJS.Platform, program: string, script: string): Promise<Keychain> {
  count++
  await mkdir(kept())
  await writeFile(join(home, program), `#!/bin/sh\n${script}`, { mode: 0o755 })
  return systemKeychain({ platform, env: { PATH: `${home}:/usr/bin:/bin`, KEPT: kept() } })
}

const secretTool = async (script = SECRET_TOOL): Promise<Keychain> =>
  await keychainBy('linux', 'secret-tool', script)

keychainContract({ name: 'secret-tool', create: secretTool })
keychainContract({
  name: 'security',
  create: async () => await keychainBy('darwin', 'security', SECURITY)
})

it('[KS11] a key is in no argument, and no other name is asked for', async () => {
  for (const make of [secretTool, async () => await keychainBy('darwin', 'security', SECURITY)]) {
    const keychain = await make()
    await keychain.write(ADA, KEY)
    await keychain.read(ADA)
    await keychain.remove(ADA)
    const calls = await readFile(`${kept()}.calls`, 'utf8')
    expect(calls.split('\n')).toHaveLength(5)
    expect(calls).not.toContain('abab')
    expect(await readdir(kept())).toEqual([])
  }
  const keychain = await secretTool()
  for (const name of ['', '-x', `${ADA} x`, ADA.toUpperCase()])
    await expect(keychain.read(name)).rejects.toThrow(RangeError)
  await expect(keychain.write(ADA, new Uint8Array(31))).rejects.toThrow(RangeError)
})

it('[KS11] where there is no program, or no keychain of the system, what to do is said', async () => {
  const none = systemKeychain({ platform: 'linux', env: { PATH: home } })
  await expect(none.read(ADA)).rejects.toMatchObject({
    code: 'XCORD_KEYCHAIN_UNAVAILABLE',
    message: expect.stringMatching(/secret-tool is not installed.*libsecret-tools.*password/) as unknown
  })
  const unknown = systemKeychain({ platform: 'aix', env: { PATH: home } })
  await expect(unknown.remove(ADA)).rejects.toMatchObject({
    code: 'XCORD_KEYCHAIN_UNAVAILABLE',
    details: { reason: 'XCord knows none on aix' }
  })
})

it('[KS11] a keychain that does not answer says why', async () => {
  const why = 'secret-tool: Cannot autolaunch D-Bus without X11 $DISPLAY'
  const keychain = await secretTool(`echo '${why}' >&2; exit 1`)
  const calls = [() => keychain.read(ADA), () => keychain.write(ADA, KEY), () => keychain.remove(ADA)]
  for (const call of calls)
    await expect(call()).rejects.toMatchObject({
      code: 'XCORD_KEYCHAIN_UNAVAILABLE',
      details: { reason: why }
    })
})

it('[KS11] an entry that a locked keychain does not hand out is not one that is gone', async () => {
  // As libsecret's where nobody answers its question for the login password.
  const locked = await secretTool('[ "$1" = search ] || exit 1; echo "[/3]"; echo "label = "')
  await expect(locked.read(ADA)).rejects.toMatchObject({
    code: 'XCORD_KEYCHAIN_UNAVAILABLE',
    message: expect.stringContaining('locked') as unknown
  })
})

it('[KS11] a program that ends well and keeps nothing, or something else, is found out', async () => {
  const forgets = await secretTool('[ "$1" = lookup ] && exit 1; cat > /dev/null')
  await expect(forgets.write(ADA, KEY)).rejects.toMatchObject({ code: 'XCORD_KEYCHAIN_UNAVAILABLE' })
  for (const text of ['', 'hunter2', 'ab'.repeat(31), 'ab'.repeat(33), 'AB'.repeat(32)]) {
    const other = await secretTool(`printf '%s' '${text}'`)
    expect(await other.read(ADA), text).toBeUndefined()
  }
})
