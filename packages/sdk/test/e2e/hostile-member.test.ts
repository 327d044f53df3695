/** A member that keeps no rule of content: honest peers judge alike, show alike, and go on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idAs, idFromBytes, type MessageId } from '@xcord/core/base'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import type { Body, Payload } from '@xcord/core/e2ee'
import { type Envelope, EnvelopeType, encodeBundle } from '@xcord/core/graph'
import type { Client, Server } from '@xcord/sdk'
import { publishContent } from '../../../core/src/node/replica/publish.ts'
import { chainOf, createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

const DAY_MS = 86_400_000
const NOBODY = { users: [], roles: [], everyone: false }

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface Peer {
  readonly client: Client
  readonly server: Server
}

interface Trio {
  readonly ada: Peer
  readonly grace: Peer
  readonly mallory: Forger
}

async function trio(): Promise<Trio> {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const peers: Peer[] = [{ client: ada, server }]
  for (const name of ['grace', 'mallory']) {
    const client = await world.open(name)
    peers.push({ client, server: await client.servers.join(link) })
  }
  for (const from of peers)
    for (const to of peers) if (from !== to) await from.client.connect(to.client.addresses()[0] as string)
  await until('all know all', () =>
    peers.every(each =>
      ['ada', 'grace', 'mallory'].every(name => each.server.members.get(name) !== undefined)
    )
  )
  const [first, second, third] = peers as [Peer, Peer, Peer]
  await third.server.channel('general').send('mallory was here')
  for (const each of [first, second])
    await until('known', async () => (await texts(each.server)).includes('mallory was here'))
  return { ada: first, grace: second, mallory: new Forger(third) }
}

/** Signs with a member's own keys whatever it is told, and gossips it without keeping it. */
class Forger {
  readonly peer: Peer
  #seq: number
  #prev: Uint8Array

  constructor(peer: Peer) {
    this.peer = peer
    const { chain } = replicaOf(peer.server).current.author(peer.client.identity.device)
    const { seq, prev } = chain.next()
    this.#seq = seq
    this.#prev = prev
  }

