/** A profile backed up under its daemon, verified, and restored by other processes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BackupJson, RestoredJson, VerifyJson } from '@xcord/sdk'
import { createHome, type Home } from './processes.ts'

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await home.close()
})

it('[ND41, ND42] create under a daemon, verify, restore as a new device, verify the profile', async () => {
  const made = await home.xcord(['init', '--name', 'Ada', '--json', '--profile', 'ada'])
  const { phrase } = JSON.parse(made.out) as { phrase: string }
  const ada = await home.daemon('ada')
  expect((await home.xcord(['server', 'create', 'Engine', '--profile', 'ada'])).code).toBe(0)
  expect((await home.xcord(['send', '#general', 'kept', '--profile', 'ada'])).code).toBe(0)
  const file = join(home.path, 'ada.backup')
  const created = await home.xcord(['backup', 'create', '-o', file, '--json', '--profile', 'ada'])
  expect(created.code, created.err).toBe(0)
  expect(JSON.parse(created.out)).toMatchObject({ file, bytes: readFileSync(file).length })
  expect((await home.xcord(['backup', 'create', '-o', file, '--profile', 'ada'])).code).toBe(2)
  const inUse = await home.xcord(['verify', '--json', '--profile', 'ada'])
  expect(inUse.error().code).toBe('XCORD_PROFILE_IN_USE')
  const sound = await home.xcord(['backup', 'verify', file, '--json', '--profile', 'ada'])
  expect(sound.code, sound.err).toBe(0)
  expect(JSON.parse(sound.out)).toMatchObject({ valid: true } satisfies Partial<BackupJson>)
  await ada.stop()

  const restore = ['backup', 'restore', file, '--json', '--profile', 'again']
  const restored = await home.xcord(restore, `${phrase}\n`)
  expect(restored.code, restored.err).toBe(0)
  expect((JSON.parse(restored.out) as RestoredJson).servers).toHaveLength(1)
  const list = await home.xcord(['message', 'list', '#general', '--json', '--profile', 'again'])
  expect(list.lines<{ content: string }>().map(each => each.content)).toContain('kept')
  for (const profile of ['ada', 'again']) {
    const whole = await home.xcord(['verify', '--json', '--profile', profile])
    expect(whole.code, whole.err).toBe(0)
    expect(JSON.parse(whole.out)).toMatchObject({ valid: true, complete: true } satisfies Partial<VerifyJson>)
  }

  const bytes = readFileSync(file)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
  writeFileSync(file, bytes)
  const refused = await home.xcord(['backup', 'verify', file, '--json', '--profile', 'ada'])
  expect([refused.code, refused.error().code]).toEqual([9, 'XCORD_BACKUP_INVALID'])
  const keyStore = join(home.path, 'again', 'store', 'keystore')
  writeFileSync(keyStore, readFileSync(keyStore).subarray(0, 200))
  const damaged = await home.xcord(['verify', '--json', '--profile', 'again'])
  expect([damaged.code, (JSON.parse(damaged.out) as VerifyJson).problems[0]?.code]).toEqual([
    9,
    'keystore-damaged'
  ])
})
