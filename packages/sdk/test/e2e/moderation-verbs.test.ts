import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

interface Pair {
  readonly ada: Client
  readonly grace: Client
  readonly server: Server
  readonly graces: Server
  /** ada's 24 words. */
  readonly phrase: string
}

async function pair(): Promise<Pair> {
  let phrase = ''
  const ada = await cast.open('ada', { onPhrase: words => (phrase = words) })
  const server = await ada.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  await until(
    'both know both',
    () => server.members.get('grace') !== undefined && graces.members.get('ada') !== undefined
  )
  return { ada, grace, server, graces, phrase }
}

const denied = (permission?: string): object => ({
  code: 'XCORD_PERMISSION_DENIED',
  ...(permission === undefined ? {} : { details: { permission } })
})

async function agree(a: Server, b: Server): Promise<void> {
  await until('equal state', () => a.stateHash === b.stateHash)
}

describe('members', () => {
  it('[AU12, AU30] a timeout stops writing until it ends, and moderators need the permission', async () => {
    const { server, graces, ada } = await pair()
    const heard: string[] = []
    ada.on(
      'member:timeout',
      ({ member, reason }) =>
        void heard.push(`${member.name} ${reason} ${member.timeoutUntil?.getTime() ?? 0}`)
    )
    await expect(graces.members.get('ada')?.timeout(60_000)).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await server.members.get('grace')?.timeout(600_000, { reason: 'calm down' })
    await until('grace is told', () => graces.me.timeoutUntil !== null)
    expect(graces.me.toJSON().timeoutUntil).toMatch(/^\d{4}-/)
    await expect(graces.channel('general').send('but')).rejects.toMatchObject(denied('SendMessages'))
    await server.channel('general').send('she may read')
    await until('grace reads', async () => (await texts(graces)).includes('she may read'))
    await server.members.get('grace')?.timeout(null)
    await until('lifted', () => graces.me.timeoutUntil === null)
    await graces.channel('general').send('thanks')
    await until('ada reads', async () => (await texts(server)).includes('thanks'))
    await until('told twice', () => heard.length === 2)
    expect(heard[0]).toMatch(/^grace calm down \d{13}$/)
    expect(heard[1]).toBe('grace null 0')
    await expect(server.members.get('grace')?.timeout(29 * 86_400_000)).rejects.toThrow(RangeError)
    await agree(server, graces)
  })

  it("[AU12] nicknames: one's own, another's with ManageNicknames, and back", async () => {
    const { server, graces } = await pair()
    await graces.me.setNick('Amazing Grace')
    await until('ada sees it', () => server.members.get('Amazing Grace') !== undefined)
    await expect(graces.members.get('ada')?.setNick('Countess')).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await server.members.get('Amazing Grace')?.setNick('grace hopper', { reason: 'too long' })
    await until('grace sees it', () => graces.me.name === 'grace hopper')
    await graces.me.setNick(null)
    await until('back', () => server.members.get('grace')?.nick === null)
    await expect(graces.me.setNick(' ')).rejects.toThrow(TypeError)
  })

  it('[AU22] bans are listed with their reason, and lifted', async () => {
    const { ada, grace, server, graces } = await pair()
    const unbanned: string[] = []
    ada.on('member:unban', ({ member }) => void unbanned.push(member.id))
    await expect(graces.bans.list()).rejects.toThrow(/BanMembers/)
    await server.members.get('grace')?.ban({ reason: 'spam' })
    await until('grace is out', () => grace.servers.all.length === 0)
    expect(await server.bans.list()).toMatchObject([
      { id: grace.identity.id, name: 'grace', by: ada.identity.id, reason: 'spam' }
    ])
    await server.bans.remove(grace.identity.id, { reason: 'appeal' })
    expect(await server.bans.list()).toEqual([])
    await until('heard', () => unbanned.length === 1)
    await expect(server.bans.remove(grace.identity.id)).rejects.toMatchObject({
      message: expect.stringMatching(/not banned/) as string
    })
    const back = await grace.servers.join((await server.invites.create()).link as string)
    await until('grace is back', () => server.members.get('grace') !== undefined)
    await agree(server, back)
  })
})

