/** Several devices of one identity: linked by a code, alive at once, put out for good. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient, type LinkSign } from '@xcord/sdk'
import { folder, linkDevice } from '@xcord/sdk/node'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
const opened: Client[] = []
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async client => await client.close()))
  await cast.end()
})

const NETWORK = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }

interface Linking {
  readonly code: string
  readonly linked: Promise<Client>
  stop(): void
}

/** A new device that shows its code. */
async function waiting(
  name: string,
  says: (signs: readonly LinkSign[]) => boolean = () => true,
  manage = true
): Promise<Linking> {
  const shown = Promise.withResolvers<string>()
  const gone = new AbortController()
  const linked = linkDevice({
    store: folder(join(cast.home, name)),
    network: NETWORK,
    deviceName: name,
    manage,
    signal: gone.signal,
    onCode: shown.resolve,
    compare: signs => Promise.resolve(says(signs))
  })
  linked.then(
    client => void opened.push(client),
    () => undefined
  )
  linked.catch(shown.reject)
  return { code: await shown.promise, linked, stop: () => gone.abort() }
}

/** Links a second device to a client. */
async function link(to: Client, name: string): Promise<Client> {
  const { code, linked } = await waiting(name)
  const [client] = await Promise.all([
    linked,
    to.devices.link(code, { compare: () => Promise.resolve(true) })
  ])
  return client
}

describe('linking', () => {
  it('[ID10, ND19] brings the servers with their readable history, and both write and read at once', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const plans = await server.channels.create({ name: 'plans', private: true })
    await server.channel('general').send('before the link')
    await plans.send('for few eyes')
    const grace = await cast.open('grace')
    const graces = await grace.servers.join((await server.invites.create()).link as string)
    await until('grace reads', async () => (await texts(graces)).includes('before the link'))

    const seen: string[][] = []
    const { code, linked } = await waiting('phone', signs => seen.push(signs.map(each => each.name)) > 0)
    const [phone, device] = await Promise.all([
      linked,
      ada.devices.link(code, {
        compare: signs => Promise.resolve(seen.push(signs.map(each => each.name)) > 0)
      })
    ])
    expect(seen[0]).toHaveLength(6)
    expect(seen[0]).toEqual(seen[1])
    expect(device).toMatchObject({ name: 'phone', active: true, manage: true, current: false })
    expect([phone.identity.id, phone.identity.name]).toEqual([ada.identity.id, 'ada'])
    expect(phone.identity.device).not.toBe(ada.identity.device)

    const there = await until('the server comes', () => phone.servers.all.find(each => !each.imported))
    await until('one state', () => there.stateHash === server.stateHash)
    expect(await texts(there)).toEqual(['before the link'])
    expect(await texts(there, 'plans')).toEqual(['for few eyes'])

    await there.channel('general').send('from the phone')
    await server.channel('general').send('from the desk')
    await there.channel('plans').send('quietly')
    for (const side of [server, graces, there]) {
      await until('all read both', async () => {
        const all = await texts(side)
        return all.includes('from the phone') && all.includes('from the desk')
      })
    }
    await until('ada reads what her phone wrote for few', async () =>
      (await texts(server, 'plans')).includes('quietly')
    )

    // What one device joins, the other is brought to.
    const other = await grace.servers.create({ name: 'Hopper' })
    await ada.servers.join((await other.invites.create()).link as string)
    await until('the phone follows', () => phone.servers.get('Hopper')?.imported === false)
  })
})

describe('linking before there is any server', () => {
  it('[ID10, ND19] the new device finds the old one after a restart, and is brought to what comes later', async () => {
    const ada = await cast.open('ada')
    const first = await link(ada, 'phone')
    await first.close()
    opened.splice(opened.indexOf(first), 1)
    const phone = await createClient({ store: folder(join(cast.home, 'phone')), network: NETWORK })
    opened.push(phone)
    const server = await ada.servers.create({ name: 'Engine' })
    await server.channel('general').send('to all of mine')
    const there = await until('the server comes', () => phone.servers.all.find(each => !each.imported))
    await until('the phone reads', async () => (await texts(there)).includes('to all of mine'))
  })
})

describe('refusals of linking', () => {
  const no = { compare: () => Promise.resolve(false) }
  const yes = { compare: () => Promise.resolve(true) }

  it('[ID10] adds nobody where either person says that the signs differ', async () => {
    const ada = await cast.open('ada')
    for (const [here, there] of [
      [no, true],
      [yes, false]
    ] as const) {
      const { code, linked } = await waiting(`phone-${there}`, () => there)
      const both = await Promise.allSettled([ada.devices.link(code, here), linked])
      for (const each of both)
        expect(each).toMatchObject({
          reason: { code: 'XCORD_LINK_REFUSED', details: { rule: 'ID10' } }
        })
      expect(ada.devices.all).toHaveLength(1)
    }
  })

  it('[ID10] takes a code once, and none that was altered, shown elsewhere or is no code', async () => {
    const ada = await cast.open('ada')
    const mallory = await cast.open('mallory')
    const { code, linked } = await waiting('phone')
    const [first] = await Promise.all([ada.devices.link(code, yes), linked])
    expect(first.name).toBe('phone')
    for (const who of [ada, mallory])
      await expect(who.devices.link(code, yes)).rejects.toMatchObject({
        code: expect.stringMatching(/XCORD_NO_PEER|XCORD_LINK_REFUSED/)
      })
    for (const bad of ['hello', code.slice(0, -4), `${code.slice(0, -1)}!`, 'xcord-link-AAAA'])
      await expect(ada.devices.link(bad, yes)).rejects.toMatchObject({ code: 'XCORD_LINK_INVALID' })
    expect(ada.devices.all).toHaveLength(2)
  })

  it('[ID10] a stranger without the secret learns nothing, and does not spend the code', async () => {
    const ada = await cast.open('ada')
    const mallory = await cast.open('mallory')
    const { code, linked } = await waiting('phone')
    await expect(mallory.devices.link(alterSecret(code), yes)).rejects.toMatchObject({
      code: 'XCORD_LINK_REFUSED'
    })
    const [device, phone] = await Promise.all([ada.devices.link(code, yes), linked])
    expect([device.name, phone.identity.id]).toEqual(['phone', ada.identity.id])
    expect([ada.devices.all.length, mallory.devices.all.length]).toEqual([2, 1])
  })

  it('[ID10] never overwrites an identity', async () => {
    const ada = await cast.open('ada')
    await ada.close()
    await expect(waiting('ada')).rejects.toMatchObject({ code: 'XCORD_PROFILE_EXISTS' })
  })
})

