/** Files by the command line: two daemons, a file sent by one and saved by the other. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { MessageJson } from '@xcord/sdk'
import { createHome, type Home } from './processes.ts'

let home: Home
beforeEach(() => {
  home = createHome()
})
afterEach(async () => home.close())

async function xcord(...args: string[]) {
  const done = await home.xcord(args)
  expect(done.code, done.err).toBe(0)
  return done
}

test('[AT4, AT6] a file is sent with a message, and saved by another member', async () => {
  for (const name of ['ada', 'grace']) await xcord('init', '--profile', name, '--name', name, '--json')
  const [ada, grace] = [await home.daemon('ada'), await home.daemon('grace')]
  const server = (await ada.api.call('createServer', { body: { name: 'Engine' } })).id
  const { link } = await ada.api.call('createInvite', { params: { server }, body: {} })
  await grace.api.call('joinServer', { body: { link: link as string } })
  const [notes, card] = ['notes.txt', 'card.bin'].map(name => join(home.path, name)) as [string, string]
  writeFileSync(notes, 'The engine weaves algebraic patterns.\n'.repeat(5_000))
  writeFileSync(card, new Uint8Array(70_000).fill(9))
  const sent = await xcord('send', 'general', '--file', notes, '--file', card, '--profile', 'ada', '--json')
  const [message] = sent.lines<MessageJson>() as [MessageJson]
  expect(message.attachments.map(each => each.name)).toEqual(['notes.txt', 'card.bin'])
  const seen = await vi.waitFor(
    async () => await grace.api.call('getMessage', { params: { message: message.id } }),
    { timeout: 60_000, interval: 100 }
  )
  expect(seen.attachments).toEqual(message.attachments)
  const shown = await xcord('message', 'show', message.id, '--profile', 'grace')
  expect(shown.out).toContain('file 2: card.bin (application/octet-stream, 70,000 bytes)')
  const to = join(home.path, 'saved')
  await xcord('attachment', 'save', message.id, '-o', to, '--profile', 'grace', '--json')
  expect(readFileSync(to).equals(readFileSync(notes))).toBe(true)
  const again = await home.xcord(['attachment', 'save', message.id, '2', '-o', to, '--profile', 'grace'])
  expect([again.code, existsSync(`${to}.part`)]).toEqual([2, false])
  // Each upload serves one message, and a message without anything is none.
  const { items } = await ada.api.call('listChannels', { params: { server: message.server } })
  const channel = items[0]?.id as string
  const upload = async () => {
    async function* bytes() {
      yield new Uint8Array(3)
    }
    return (await ada.api.upload('uploadFile', {}, bytes())).upload
  }
  const files = [{ upload: await upload(), name: 'a' }]
  const once = { params: { channel }, body: { content: '', files } }
  expect((await ada.api.call('sendMessage', once)).attachments).toHaveLength(1)
  await expect(ada.api.call('sendMessage', once)).rejects.toMatchObject({ code: 'XCORD_USAGE' })
  await expect(
    ada.api.call('sendMessage', { params: { channel }, body: { content: ' ' } })
  ).rejects.toMatchObject({
    code: 'XCORD_USAGE'
  })
})