describe('roles', () => {
  it('[AU12] edits bit by bit, moves and deletes; counts who holds what', async () => {
    const { grace, server, graces } = await pair()
    const low = await server.roles.create({ name: 'low', permissions: ['ManageMessages'] })
    const high = await server.roles.create({ name: 'high' })
    expect(server.roles.all.map(each => [each.name, each.position])).toEqual([
      ['low', 2],
      ['high', 1],
      ['@everyone', 0]
    ])
    await high.move(2)
    expect(server.roles.all.map(each => each.name)).toEqual(['high', 'low', '@everyone'])
    await high.edit({ name: 'top', color: '#ff0000', allow: ['ManageRoles', 'KickMembers'], hoist: true })
    await high.edit({ deny: ['KickMembers'], allow: ['ManageNicknames'] }, { reason: 'less' })
    expect(high.toJSON()).toMatchObject({
      name: 'top',
      color: '#ff0000',
      hoist: true,
      members: 0,
      permissions: ['ManageNicknames', 'ManageRoles']
    })
    await high.grant(grace.identity.id)
    await until('grace holds it', () => graces.me.roles.length === 1)
    expect(server.roles.get('top')?.toJSON().members).toBe(1)
    expect(server.roles.get('@everyone')?.toJSON().members).toBe(2)
    // Beneath her own role grace rules; her own role and more than she has are beyond her.
    await graces.roles.get('low')?.edit({ deny: ['ManageMessages'], name: 'lower' })
    await expect(graces.roles.get('lower')?.edit({ allow: ['BanMembers'] })).rejects.toMatchObject(
      denied('BanMembers')
    )
    await expect(graces.roles.get('top')?.edit({ name: 'mine' })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await expect(graces.roles.get('lower')?.move(2)).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await until('ada sees it', () => server.roles.get('lower')?.permissions.length === 0)
    await low.delete({ reason: 'unused' })
    await high.delete()
    await until('both gone', () => graces.roles.all.length === 1 && graces.me.roles.length === 0)
    await agree(server, graces)
  })
})

describe('server', () => {
  it('[AU12] name and description; heads; the audit log with filters and pages, for those who may see it', async () => {
    const { ada, grace, server, graces } = await pair()
    await expect(graces.edit({ name: 'Mine' })).rejects.toMatchObject(denied('ManageServer'))
    await server.edit({ name: 'Analytical Engine', description: 'for all' }, { reason: 'bigger' })
    await until(
      'grace sees it',
      () => graces.name === 'Analytical Engine' && graces.description === 'for all'
    )
    await server.members.get('grace')?.setNick('gh', { reason: 'short' })
    await agree(server, graces)
    expect(server.heads()).toEqual(graces.heads())
    expect(server.heads()).toMatchObject({ stateHash: server.stateHash, forks: [] })
    await expect(graces.audit()).rejects.toThrow(/ViewAuditLog/)
    const { items, next } = await server.audit()
    expect(next).toBeNull()
    expect(items.slice(0, 2)).toMatchObject([
      {
        action: 'member:nick',
        actor: ada.identity.id,
        actorName: 'ada',
        target: grace.identity.id,
        reason: 'short',
        standing: 'effective'
      },
      { action: 'server:edit', target: server.id, reason: 'bigger' }
    ])
    expect(items.at(-1)?.action).toBe('server:create')
    expect((await server.audit({ action: 'member' })).items.map(each => each.action)).toEqual([
      'member:nick',
      'member:join'
    ])
    expect((await server.audit({ actor: grace.identity.id })).items.map(each => each.action)).toEqual([
      'member:join'
    ])
    expect((await server.audit({ target: server.id, action: 'server:edit' })).items).toHaveLength(1)
    expect((await server.audit({ since: new Date(Date.now() + 60_000) })).items).toEqual([])
    const pages: string[] = []
    for (
      let page = await server.audit({ limit: 2 });
      ;
      page = await server.audit({ limit: 2, after: page.next })
    ) {
      pages.push(...page.items.map(each => each.operation))
      if (page.next === null) break
    }
    expect(pages).toEqual(items.map(each => each.operation))
  })

  it("[AU21, ND14] ownership passes by the target's consent and the owner's phrase, and only so", async () => {
    const { ada, grace, server, graces, phrase } = await pair()
    expect(() => server.consent()).toThrow(/yours already/)
    const consent = graces.consent()
    await expect(graces.transfer(ada.identity.id, { consent })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await expect(server.transfer(grace.identity.id, { consent })).rejects.toMatchObject({
      code: 'XCORD_PHRASE_INVALID'
    })
    await expect(
      server.transfer(grace.identity.id, { consent, phrase: 'abandon '.repeat(23) + 'art' })
    ).rejects.toMatchObject({ code: 'XCORD_PHRASE_INVALID' })
    await expect(
      server.transfer(grace.identity.id, { consent: consent.slice(0, -4), phrase })
    ).rejects.toMatchObject({ code: 'XCORD_CONSENT_INVALID' })
    await expect(server.transfer(ada.identity.id, { consent, phrase })).rejects.toMatchObject({
      code: 'XCORD_CONSENT_INVALID'
    })
    const before = server.heads().operations
    expect(before).toBe(graces.heads().operations)
    await server.transfer(grace.identity.id, { consent, phrase, reason: 'retiring' })
    await until('grace owns it', () => graces.owner === grace.identity.id && graces.me.owner)
    expect(server.owner).toBe(grace.identity.id)
    await expect(server.transfer(grace.identity.id, { consent, phrase })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await expect(server.edit({ name: 'still mine' })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    await graces.edit({ name: "Hopper's" })
    await until('ada follows', () => server.name === "Hopper's")
    await agree(server, graces)
  })
})
