/** Moderation on both sides of a partition, seals after departures, and what a neighbour does not pass on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OperationId, Timers } from '@xcord/core/base'
import type { Envelope, Operation } from '@xcord/core/graph'
import { systemTimers } from '@xcord/core/adapters/runtime-node'
import type { Client, Server } from '@xcord/sdk'
import {
  createWorld,
  mayForward,
  publishContent,
  replicaOf,
  sealableBy,
  type World
} from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

/** Waits of seconds end at once. */
const hasty: Timers = { after: (ms, run) => systemTimers.after(ms >= 1_000 ? 20 + ms / 100 : ms, run) }

interface Three {
  readonly clients: Readonly<Record<'ada' | 'grace' | 'alan', Client>>
  readonly ada: Server
  readonly grace: Server
  readonly alan: Server
}

/** Ada owns; grace and alan join. */
async function three(timers: Timers = systemTimers): Promise<Three> {
  const ada = await world.open('ada', { timers })
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const grace = await world.open('grace', { timers })
  const graces = await grace.servers.join(link)
  const alan = await world.open('alan', { timers })
  const alans = await alan.servers.join(link)
  const all = { clients: { ada, grace, alan }, ada: server, grace: graces, alan: alans }
  await until('all know all', () =>
    sides(all).every(
      each =>
        each.members.all.length === 3 &&
        ['ada', 'grace', 'alan'].every(name => each.members.get(name) !== undefined)
    )
  )
  // A key that all know: what is written under it apart can be judged by the others.
  await server.channel('general').send('hello')
  await until('all read', async () =>
    (await Promise.all(sides(all).map(each => texts(each)))).every(each => each.join() === 'hello')
  )
  await agree(all)
  return all
}

const sides = ({ ada, grace, alan }: Three): readonly Server[] => [ada, grace, alan]

async function agree(all: Three): Promise<void> {
  await until(
    'one state',
    () => new Set(sides(all).map(each => `${each.stateHash} ${each.heads().heads.join()}`)).size === 1
  )
}

async function role(
  all: Three,
  name: string,
  permissions: readonly string[],
  ...holders: readonly Client[]
): Promise<void> {
  const made = await all.ada.roles.create({ name, permissions })
  await made.move(all.ada.roles.all.length - 1)
  for (const holder of holders) await made.grant(holder.identity.id)
  await agree(all)
}

/** Cuts the ones off from the others. What it returns heals the cut, and does not wait until they find each other by themselves. */
function partition(ones: readonly Client[], others: readonly Client[]): () => Promise<void> {
  const devices = (clients: readonly Client[]): never => clients.map(each => each.identity.device) as never
  const heal = world.network.partition(devices(ones), devices(others))
  return async () => {
    heal()
    for (const one of ones) for (const other of others) await one.connect(other.addresses()[0] as string)
  }
}

describe('conflicting moderation on both sides of a partition', () => {
  it('[AU19, AU23, AU-P1] ends in one state; what fell is shown to its author with its rule', async () => {
    const all = await three()
    const { clients, ada, grace, alan } = all
    await role(all, 'junior', ['KickMembers', 'ManageRoles', 'ManageChannels'], clients.alan)
    await role(all, 'senior', ['BanMembers', 'ManageRoles', 'ManageChannels', 'ViewAuditLog'], clients.grace)
    const fallen: { readonly operation: string; readonly rule: string; readonly own: boolean }[] = []
    clients.alan.on(
      'operation:void',
      ({ operation, rule, own }) => void fallen.push({ operation, rule, own })
    )

    const heal = partition([clients.alan], [clients.ada, clients.grace])
    // On the one side alan builds and hands out; on the other he is demoted and the channel is taken.
    const made = await alan.channels.create({ name: 'alans' })
    await alan.roles.create({ name: 'pals' })
    await alan.channel('general').edit({ topic: 'alan was here' })
    await ada.roles.get('junior')?.revoke(clients.alan.identity.id, { reason: 'enough' })
    await grace.channel('general').edit({ topic: 'grace was here' })
    await until('the two agree', () => ada.stateHash === grace.stateHash)
    expect(alan.stateHash).not.toBe(ada.stateHash)
    expect(alan.me.roles.map(each => each.name)).toEqual(['junior'])
    await heal()
    await agree(all)

    expect(alan.me.roles).toEqual([])
    for (const side of sides(all)) {
      expect(side.channels.get('alans')).toBeUndefined()
      expect(side.roles.get('pals')).toBeUndefined()
      expect(side.channel('general').topic).toBe('grace was here')
    }
    await until('alan is told of all three', () => fallen.length === 3)
    expect(fallen.every(each => each.own && each.rule === 'AU19')).toBe(true)
    expect(fallen.map(each => each.operation)).toContain(`o${made.id.slice(1)}`)
    const audit = (await grace.audit({ actor: clients.alan.identity.id })).items.filter(
      each => each.standing === 'voided'
    )
    expect(audit.map(each => each.operation).sort()).toEqual(fallen.map(each => each.operation).sort())
    const [demotion] = (await ada.audit({ action: 'role:revoke' })).items
    expect(audit.every(each => each.rule === 'AU19' && each.by === demotion?.operation)).toBe(true)
    expect(await ada.audit()).toEqual({ ...(await grace.audit()), items: (await ada.audit()).items })
  })

  it('[AU36, AU-S43] a timeout hides what its target wrote meanwhile, on every side, and says so to the author', async () => {
    const all = await three()
    const { clients, ada, grace, alan } = all
    const heal = partition([clients.grace], [clients.ada, clients.alan])
    await ada.members.get('grace')?.timeout(600_000, { reason: 'calm down' })
    const told: string[] = []
    clients.grace.on(
      'message:update',
      ({ message }) => void told.push(`${message.content}: ${message.standing}`)
    )
    const { id } = await grace.channel('general').send('written while cut off')
    await heal()
    await agree(all)
    await until('the author is told', () => told.includes('written while cut off: voided'))
    for (const side of [ada, alan]) {
      await until(
        'it came, and is hidden',
        async () =>
          (
            await side
              .channel('general')
              .message(id)
              .catch(() => undefined)
          )?.standing === 'voided'
      )
    }
    for (const side of sides(all)) expect(await texts(side)).toEqual(['hello'])
    await expect(grace.channel('general').send('more')).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
  })
})

