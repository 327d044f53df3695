/** Power cuts at each write of a send (KS6, EN5): what left this peer is on its disk, and nothing is said twice. */
import { expect, it } from 'vitest'
import type { Timers } from '@xcord/core/base'
import { systemTimers } from '@xcord/core/adapters/runtime-node'
import type { CrashOptions } from '@xcord/core/adapters/memory'
import type { Client, Server } from '@xcord/sdk'
import { chainOf, createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

/** Writes from a send on at which power goes: its own, and those that follow from it. */
const WRITES = 3
/** What the disk keeps of the write under way, and of those before it that were not synced. */
const KEEPS: Readonly<Record<string, CrashOptions>> = {
  nothing: {},
  before: { keepUnsynced: Infinity },
  all: { keepUnsynced: Infinity, keepUnderWay: true }
}

/** Opens ada; her timers end with her. */
async function openAda(world: World, life: { on: boolean }): Promise<Client> {
  const timers: Timers = { after: (ms, run) => systemTimers.after(ms, () => life.on && run()) }
  return await world.open('ada', { hostile: true, timers })
}

it('[KS6, EN5, EN8] T14: power cuts at each write of a send: no place in a chain and no key is used twice', async () => {
  let due: { left: number; readonly run: () => void } | undefined
  const world = await createWorld(name => {
    if (name === 'ada' && due !== undefined && --due.left === 0) due.run()
  })
  try {
    let life = { on: true }
    let ada = await openAda(world, life)
    const { id } = await ada.servers.create({ name: 'Engine' })
    const here = (): Server => ada.servers.get(id) as Server
    const grace = await world.open('grace')
    const graces = await grace.servers.join((await here().invites.create()).link as string)
    const device = ada.identity.device
    for (const [keeps, options] of Object.entries(KEEPS)) {
      for (let write = 1; write <= WRITES; write++) {
        const name = `${keeps}-${write}`
        // A channel of its own: the first send there makes its key, in the same turn.
        await here().channels.create({ name })
        let dead = false
        due = {
          left: write,
          run: () => {
            dead = true
            life.on = false
            world.crash('ada', options)
          }
        }
        const dying = here()
        await until(`power goes at ${name}`, () => {
          if (!dead)
            void dying
              .channel(name)
              .send('in between')
              .catch(() => undefined)
          return dead
        })
        due = undefined
        life = { on: true }
        ada = await openAda(world, life)
        await grace.connect(ada.addresses()[0] as string)
        const channel = await until(`${name} is there`, () =>
          here().channels.all.find(each => each.name === name)
        )
        await channel.send('after')
        await until(`grace reads on after ${name}`, async () =>
          (await texts(graces, name).catch((): string[] => [])).includes('after')
        )
      }
    }
    // One chain without fork or gap, and what each holds of it is the same.
    await until('grace has all', () => {
      const [hers, theirs] = [chainOf(here(), device), chainOf(graces, device)]
      return hers.tip === theirs.tip && theirs.gaps === 0
    })
    for (const side of [graces, here()]) expect(chainOf(side, device)).toMatchObject({ gaps: 0, forks: [] })
    for (const { name } of here().channels.all.filter(each => /-\d$/.test(each.name)))
      expect(await texts(graces, name)).toEqual(await texts(here(), name))
    for (const side of [graces, here()]) {
      expect(replicaOf(side).equivocations()).toEqual([])
      const made = replicaOf(side)
        .current.ring.records()
        .flatMap(({ body }) => (body.kind === 'epoch' ? [body.keyId] : []))
      expect(made.length).toBeGreaterThan(Object.keys(KEEPS).length)
      expect(new Set(made).size).toBe(made.length)
    }
  } finally {
    await world.end()
  }
})
