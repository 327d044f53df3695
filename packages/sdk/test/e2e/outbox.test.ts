import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

describe('a long outbox', () => {
  it('[SY18] of which only a part is in memory is proven as a whole, oldest, newest and between', async () => {
    const first = await cast.open('ada')
    const founded = await first.servers.create({ name: 'Engine' })
    const ids = await Promise.all(
      Array.from(
        { length: 1_500 },
        async (_, index) => (await founded.channel('general').send(`${index}`)).id
      )
    )
    await first.close()
    const ada = await cast.open('ada')
    const [server] = ada.servers.all
    const channel = server?.channel('general')
    if (server === undefined || channel === undefined)
      throw new Error('the server is not there after reopening')
    const waiting = async (): Promise<string | undefined> =>
      (await ada.doctor()).checks.find(each => each.check === 'outbox')?.detail
    expect(Number.parseInt((await waiting()) ?? '', 10)).toBeGreaterThanOrEqual(1_500)
    const live = await channel.send('after reopening')
    const grace = await cast.open('grace')
    await grace.servers.join((await server.invites.create()).link as string)
    await live.reached('delivered')
    for (const id of [ids[0], ids[700], ids[1_499]]) {
      const message = await channel.message(id as (typeof ids)[number])
      await message.reached('delivered')
    }
    await until(
      'nothing waits any more',
      async () => (await waiting()) === 'everything sent is stored elsewhere'
    )
    await ada.close()
    const again = await cast.open('ada')
    const kept = await again.servers.all[0]?.channel('general').message(ids[700] as (typeof ids)[number])
    expect(kept?.delivery).toEqual({ state: 'delivered', holders: 1 })
  })
})
