import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../adapters/memory/index.ts'
import type { ChannelId } from '../../base/index.ts'
import { Agenda } from './agenda.ts'
import type { SimulatedPeer } from './peer.ts'
import { Seeded } from './seeded.ts'
import { replayCommand, simulate } from './simulate.ts'
import { createSimulation, type Simulation } from './simulation.ts'
import { drawStorm } from './storm.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }

/** Ada's server with grace in it. */
async function pair(seed = 1): Promise<{
  simulation: Simulation
  ada: SimulatedPeer
  grace: SimulatedPeer
  send: (peer: SimulatedPeer, text: string) => Promise<void>
  texts: (peer: SimulatedPeer) => Promise<string[]>
}> {
  const simulation = await createSimulation({ seed })
  const [ada, grace] = [simulation.add('ada'), simulation.add('grace')]
  const place = await simulation.do(async () => {
    await ada.start()
    await grace.start()
    const server = await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await ada.node.replica(server)?.invite(OPEN))?.link ?? ''
    await grace.node.join(link, { timeoutMs: 60_000 })
    const channel = ada.node.replica(server)?.state().channels()[0]?.id as ChannelId
    return { server, channel }
  })
  return {
    simulation,
    ada,
    grace,
    send: async (peer, text) => void (await peer.node.replica(place.server)?.send(place.channel, text, null)),
    texts: async peer =>
      ((await peer.node.replica(place.server)?.page(place.channel, {}))?.messages ?? []).map(
        each => each.content
      )
  }
}

describe('one seed, one world', () => {
  it('the same seed gives the same events, byte by byte; another seed others', async () => {
    const init = { peers: 4, minutes: 0.5, signatures: 'real' } as const
    const [one, again, other] = [
      await simulate({ ...init, seed: 5 }),
      await simulate({ ...init, seed: 5 }),
      await simulate({ ...init, seed: 6 })
    ]
    expect([again.trace, again.events, again.virtualMs]).toEqual([one.trace, one.events, one.virtualMs])
    expect(other.trace).not.toBe(one.trace)
    expect(one.failures).toEqual([])
    expect(one.stored).toBeGreaterThan(0)
  })

  it('a storm is drawn before it comes: leaving a step out moves no other', () => {
    const draw = () => drawStorm({ chance: new Seeded(3), peers: 8, pace: 12, ms: 60_000 })
    expect(draw()).toEqual(draw())
    const calm = drawStorm({ chance: new Seeded(3), peers: 8, pace: 12, ms: 60_000, faults: [] })
    expect(calm.length).toBeLessThan(draw().length)
    expect(draw()).toEqual(expect.arrayContaining([...calm]))
  })

  it('a report names the command that shows the same again', () => {
    expect(replayCommand({ seed: 7, peers: 5, minutes: 2, faults: ['cut'], only: [1, 3] })).toBe(
      'npm run simulate -- --seed 7 --peers 5 --minutes 2 --faults cut --only 1,3'
    )
  })

  it('streams of chance that are split do not move each other', () => {
    const [one, other] = [new Seeded(1), new Seeded(1)]
    one.split('network').bytes(100)
    expect(one.split('disk').bytes(8)).toEqual(other.split('disk').bytes(8))
    expect(one.split('disk').bytes(8)).not.toEqual(one.split('network').bytes(8))
  })

  it('what is due comes in order of time, and what was called off does not come', () => {
    const agenda = new Agenda()
    const chance = new Seeded(9)
    const due = Array.from({ length: 5_000 }, (_, order) => ({
      at: chance.below(1_000),
      tie: chance.below(4),
      order,
      run: () => undefined
    }))
    for (const each of due) agenda.add(each)
    for (const each of due.filter(({ order }) => order % 3 > 0)) agenda.cancel(each)
    const left = due.filter(({ order }) => order % 3 === 0)
    expect(agenda.size).toBe(left.length)
    const taken = Array.from({ length: left.length }, () => agenda.take())
    expect(taken).toEqual(left.sort((a, b) => a.at - b.at || a.tie - b.tie || a.order - b.order))
    expect(agenda.take()).toBeUndefined()
  })
})

