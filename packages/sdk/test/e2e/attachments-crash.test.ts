/** What a crash leaves of files, and who takes it away (AT7). */
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createWorld, failing, type WriteFate } from './faults.fixture.ts'
import { until } from './peers.fixture.ts'

const FILE_BYTES = 300_000

it('[AT7] files of a message that was deleted right before a crash go when the profile is opened again', async () => {
  const world = await createWorld()
  try {
    let fate: WriteFate = 'ok'
    const bytesKept = (): number => world.storeOf('ada').bytes
    const ada = await world.open('ada', { hostile: true, disk: store => failing(store, () => fate) })
    const channel = (await ada.servers.create({ name: 'Engine' })).channel('general')
    const message = await channel.send({
      content: 'a file',
      files: [{ name: 'drawing', bytes: randomBytes(FILE_BYTES) }]
    })
    const kept = bytesKept()
    // The turn that deletes reaches the disk; nothing after it does.
    ada.on('message:delete', () => void (fate = 'failed'))
    await message.delete()
    await until('the deletion is told', () => fate === 'failed')
    await ada.close()
    expect(bytesKept()).toBeGreaterThan(kept - FILE_BYTES)

    const again = await world.open('ada')
    expect(bytesKept()).toBeLessThan(kept - FILE_BYTES)
    const server = await until('the server is there', () => again.servers.all[0])
    expect((await server.channel('general').page()).map(each => each.content)).toEqual([''])
  } finally {
    await world.end()
  }
})
