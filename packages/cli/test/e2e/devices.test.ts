/** Devices of one identity as real processes: linked, put out, and brought back by words and backup file. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DeviceJson, MessageJson } from '@xcord/sdk'
import { createHome, type Daemon, type Home } from './processes.ts'

const ALONE = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  await home.close()
})

async function until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 90_000; Date.now() < end;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`never happened: ${what}`)
}

async function texts({ api }: Daemon): Promise<readonly string[]> {
  const { items: servers } = await api.call('listServers')
  const [server] = servers
  if (server === undefined) return []
  const { items } = await api.call('listChannels', { params: { server: server.id } })
  const page = await api.call('listMessages', { params: { channel: items[0]?.id ?? '' }, query: {} })
  return page.items.map((each: MessageJson) => each.content)
}

async function founded(): Promise<{ readonly ada: Daemon; readonly phrase: string }> {
  const made = await home.xcord(['init', '--name', 'Ada', '--json', '--profile', 'ada'])
  expect(made.code, made.err).toBe(0)
  const { phrase } = JSON.parse(made.out) as { phrase: string }
  const ada = await home.daemon('ada')
  expect((await home.xcord(['server', 'create', 'Engine', '--profile', 'ada'])).code).toBe(0)
  expect((await home.xcord(['send', '#general', 'before', '--profile', 'ada'])).code).toBe(0)
  return { ada, phrase }
}

it('[ID10, ID9] links a second device by its code, and puts it out again', async () => {
  const { ada } = await founded()
  const linking = home.running(['init', '--link', '--yes', '--profile', 'phone', ...ALONE])
  const [code = ''] = await linking.line(/xcord-link-[\w-]+/)
  const linked = await home.xcord(['device', 'link', code, '--yes', '--json', '--profile', 'ada'])
  expect(linked.code, linked.err).toBe(0)
  expect(await linking.code).toBe(0)

  const phone = await home.daemon('phone')
  await until('history is there', async () => (await texts(phone)).includes('before'))
  expect((await home.xcord(['send', '#general', 'from the phone', '--profile', 'phone'])).code).toBe(0)
  await until('the desk reads it', async () => (await texts(ada)).includes('from the phone'))

  const again = await home.xcord(['device', 'link', code, '--yes', '--json', '--profile', 'ada'])
  expect(again.error().code).toMatch(/XCORD_LINK_REFUSED|XCORD_NO_PEER/)
  const none = await home.xcord(['device', 'link', 'nonsense', '--yes', '--json', '--profile', 'ada'])
  expect([none.code, none.error().code]).toEqual([2, 'XCORD_LINK_INVALID'])

  const { device } = JSON.parse(linked.out) as DeviceJson
  const revoked = await home.xcord(['device', 'revoke', device, '--yes', '--profile', 'ada'])
  expect(revoked.code, revoked.err).toBe(0)
  const list = await home.xcord(['device', 'list', '--json', '--profile', 'ada'])
  expect(list.lines<DeviceJson>().map(each => each.active)).toEqual([true, false])
  await until('the phone may write no more', async () => {
    const sent = await home.xcord(['send', '#general', 'still?', '--json', '--profile', 'phone'])
    return sent.code !== 0
  })
  expect((await home.xcord(['send', '#general', 'among us', '--profile', 'ada'])).code).toBe(0)
  expect(await texts(phone)).not.toContain('among us')
})

it('[ID11] words and backup file bring back identity, servers and history on another machine', async () => {
  const { ada, phrase } = await founded()
  const grace = await home.xcord(['init', '--name', 'Grace', '--json', '--profile', 'grace'])
  expect(grace.code).toBe(0)
  const graces = await home.daemon('grace')
  const invite = await home.xcord(['invite', 'create', '--json', '--profile', 'ada'])
  const { link } = JSON.parse(invite.out) as { link: string }
  expect((await home.xcord(['server', 'join', link, '--profile', 'grace'])).code).toBe(0)
  await until('grace reads', async () => (await texts(graces)).includes('before'))
  await ada.stop()
  const backup = join(home.path, 'copy-of-the-backup')
  copyFileSync(join(home.path, 'ada', 'store', 'backup'), backup)

  const recover = ['recover', '--backup', backup, '--revoke-others', '--json', '--profile', 'new', ...ALONE]
  const back = await home.xcord(recover, `${phrase}\n`)
  expect(back.code, back.err).toBe(0)
  expect(JSON.parse(back.out)).toMatchObject({ name: 'Ada', servers: [expect.stringMatching(/^s/)] })
  const fresh = await home.daemon('new')
  await until('history is there', async () => (await texts(fresh)).includes('before'))
  expect((await home.xcord(['send', '#general', 'I am back', '--profile', 'new'])).code).toBe(0)
  await until('grace reads her', async () => (await texts(graces)).includes('I am back'))
  const list = await home.xcord(['device', 'list', '--json', '--profile', 'new'])
  expect(list.lines<DeviceJson>().map(each => each.active)).toEqual([true, false])

  const wrong = await home.xcord(
    ['recover', '--backup', home.password, '--json', '--profile', 'other', ...ALONE],
    `${phrase}\n`
  )
  expect([wrong.code, wrong.error().code]).toEqual([9, 'XCORD_BACKUP_INVALID'])
})

it('[ID9, ID11] the 24 words alone put a lost device out, from a machine that had nothing', async () => {
  const { ada, phrase } = await founded()
  expect((await home.xcord(['init', '--name', 'Grace', '--json', '--profile', 'grace'])).code).toBe(0)
  const grace = await home.daemon('grace')
  const invite = await home.xcord(['invite', 'create', '--json', '--profile', 'ada'])
  const joining = JSON.parse(invite.out) as { link: string }
  expect((await home.xcord(['server', 'join', joining.link, '--profile', 'grace'])).code).toBe(0)
  await until('grace reads', async () => (await texts(grace)).includes('before'))
  const [lost] = (await ada.api.call('listDevices')).items
  await ada.stop()

  // No backup: a friend's link brings the server back, and the server tells which devices there were.
  const asked = await home.xcord(['invite', 'create', '--json', '--profile', 'grace'])
  const { link } = JSON.parse(asked.out) as { link: string }
  const recover = ['recover', '--name', 'Ada', '--link', link, '--json', '--profile', 'new', ...ALONE]
  const back = await home.xcord(recover, `${phrase}\n`)
  expect(back.code, back.err).toBe(0)
  const fresh = await home.daemon('new')
  const devices = async (): Promise<readonly DeviceJson[]> => (await fresh.api.call('listDevices')).items
  await until('the lost one is known', async () =>
    (await devices()).some(each => each.device === lost?.device)
  )
  const wrong = ['device', 'revoke', lost?.device ?? '', '--phrase', '--yes', '--json', '--profile', 'new']
  const refused = await home.xcord(wrong, `${phrase.split(' ').reverse().join(' ')}\n`)
  expect(refused.code).not.toBe(0)
  expect((await devices()).every(each => each.active)).toBe(true)
  const revoked = await home.xcord(wrong, `${phrase}\n`)
  expect(revoked.code, revoked.err).toBe(0)
  expect((await devices()).map(each => [each.current, each.active]).sort()).toEqual([
    [false, false],
    [true, true]
  ])

  expect((await home.xcord(['send', '#general', 'it is me', '--profile', 'new'])).code).toBe(0)
  await until('grace reads her', async () => (await texts(grace)).includes('it is me'))
  // Whoever has the lost machine writes for itself: of what it says nothing is taken, whether it heard or not.
  const thief = await home.daemon('ada')
  await home.xcord(['send', '#general', 'still?', '--profile', 'ada'])
  expect((await home.xcord(['send', '#general', 'and me again', '--profile', 'new'])).code).toBe(0)
  await until('grace reads her', async () => (await texts(grace)).includes('and me again'))
  await thief.stop()
  expect(await texts(grace)).not.toContain('still?')
})

it('[KS8, KS4] a daemon is locked, refuses, and is opened again without a restart; the password changes meanwhile', async () => {
  const { ada } = await founded()
  const { pid } = await ada.api.call('getDaemon')
  expect((await home.xcord(['lock', '--profile', 'ada'])).code).toBe(0)
  expect(await ada.api.call('getLock')).toEqual({ locked: true })
  const refused = await home.xcord(['send', '#general', 'x', '--json', '--profile', 'ada'])
  expect([refused.code, refused.error().code]).toEqual([5, 'XCORD_KEYSTORE_LOCKED'])
  await expect(ada.api.call('unlock', { body: { password: 'not this one' } })).rejects.toMatchObject({
    code: 'XCORD_KEYSTORE_REFUSED'
  })
  expect(await ada.api.call('getLock')).toEqual({ locked: true })
  expect((await home.xcord(['unlock', '--profile', 'ada'])).code).toBe(0)
  expect(await texts(ada)).toEqual(['before'])

  const keyStore = join(home.path, 'ada', 'store', 'keystore')
  const before = readFileSync(keyStore)
  await expect(
    ada.api.call('changePassword', { body: { old: 'wrong one!', next: 'another horse' } })
  ).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_REFUSED' })
  expect(readFileSync(keyStore)).toEqual(before)
  const next = join(home.path, 'next')
  writeFileSync(next, 'another horse battery\n')
  const changed = await home.xcord(['passwd', '--new-password-file', next, '--profile', 'ada'])
  expect(changed.code, changed.err).toBe(0)
  await ada.api.call('lock')
  const old = await home.xcord(['unlock', '--json', '--profile', 'ada'])
  expect([old.code, old.error().code]).toEqual([5, 'XCORD_KEYSTORE_REFUSED'])
  expect((await home.xcord(['unlock', '--password-file', next, '--profile', 'ada'])).code).toBe(0)
  expect(await texts(ada)).toEqual(['before'])
  expect((await ada.api.call('getDaemon')).pid).toBe(pid)
  await ada.stop()

  // KS9: the old copy still opens, and whoever puts it back is told of in words, with what to do.
  writeFileSync(keyStore, before)
  const older = await home.xcord(['send', '#general', 'on', '--profile', 'ada', ...ALONE])
  expect(older.code, older.err).toBe(0)
  expect(older.err).toContain('(XCORD_KEYSTORE_OLDER)')
  expect(older.err).toContain('xcord passwd')
  expect(older.err).not.toMatch(/^ +at |details:/m)
})
