/** What a server has beside channels and roles: voice, policy, nodes, expressions, a schedule, revoked devices. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Server } from '@xcord/sdk'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { createDevice } from '../../../core/src/identity/device.ts'
import { appendDevice, appendRevocation } from '../../../core/src/identity/append.ts'
import { createCredential } from '../../../core/src/identity/credential.ts'
import { draftDeviceAdd } from '../../../core/src/authority/build.ts'
import { signOperation } from '../../../core/src/graph/operation.ts'
import { addOperation } from '../../../core/src/node/intake/take-operations.ts'
import { createWorld, replicaOf, type World } from './faults.fixture.ts'
import { until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

async function pair(): Promise<{ ada: Client; grace: Client; server: Server; graces: Server }> {
  const ada = await world.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const grace = await world.open('grace')
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  await until(
    'both know both by name',
    () => server.members.get('grace') !== undefined && graces.members.get('ada') !== undefined
  )
  return { ada, grace, server, graces }
}

const agree = async (a: Server, b: Server): Promise<void> =>
  void (await until('equal state', () => a.stateHash === b.stateHash))
const DENIED = { code: 'XCORD_PERMISSION_DENIED' }

describe('what a server has', () => {
  it('[AU12] voice is taken and given back by who may, and shown', async () => {
    const { ada, grace, server, graces } = await pair()
    const heard: string[] = []
    grace.on('member:update', ({ member }) => void heard.push(`${member.muted} ${member.deafened}`))
    await expect(graces.members.get('ada')?.setVoice({ muted: true })).rejects.toMatchObject(DENIED)
    await server.members.get('grace')?.setVoice({ muted: true, deafened: true }, { reason: 'echo' })
    await until('grace is told', () => graces.me.muted && graces.me.deafened)
    expect(graces.me.toJSON()).toMatchObject({ muted: true, deafened: true })
    await server.members.get('grace')?.setVoice({ deafened: false })
    await until('hears again', () => !graces.me.deafened && graces.me.muted)
    expect(heard).toEqual(expect.arrayContaining(['true true', 'true false']))
    expect((await server.audit({ action: 'member:voice' })).items[1]).toMatchObject({
      actor: ada.identity.id,
      target: grace.identity.id,
      reason: 'echo'
    })
    await agree(server, graces)
  })

  it('[AU12] policy is the owner’s; nodes and limits of channels are settings', async () => {
    const { server, graces } = await pair()
    expect(server.policy).toEqual({ invites: 'open', transferNeedsPhrase: true })
    await expect(graces.setPolicy({ invites: 'approval' })).rejects.toMatchObject(DENIED)
    await server.setPolicy({ invites: 'approval', transferNeedsPhrase: false })
    await until('grace knows', () => graces.policy.invites === 'approval')
    expect(graces.policy.transferNeedsPhrase).toBe(false)
    const node = '/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'
    await server.edit({ nodes: [node] })
    await until('the node is known', () => graces.toJSON().nodes?.[0] === node)
    await server.edit({ nodes: [] })
    await until('and gone', () => graces.nodes.length === 0)
    const stage = await server.channels.create({ kind: 'voice', name: 'lounge' })
    await stage.edit({ nsfw: true, userLimit: 5, bitrateKbps: 64 })
    const seen = await until('grace sees it', () => graces.channels.get('lounge'))
    await until('with its limits', () => seen.userLimit === 5 && seen.bitrateKbps === 64 && seen.nsfw)
    await stage.edit({ userLimit: null })
    await until('any number', () => seen.userLimit === null)
    // Where policy waives it, the owner's device hands the server over.
    await server.transfer(graces.me.id, { consent: graces.consent() })
    await until('grace owns it', () => graces.me.owner)
    await agree(server, graces)
  })

  it('[AU12, ND18] expressions and events: one’s own, and others’ for who manages them', async () => {
    const { server, graces } = await pair()
    const media = Uint8Array.of(1, 2, 3)
    const init = { kind: 'emoji' as const, name: 'cog', mediaType: 'image/webp', media }
    await expect(graces.expressions.create(init)).rejects.toMatchObject(DENIED)
    await expect(server.expressions.create({ ...init, name: 'a b' })).rejects.toBeInstanceOf(RangeError)
    await expect(server.expressions.create({ ...init, media: new Uint8Array(8_001) })).rejects.toBeInstanceOf(
      RangeError
    )
    await server.expressions.create(init)
    const cog = await until('grace sees it', () => graces.expressions.get(':cog:'))
    expect([cog.kind, cog.mediaType, [...cog.media]]).toEqual(['emoji', 'image/webp', [1, 2, 3]])
    expect(cog.toJSON().media).toBe('AQID')
    await server.roles.get('@everyone')?.edit({ allow: ['CreateServerExpressions', 'CreateEvents'] })
    await until(
      'granted',
      () => graces.me !== undefined && graces.roles.get('@everyone')?.permissions.includes('CreateEvents')
    )
    await expect(cog.remove()).rejects.toMatchObject(DENIED)
    const own = await graces.expressions.create({
      ...init,
      kind: 'sound',
      name: 'whirr',
      mediaType: 'audio/ogg'
    })
    await own.rename('hum')
    await until('renamed', () => server.expressions.get('hum')?.kind === 'sound')
    await server.expressions.get('hum')?.remove()
    await until('removed', () => graces.expressions.all.length === 1)

    const startsAt = new Date('2027-01-31T18:00:00Z')
    const event = await graces.schedule.create({ name: 'demo', startsAt, location: '#general' })
    await expect(event.edit({ endsAt: new Date(0) })).rejects.toBeInstanceOf(RangeError)
    await event.edit({ name: 'Demonstration', endsAt: new Date('2027-01-31T19:00:00Z') })
    const held = await until('ada sees it', () => server.schedule.get('Demonstration'))
    expect(held.toJSON()).toMatchObject({
      startsAt: '2027-01-31T18:00:00.000Z',
      endsAt: '2027-01-31T19:00:00.000Z',
      location: '#general',
      description: null
    })
    await server.schedule.create({ name: 'sooner', startsAt: new Date(0) })
    expect(server.schedule.all.map(each => each.name)).toEqual(['sooner', 'Demonstration'])
    await held.remove()
    await until('off', () => graces.schedule.get('Demonstration') === undefined)
    await agree(server, graces)
  })

  it('[AU22, ID9] a device that the identity revoked is off in the server, on every side', async () => {
    const { grace, server, graces } = await pair()
    const replica = replicaOf(graces)
    const { suite, account } = replica.current.deps
    await expect(graces.revokeDevice(grace.identity.device)).rejects.toMatchObject({ code: 'XCORD_CONFLICT' })
    // A second device of grace's joins, and is lost.
    const lost = createDevice(suite, systemRandom)
    appendDevice(suite, account.log, account.device, lost, { manage: false })
    await replica.do(({ state, turn, news }) => {
      const added = draftDeviceAdd(createCredential(account.log, lost.device))
      const fields = state.log.place(lost.device, added, turn.at)
      addOperation(state, turn, news, signOperation(suite, lost.signingKey, fields), undefined)
    })
    const on = (at: Server): boolean | undefined => replicaOf(at).state().device(lost.device)?.on
    await until('known to ada', () => on(server) === true)
    appendRevocation(suite, account.log, account.device, lost.device)
    await graces.revokeDevice(lost.device)
    await until('off at ada', () => on(server) === false)
    expect(on(graces)).toBe(false)
    await agree(server, graces)
  })
})