describe('peers', () => {
  it('a power cut loses nothing that was reported as stored, and the peer catches up', async () => {
    const { simulation, ada, grace, send, texts } = await pair()
    await simulation.do(async () => await send(grace, 'before'))
    grace.crash()
    expect(grace.up).toBe(false)
    expect(() => grace.node).toThrow('grace is down')
    await simulation.do(async () => await send(ada, 'meanwhile'))
    await simulation.do(async () => await grace.start())
    expect(await simulation.do(async () => await texts(grace))).toContain('before')
    await simulation.until('grace caught up', async () => (await texts(grace)).includes('meanwhile'))
    await simulation.end()
  })

  it('a full disk refuses, and takes again once there is room', async () => {
    const { simulation, ada, send, texts } = await pair()
    ada.setDisk({ full: true })
    await expect(simulation.do(async () => await send(ada, 'no room'))).rejects.toMatchObject({
      code: 'XCORD_DISK_FULL'
    })
    ada.mendDisk()
    await simulation.do(async () => await send(ada, 'room'))
    expect(await simulation.do(async () => await texts(ada))).toEqual(['room'])
    await simulation.end()
  })

  it('a one-way silence holds messages back until it is healed', async () => {
    const { simulation, ada, grace, send, texts } = await pair()
    await simulation.run(5_000)
    const [from, to] = [[ada.account.device.device], [grace.account.device.device]]
    const heal = simulation.network.silence(from, to)
    await simulation.do(async () => await send(ada, 'into the void'))
    await simulation.do(async () => await send(grace, 'the other way'))
    await simulation.until('ada hears grace', async () => (await texts(ada)).includes('the other way'))
    expect(await simulation.do(async () => await texts(grace))).not.toContain('into the void')
    heal()
    await simulation.until('grace hears ada', async () => (await texts(grace)).includes('into the void'))
    await simulation.end()
  })

  it('a copied profile that writes beside the first one is found out', async () => {
    const { simulation, ada, grace, send } = await pair()
    const copy = simulation.copy(grace, 'grace again')
    grace.crash()
    await simulation.do(async () => await copy.start())
    await simulation.do(async () => await send(copy, 'from the copy'))
    await simulation.run(5_000)
    copy.crash()
    await simulation.do(async () => await grace.start())
    // Without having heard of the other message: the same place in the chain.
    await simulation.do(async () => await send(grace, 'from the first'))
    const forks = (): number => ada.node.replicas()[0]?.equivocations().length ?? 0
    await simulation.until('ada knows of the fork', () => forks() > 0)
    await simulation.end()
  })

  it('a task that hangs is told, and so is a condition that never comes true', async () => {
    const simulation = await createSimulation({ seed: 1 })
    await expect(simulation.do(async () => await new Promise(() => undefined), 1_000)).rejects.toThrow(
      'seed 1: a task was not done within 1000 ms'
    )
    await expect(simulation.until('pigs fly', () => false, 1_000)).rejects.toThrow('in vain for: pigs fly')
    await simulation.end()
  })
})

describe('disks of peers', () => {
  it('what was under way in a power cut may have reached the disk, or not', async () => {
    const write = [{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]
    for (const keepUnderWay of [true, false]) {
      const store = createMemoryStore({ beforeWrite: async () => await new Promise(() => undefined) })
      void store.write(write)
      // The write begins after whatever was asked for before.
      await Promise.resolve()
      store.crash({ keepUnderWay })
      expect(await store.reopen({}).get(Uint8Array.of(1))).toEqual(
        keepUnderWay ? Uint8Array.of(2) : undefined
      )
    }
  })

  it('a copy of a disk is another disk', async () => {
    const store = createMemoryStore()
    await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }])
    const copy = store.copy()
    await copy.write([{ key: Uint8Array.of(1), value: Uint8Array.of(3) }])
    expect(await store.get(Uint8Array.of(1))).toEqual(Uint8Array.of(2))
    expect(await copy.get(Uint8Array.of(1))).toEqual(Uint8Array.of(3))
  })
})

