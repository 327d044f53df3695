/** Links that ask: they admit nobody, requests reach all who may answer, and the answer waits for whoever asked. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, EventJson, Server } from '@xcord/sdk'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

interface Gate {
  readonly ada: Client
  readonly server: Server
  readonly link: string
}
async function gated(): Promise<Gate> {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  await server.channel('general').send('inside')
  const invite = await server.invites.create({ approval: true })
  expect([invite.mode, invite.maxUses]).toEqual(['approval', null])
  return { ada, server, link: invite.link as string }
}
const codeOf = async (attempt: Promise<unknown>): Promise<string> =>
  await attempt.then(
    () => 'done',
    ({ code }: { code: string }) => code
  )
const waiting = async (server: Server, name: string) =>
  await until(
    `${name} asks`,
    () => server.requests.get(name)?.standing === 'waiting' && server.requests.get(name)
  )

describe('a link that asks', () => {
  it('[IV4] lets in whom a member accepts, with what they said, and nobody by the link alone', async () => {
    const { ada, server, link } = await gated()
    const seen: string[] = []
    ada.on('request:create', ({ request }) => void seen.push(`create ${request.name}: ${request.message}`))
    ada.on('request:update', ({ request }) => void seen.push(`update ${request.name}: ${request.standing}`))
    const grace = await cast.open('grace')
    const joining = grace.servers.join(link, { timeoutMs: 60_000, message: 'from the navy' })
    const request = await waiting(server, 'grace')
    expect(request.toJSON()).toMatchObject({
      user: grace.identity.id,
      name: 'grace',
      message: 'from the navy',
      standing: 'waiting',
      answeredBy: null
    })
    expect(server.members.all).toHaveLength(1)
    expect(grace.servers.all).toEqual([])
    const accepted = await request.accept({ reason: 'welcome' })
    expect([accepted.standing, accepted.answeredBy]).toEqual(['accepted', ada.identity.id])
    const joined = await joining
    await until('grace reads', async () => (await texts(joined)).includes('inside'))
    await until('the same', () => joined.stateHash === server.stateHash)
    expect(server.requests.all).toEqual([])
    expect(seen).toEqual(['create grace: from the navy', 'update grace: accepted'])
    // What let grace in lets in nobody else, and was for one.
    expect(server.invites.all.map(each => [each.mode, each.uses]).sort()).toEqual([
      ['approval', 0],
      ['open', 1]
    ])
    await expect(request.accept()).rejects.toMatchObject({ code: 'XCORD_REQUEST_NOT_FOUND' })
  })

  it('[IV4] keeps a request while the applicant is away, and the answer too, at whichever member', async () => {
    const { ada, server, link } = await gated()
    const other = await cast.open('other')
    const others = await other.servers.join((await server.invites.create()).link as string)
    const grace = await cast.open('grace')
    expect(await codeOf(grace.servers.join(link, { timeoutMs: 3_000 }))).toBe('XCORD_APPROVAL_PENDING')
    await grace.close()
    // It came to ada; the other member knows of it as well, and answers.
    const request = await waiting(others, 'grace')
    await request.accept()
    await until('ada knows', () => server.requests.get('grace')?.standing === 'accepted')
    await other.close()
    await ada.close()
    const again = await cast.open('ada')
    const back = await cast.open('grace')
    await back.connect(again.addresses()[0] as string)
    const joined = await back.servers.join(link, { timeoutMs: 60_000 })
    expect(joined.name).toBe('Engine')
  })

  it('[IV4] tells who was refused, shows the door to who is banned, and closes with the invite', async () => {
    const { server, link } = await gated()
    const grace = await cast.open('grace')
    const first = codeOf(grace.servers.join(link, { timeoutMs: 60_000 }))
    await (await waiting(server, 'grace')).refuse()
    expect(await first).toBe('XCORD_APPROVAL_REFUSED')
    expect(await codeOf(grace.servers.join(link, { timeoutMs: 60_000 }))).toBe('XCORD_APPROVAL_REFUSED')
    // A no may become a yes.
    await server.requests.get('grace')?.accept()
    await grace.servers.join(link, { timeoutMs: 60_000 })
    await until('grace is in', () => server.members.get('grace') !== undefined)
    await server.members.get('grace')?.ban()
    await until('grace is out', () => grace.servers.all.length === 0)
    expect(await codeOf(grace.servers.join(link, { timeoutMs: 20_000 }))).toBe('XCORD_PERMISSION_DENIED')

    const alan = await cast.open('alan')
    await server.invites.all.find(each => each.mode === 'approval')?.revoke()
    expect(await codeOf(alan.servers.join(link, { timeoutMs: 20_000 }))).toBe('XCORD_INVITE_REVOKED')
  })

  it('[IV4] only who may invite sees requests and answers; the policy makes links that ask the default', async () => {
    const { server, link } = await gated()
    await server.setPolicy({ invites: 'approval' })
    const asked = await server.invites.create()
    expect(asked.mode).toBe('approval')
    await expect(server.invites.create({ approval: true, maxUses: 3 })).rejects.toThrow(RangeError)
    const open = await server.invites.create({ approval: false })
    const grace = await cast.open('grace')
    const graces = await grace.servers.join(open.link as string)
    await server.roles.get('@everyone')?.edit({ deny: ['CreateInstantInvite'] })
    await until('told', () => graces.stateHash === server.stateHash)
    expect(() => graces.requests.all).toThrow(/CreateInstantInvite/)
    const events: EventJson[] = []
    const stop = new AbortController()
    const reading = (async () => {
      for await (const event of grace.events({ types: ['request:create'], signal: stop.signal }))
        events.push(event)
    })()
    const alan = await cast.open('alan')
    expect(await codeOf(alan.servers.join(link, { timeoutMs: 3_000 }))).toBe('XCORD_APPROVAL_PENDING')
    await waiting(server, 'alan')
    expect(await codeOf(alan.servers.join(open.link as string))).toBe('done')
    expect(server.requests.all).toEqual([])
    stop.abort()
    await reading
    expect(events).toEqual([])
  })
})