  get place(): { readonly seq: number; readonly prev: Uint8Array } {
    return { seq: this.#seq, prev: this.#prev }
  }

  /** One envelope in the next place of the chain, or where `link` says. */
  async forge(
    payload: Partial<Payload> & { readonly body: Body },
    link?: { readonly seq: number; readonly prev: Uint8Array }
  ): Promise<Envelope> {
    const replica = replicaOf(this.peer.server)
    const channel = this.peer.server.channel('general').id
    const envelope = await replica.do(({ state }) => {
      const choice = state.ring.epochFor(systemRandom, channel, Date.now())
      if (choice.kind !== 'key') throw new Error('mallory has no key')
      return state.ring.seal({
        random: systemRandom,
        type: EnvelopeType.chat,
        keyId: choice.keyId,
        link: link ?? this.place,
        payload: {
          thread: null,
          at: Date.now(),
          auth: state.log.frontierFor(state.self),
          parents: [],
          ...payload
        }
      })
    })
    if (link === undefined) {
      this.#seq = envelope.seq + 1
      this.#prev = envelope.idBytes.slice(0, 24)
    }
    return envelope
  }

  async say(content: string, payload: Partial<Payload> = {}): Promise<Envelope> {
    return await this.publish(await this.forge({ body: message(content), ...payload }))
  }

  async publish(envelope: Envelope): Promise<Envelope> {
    const topic = replicaOf(this.peer.server).current.ring.currentTopic()?.topic as string
    await world.transportOf('mallory').gossip.publish(topic, encodeBundle([envelope]))
    return envelope
  }
}

function message(content: string): Body {
  return { kind: 'message', content, replyTo: null, mentions: NOBODY, attachments: [] }
}

async function view(server: Server): Promise<string> {
  return JSON.stringify(
    (await server.channel('general').page({ limit: 100 })).map(each => {
      const { delivery: _, ...rest } = each.toJSON()
      return rest
    })
  )
}

/** Both honest peers saw mallory's chain as far as this, show the same, hold the same state, and chat on. */
async function alike({ ada, grace, mallory }: Trio, to = mallory.place.seq - 1): Promise<void> {
  const { device } = mallory.peer.client.identity
  const honest = [ada.server, grace.server]
  await until('both heard mallory', () => honest.every(each => chainOf(each, device).tip >= to))
  const mark = `still here ${to}`
  await ada.server.channel('general').send(mark)
  await grace.server.channel('general').send(`${mark} too`)
  await until(
    'they chat on',
    async () =>
      (await texts(grace.server)).includes(mark) && (await texts(ada.server)).includes(`${mark} too`)
  )
  await until('one view', async () => (await view(ada.server)) === (await view(grace.server)))
  expect(ada.server.stateHash).toBe(grace.server.stateHash)
  expect(world.faults).toEqual([])
}

/** A peer opened anew shows what it showed before. */
async function reopens(name: string, peer: Peer): Promise<void> {
  const before = await view(peer.server)
  await peer.client.close()
  const again = await world.open(name)
  expect(await view(again.servers.all[0] as Server)).toBe(before)
}

describe('a malicious member', () => {
  it('[EN6, AU34] claims times no clock has: the page can be read, and unread counts go on', async () => {
    const all = await trio()
    const { ada, mallory } = all
    for (const at of [
      0,
      1,
      Date.now() - 400 * DAY_MS,
      Date.now() + 2 * DAY_MS,
      9_000_000_000_000_000,
      Number.MAX_SAFE_INTEGER
    ])
      await mallory.say(`at ${at}`, { at })
    await alike(all)
    const general = ada.server.channel('general')
    const shown = (await general.page({ limit: 100 })).map(each => each.content)
    expect(shown).toContain('at 0')
    // What claims to be from days ahead is held, as operations are: it would stand last for ever.
    expect(shown).not.toContain(`at ${Number.MAX_SAFE_INTEGER}`)
    expect(shown.at(-1)).toMatch(/^still here/)
    await general.markRead()
    expect(general.unread).toBe(0)
    await all.grace.server.channel('general').send('unread')
    await until('it counts', () => general.unread === 1)
    await reopens('ada', ada)
  })

  it('[AU35] cites operations nobody has, two hundred times sixteen: they wait, nothing else does', async () => {
    const all = await trio()
    for (let i = 0; i < 200; i++) {
      const auth = Array.from({ length: 16 }, () => idFromBytes('o', systemRandom.bytes(32))).sort()
      await all.mallory.say(`waiting ${i}`, { auth })
    }
    await alike(all)
    expect(replicaOf(all.ada.server).current.pending.size).toBe(200)
    expect(await texts(all.ada.server)).not.toContain('waiting 0')
    await reopens('ada', all.ada)
  })

  it('[EN8, AU39] forks its chain: both branches reach both, the fork is known, and all show the same', async () => {
    const all = await trio()
    const { ada, grace, mallory } = all
    const place = mallory.place
    const devices = (...peers: readonly Peer[]): never[] =>
      peers.map(each => each.client.identity.device as never)
    const branches: MessageId[] = []
    for (const [deaf, content] of [
      [grace, 'one branch'],
      [ada, 'other branch']
    ] as const) {
      const heal = world.network.partition(devices(deaf), devices(mallory.peer, deaf === ada ? grace : ada))
      const envelope = await mallory.publish(await mallory.forge({ body: message(content) }, place))
      branches.push(envelope.id)
      const hearing = deaf === ada ? grace : ada
      await until('heard', async () => (await texts(hearing.server)).includes(content))
      heal()
      for (const from of [ada, grace])
        await from.client.connect((from === ada ? grace : ada).client.addresses()[0] as string)
      await from(mallory.peer, ada, grace)
    }
    await until('both hold both', async () =>
      (
        await Promise.all(
          [ada, grace].map(
            async each => (await texts(each.server)).filter(text => / branch$/.test(text)).length === 2
          )
        )
      ).every(Boolean)
    )
    await alike(all, place.seq)
    for (const each of [ada, grace])
      expect(chainOf(each.server, mallory.peer.client.identity.device).forks).toEqual([place.seq])
    expect(new Set(branches).size).toBe(2)
    await reopens('grace', grace)
  })

  it('[EN6, AU35, AU38] writes kinds nobody knows, in channels that are none, edits and deletes what is not its own', async () => {
    const all = await trio()
    const { ada, mallory } = all
    const target = await ada.server.channel('general').send("ada's own")
    await until('mallory sees it', async () => (await texts(mallory.peer.server)).includes("ada's own"))
    const bodies: readonly Body[] = [
      { kind: 'unknown', number: 99, value: [99, 'x', new Uint8Array(40)] },
      { kind: 'edit', message: target.id, content: "mallory's now", mentions: NOBODY, attachments: [] },
      { kind: 'delete', message: target.id },
      { kind: 'pin', message: target.id, on: true },
      {
        kind: 'edit',
        message: idFromBytes('m', systemRandom.bytes(32)),
        content: 'of nothing',
        mentions: NOBODY,
        attachments: []
      },
      {
        kind: 'message',
        content: '@everyone now',
        replyTo: idFromBytes('m', systemRandom.bytes(32)),
        mentions: { ...NOBODY, everyone: true },
        attachments: []
      },
      { kind: 'reaction', message: target.id, emoji: '👍', on: true }
    ]
    for (const body of bodies) await mallory.publish(await mallory.forge({ body }))
    for (const thread of [idFromBytes('c', systemRandom.bytes(32)), idAs('c', ada.server.id)])
      await mallory.say('nowhere', { thread })
    await alike(all)
    const now = await ada.server.channel('general').message(target.id)
    expect(now).toMatchObject({ content: "ada's own", deleted: false, editedAt: null })
    expect(now.reactions).toEqual([{ emoji: '👍', users: [mallory.peer.client.identity.id] }])
    expect(await texts(ada.server)).not.toContain('nowhere')
    expect(ada.server.me.roles).toEqual([])
    await reopens('ada', ada)
  })

  it('[EN5, EN8] leaves a gap after each of its envelopes: others are not held up, and restart', async () => {
    const all = await trio()
    const { mallory } = all
    const from = mallory.place.seq
    const gaps = Number(process.env['XCORD_GAPS'] ?? 1_200)
    for (let i = 0; i < gaps; i++) {
      await mallory.publish(
        await mallory.forge(
          { body: message(`gap ${i}`) },
          { seq: from + 1 + i * 2, prev: systemRandom.bytes(24) }
        )
      )
    }
    await alike(all, from + 1)
    await reopens('ada', all.ada)
  })

  it('[AU34, AU37] goes back in time under a denial: what each had when it came makes no difference', async () => {
    const all = await trio()
    const { ada, grace, mallory } = all
    const role = await ada.server.roles.create({ name: 'reactors', permissions: ['MentionEveryone'] })
    await role.grant(ada.server.members.get('mallory') as never)
    await until('mallory may', () => mallory.peer.server.me.roles.length === 1)
    await until('grace knows', () => grace.server.members.get('mallory')?.roles.length === 1)
    const heal = world.network.partition(
      [ada.client.identity.device],
      [grace.client.identity.device, mallory.peer.client.identity.device]
    )
    const past = Date.now() - DAY_MS
    // Ada takes the right away; mallory, who does not know, uses it later by its clock, then hides behind an old time.
    await role.edit({ deny: ['MentionEveryone'] })
    const everyone: Body = {
      kind: 'message',
      content: 'to everyone',
      replyTo: null,
      mentions: { ...NOBODY, everyone: true },
      attachments: []
    }
    await mallory.publish(await mallory.forge({ body: everyone, at: Date.now() + 1_000 }))
    await mallory.say('old news', { at: past })
    await until(
      'grace has both',
      async () =>
        (await texts(grace.server)).includes('to everyone') &&
        (await texts(grace.server)).includes('old news')
    )
    heal()
    await from(ada, grace)
    await alike(all)
    await until(
      'hidden from both',
      async () =>
        !(await texts(grace.server)).includes('to everyone') &&
        !(await texts(ada.server)).includes('to everyone')
    )
  })
})

describe('a crowd around a message that has not come', () => {
  it("[TL8] edits of five users wait for it: the author's, pushed out by the others', shows all the same once it is there", async () => {
    const all = await trio()
    const { ada, mallory } = all
    const { device } = mallory.peer.client.identity
    const target = await mallory.forge({ body: message('as it was sent'), at: Date.now() - 60_000 })
    await mallory.publish(
      await mallory.forge({ body: edit(target.id, 'as its author edited it'), at: Date.now() - 50_000 })
    )
    await until('the edit waits', () => chainOf(ada.server, device).tip === target.seq + 1)
    // Four others, later: all that a record keeps of editors while nobody knows the author (TL7).
    for (const name of ['grace', 'one', 'two', 'three', 'four']) {
      const server = name === 'grace' ? all.grace.server : await joinAs(all, name)
      await replicaOf(server).do(work =>
        publishContent(work, server.channel('general').id, edit(target.id, `${name} was here`))
      )
    }
    await until('ada holds them', () => replicaOf(ada.server).current.authors.size === 7)
    await mallory.publish(target)
    for (const each of [ada, all.grace]) {
      await until('it shows as its author edited it', async () =>
        (await texts(each.server)).includes('as its author edited it')
      )
      expect(await texts(each.server)).not.toContain('as it was sent')
    }
    await alike(all)
  })
})

function edit(target: MessageId, content: string): Body {
  return { kind: 'edit', message: target, content, mentions: NOBODY, attachments: [] }
}

/** Another member, connected to the honest two. */
async function joinAs({ ada, grace }: Trio, name: string): Promise<Server> {
  const client = await world.open(name)
  const joined = await client.servers.join((await ada.server.invites.create()).link as string)
  for (const each of [ada, grace]) await client.connect(each.client.addresses()[0] as string)
  await until('all know it', () => [ada, grace].every(each => each.server.members.get(name) !== undefined))
  return joined
}

/** Dials everyone from one. */
async function from(peer: Peer, ...to: readonly Peer[]): Promise<void> {
  for (const other of to) await peer.client.connect(other.client.addresses()[0] as string)
}