describe('[AU6] a clock that goes back by hours', () => {
  it('[AU6, AU39] own operations still count at once, each at a place of its own, for everybody', async () => {
    const { simulation, ada, grace } = await pair()
    ada.skewMs = -6 * 3_600_000
    const [server] = ada.node.replicas()
    const make = async (name: string) =>
      await server?.operate({ kind: 'role:create', name, permissions: [], color: 0 }, null)
    await simulation.do(async () => {
      await make('one')
      await make('two')
    })
    const names = (peer: SimulatedPeer) =>
      peer.node
        .replicas()[0]
        ?.state()
        .roles()
        .map(each => each.name)
    expect(names(ada)).toEqual(expect.arrayContaining(['one', 'two']))
    await simulation.until('grace has both', () => names(grace)?.includes('two') === true)
    expect(names(grace)).toContain('one')
    expect(grace.node.replicas()[0]?.equivocations()).toEqual([])
  })
})

describe('[ND40] a leave that nobody hears', () => {
  /** Grace leaves while Ada is down, and loses power right after. */
  async function leftUnheard() {
    const world = await pair()
    const { simulation, ada, grace } = world
    const standing = () => ada.node.replicas()[0]?.state().member(grace.account.user)?.status
    await simulation.until('ada knows grace', () => standing() === 'in')
    await simulation.do(async () => {
      await ada.stop()
      await grace.node.replicas()[0]?.leave()
    })
    grace.crash()
    await simulation.do(async () => await grace.start())
    expect(grace.node.replicas()).toEqual([])
    return { ...world, standing }
  }

  it('[ND40] is told when they meet again, after a restart, and once', async () => {
    const { simulation, ada, grace, standing } = await leftUnheard()
    await simulation.do(async () => await ada.start())
    await simulation.until('ada hears of it', () => standing() === 'out')
    await simulation.run(10_000)
    // Nobody is looked for any more.
    await simulation.do(async () => {
      await grace.stop()
      await grace.start()
    })
    await simulation.run(60_000)
    expect(grace.node.peers().filter(each => each.kind === 'member')).toEqual([])
  })

  it('[ND40] is told on where the only one who heard it goes and does not come back', async () => {
    const { simulation, ada, grace } = await pair()
    const alan = simulation.add('alan')
    await simulation.do(async () => {
      const link = (await ada.node.replicas()[0]?.invite(OPEN))?.link ?? ''
      await alan.start()
      await alan.node.join(link, { timeoutMs: 60_000 })
    })
    const standing = (peer: SimulatedPeer, of = grace) =>
      peer.node.replicas()[0]?.state().member(of.account.user)?.status
    await simulation.until(
      'they know each other',
      () => standing(alan) === 'in' && standing(grace, alan) === 'in'
    )
    await simulation.do(async () => {
      await alan.stop()
      await grace.node.replicas()[0]?.leave()
    })
    await simulation.until('ada hears of it', () => standing(ada) === 'out')
    await simulation.run(10_000)
    ada.crash()
    await simulation.do(async () => await alan.start())
    await simulation.until('alan hears of it, too', () => standing(alan) === 'out')
  })

  it('[ND40] is told no longer after 30 days', async () => {
    const { simulation, ada, grace, standing } = await leftUnheard()
    grace.skewMs = 31 * 86_400_000
    await simulation.run(70_000)
    await simulation.do(async () => await ada.start())
    await simulation.run(120_000)
    expect(standing()).toBe('in')
  })
})