describe('seals', () => {
  it('[AU40, ND16] a stronger member seals the departure of somebody with powers, once', async () => {
    const all = await three(hasty)
    const { clients, ada, grace } = all
    await role(all, 'junior', ['KickMembers'], clients.alan)
    await role(all, 'senior', ['KickMembers', 'ViewAuditLog'], clients.grace)
    await grace.members.get('alan')?.kick({ reason: 'quarrel' })
    await until('ada seals it', async () => (await ada.audit({ action: 'member:seal' })).items.length > 0)
    await until('grace sees the seal', () => grace.stateHash === ada.stateHash)
    expect((await grace.audit({ action: 'member:seal' })).items).toMatchObject([
      { actor: clients.ada.identity.id, target: clients.alan.identity.id, standing: 'effective' }
    ])
  })

  it('[AU40, ND16] the departure of a member without powers wants no seal, that of one with powers does', async () => {
    const all = await three()
    await role(all, 'junior', ['KickMembers'], all.clients.grace)
    await all.alan.leave()
    await all.grace.leave()
    await until('both gone', () => all.ada.members.all.length === 1)
    const { current } = replicaOf(all.ada)
    const wanted = (await all.ada.audit({ action: 'member:leave' })).items.map(each =>
      sealableBy(current, current.log.get(each.operation as OperationId) as Operation)
    )
    expect(wanted).toEqual(
      expect.arrayContaining([undefined, { user: all.clients.grace.identity.id, role: null, status: 'out' }])
    )
  })
})

describe('what a neighbour passes on', () => {
  /** Writes as a client would that checks nothing. */
  async function force(server: Server, ...contents: readonly string[]): Promise<readonly Envelope[]> {
    const channel = server.channel('general').id
    return await replicaOf(server).do(work =>
      contents.map(content =>
        publishContent(work, channel, {
          kind: 'message',
          content,
          replyTo: null,
          mentions: { users: [], roles: [], everyone: false },
          attachments: []
        })
      )
    )
  }

  it('[NT26, AU36] neither the timed out nor the banned, whether they know it or not', async () => {
    const all = await three()
    const { clients, ada, alan } = all
    const device = clients.alan.identity.device
    const passes = (bundle: readonly Envelope[]): boolean =>
      mayForward(replicaOf(ada).current, device, bundle, Date.now())
    const heal = partition([clients.alan], [clients.ada, clients.grace])
    const fine = await force(alan, 'fine')
    expect(passes(fine)).toBe(true)
    await ada.members.get('alan')?.timeout(600_000)
    expect(passes(await force(alan, 'not knowing'))).toBe(false)
    await heal()
    await agree(all)
    const again = partition([clients.alan], [clients.ada, clients.grace])
    expect(passes(await force(alan, 'knowing'))).toBe(false)
    await ada.members.get('alan')?.timeout(null)
    await ada.members.get('alan')?.ban()
    expect(passes(fine)).toBe(false)
    await again()
  })

  it('[NT26, ND13] nothing above the pace of slow mode, nothing against automod; automod is not shown either', async () => {
    const all = await three()
    const { clients, ada, alan } = all
    const device = clients.alan.identity.device
    const passes = (bundle: readonly Envelope[]): boolean =>
      mayForward(replicaOf(ada).current, device, bundle, Date.now())
    await ada.automod.create({ name: 'no spam', trigger: { kind: 'words', words: ['spam'] } })
    await agree(all)
    const heal = partition([clients.alan], [clients.ada, clients.grace])
    const [good, bad, end] = (await force(alan, 'ham', 'spam', 'eggs')) as readonly [
      Envelope,
      Envelope,
      Envelope
    ]
    expect([passes([good]), passes([bad]), passes([good, bad]), passes([good, end])]).toEqual([
      true,
      false,
      false,
      true
    ])
    await ada.channel('general').edit({ slowmodeSeconds: 3_600 })
    expect([passes([good]), passes([good, end])]).toEqual([true, false])
    await heal()
    await until('the rest is read by all, in place', async () =>
      (await Promise.all(sides(all).map(each => texts(each)))).every(each => each.join() === 'hello,ham,eggs')
    )
    await agree(all)
  })
})
