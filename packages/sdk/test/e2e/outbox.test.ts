import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from '@xcord/sdk'
import { type Cast, createCast, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

/** How many messages doctor says are waiting. */
async function waiting(client: Client): Promise<number> {
  const detail = (await client.doctor()).checks.find(each => each.check === 'outbox')?.detail ?? ''
  return detail === 'everything sent is stored elsewhere' ? 0 : Number.parseInt(detail, 10)
}

describe('a long outbox', () => {
  it('[SY18] of which only a part is in memory is proven as a whole, reactions too, past what nobody can prove', async () => {
    const first = await cast.open('ada')
    const founded = await first.servers.create({ name: 'Engine' })
    const secret = await founded.channels.create({ name: 'secret', private: true })
    await secret.send('for nobody else')
    const general = founded.channel('general')
    const messages = await Promise.all(Array.from({ length: 1_500 }, (_, index) => general.send(`${index}`)))
    // Behind them, where only a receipt that answers an offer finds it.
    await messages[3]?.react('👍')
    const last = await Promise.all(Array.from({ length: 300 }, (_, index) => general.send(`last ${index}`)))
    const ids = [...messages, ...last].map(each => each.id)
    await first.close()

    const ada = await cast.open('ada')
    const [server] = ada.servers.all
    const channel = server?.channel('general')
    if (server === undefined || channel === undefined)
      throw new Error('the server is not there after reopening')
    expect(await waiting(ada)).toBeGreaterThanOrEqual(1_802)
    const live = await channel.send('after reopening')
    const grace = await cast.open('grace')
    await grace.servers.join((await server.invites.create()).link as string)
    await live.reached('delivered')
    for (const id of [ids[0], ids[700], ids[1_499], ids[1_799]]) {
      const message = await channel.message(id as (typeof ids)[number])
      await message.reached('delivered')
    }
    await until('nothing waits any more but the secret', async () => (await waiting(ada)) === 1)
    await ada.close()
    const again = await cast.open('ada')
    const kept = await again.servers.all[0]?.channel('general').message(ids[700] as (typeof ids)[number])
    expect(kept?.delivery).toEqual({ state: 'delivered', holders: 1 })
  })
})
