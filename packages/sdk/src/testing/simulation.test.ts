import { expect, it } from 'vitest'
import { createClientSimulation } from './index.ts'

/** Ada writes while grace has no power; what grace reads afterwards, and the trace of it all. */
async function story(seed: number): Promise<readonly [readonly string[], string]> {
  const simulation = await createClientSimulation({ seed })
  const { world } = simulation
  const ada = await simulation.open('ada')
  const link = await world.do(async () => {
    const server = await ada.servers.create({ name: 'Engine' })
    return (await server.invites.create()).link as string
  })
  const grace = await simulation.open('grace')
  await world.do(async () => await grace.servers.join(link))
  const peer = world.peers.find(each => each.name === 'grace')
  peer?.crash()
  await world.do(async () => await ada.servers.get('Engine')?.channel('general').send('meanwhile'))
  const again = await simulation.open('grace')
  const read = async (): Promise<string[]> => {
    const found: string[] = []
    for await (const each of again.servers.get('Engine')?.channel('general').history() ?? [])
      found.unshift(each.content)
    return found
  }
  await world.until('it is there', async () => (await read()).includes('meanwhile'))
  const texts = await world.do(read)
  await simulation.end()
  return [texts, world.trace]
}

it('clients run in a simulated world, and a seed repeats what they went through', async () => {
  const first = await story(3)
  expect(first[0]).toEqual(['meanwhile'])
  expect(await story(3)).toEqual(first)
})