/** Another secret of 16 bytes in the same code: tuple[1, DSK, DBK, secret, addresses] after the mark. */
function alterSecret(code: string): string {
  const mark = 'xcord-link-'
  const bytes = Buffer.from(code.slice(mark.length), 'base64url')
  const at = 1 + 1 + 34 + 34 + 1
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return mark + bytes.toString('base64url')
}

describe('revoking', () => {
  it('[ID9, ND19] ends a device everywhere: it reads nothing newer, writes nothing that counts, adds nobody', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    await server.channel('general').send('first')
    const phone = await link(ada, 'phone')
    const tablet = await link(ada, 'tablet')
    const grace = await cast.open('grace')
    const graces = await grace.servers.join((await server.invites.create()).link as string)
    const onPhone = await until('phone is in', () => phone.servers.all.find(each => !each.imported))
    const onTablet = await until('tablet is in', () => tablet.servers.all.find(each => !each.imported))
    await onPhone.channel('general').send('from the phone')
    for (const side of [server, graces, onTablet])
      await until('all read', async () => (await texts(side)).includes('from the phone'))
    const phoneDevice = phone.identity.device
    await until('all devices are told', () => tablet.devices.all.length === 3 && ada.devices.all.length === 3)

    // From another device than the one that added it.
    expect(await tablet.devices.revoke('phone')).toMatchObject({ device: phoneDevice, active: false })
    await until('grace is told', () => graces.stateHash === onTablet.stateHash)
    await until('ada is told', () => ada.devices.all.some(each => each.name === 'phone' && !each.active))
    await graces.channel('general').send('after the revocation')
    for (const side of [server, onTablet])
      await until('the others read on', async () => (await texts(side)).includes('after the revocation'))

    await expect(onPhone.channel('general').send('still here?')).rejects.toMatchObject({
      code: expect.stringMatching(/XCORD_/)
    })
    await until('the phone is told too', () =>
      phone.devices.all.some(each => each.device === phoneDevice && !each.active)
    )
    const { code, linked, stop } = await waiting('evil')
    await expect(phone.devices.link(code, { compare: () => Promise.resolve(true) })).rejects.toMatchObject({
      code: 'XCORD_PERMISSION_DENIED'
    })
    stop()
    await expect(linked).rejects.toBeDefined()
    expect(ada.devices.all.filter(each => each.active)).toHaveLength(2)
    await server.channel('general').send('among us')
    await until('the tablet reads it', async () => (await texts(onTablet)).includes('among us'))
    expect(await texts(onPhone)).not.toContain('among us')
    expect(await texts(onPhone)).not.toContain('after the revocation')

    await expect(tablet.devices.revoke('phone')).rejects.toMatchObject({ code: 'XCORD_DEVICE_REVOKED' })
    await expect(tablet.devices.revoke('nothing')).rejects.toMatchObject({ code: 'XCORD_DEVICE_NOT_FOUND' })
    await expect(tablet.devices.revoke(tablet.identity.device)).rejects.toMatchObject({
      code: 'XCORD_CONFLICT'
    })
    await expect(tablet.devices.revoke(ada.identity.device, { phrase: 'not words' })).rejects.toMatchObject({
      code: 'XCORD_PHRASE_INVALID'
    })
  })

  it('[ID5, ID9] the 24 words put a device out from one that may not', async () => {
    let phrase = ''
    const ada = await cast.open('ada', { onPhrase: words => (phrase = words) })
    const { code, linked } = await waiting('kiosk', () => true, false)
    const [kiosk] = await Promise.all([
      linked,
      ada.devices.link(code, { compare: () => Promise.resolve(true) })
    ])
    await until('both know both', () => kiosk.devices.all.length === 2 && ada.devices.all.length === 2)
    const lost = ada.identity.device
    await expect(kiosk.devices.revoke(lost)).rejects.toMatchObject({ code: 'XCORD_PERMISSION_DENIED' })
    expect(await kiosk.devices.revoke(lost, { phrase })).toMatchObject({ device: lost, active: false })
    expect(kiosk.devices.all.filter(each => each.active).map(each => each.device)).toEqual([
      kiosk.identity.device
    ])
  })
})
