import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

describe('joining and its refusals', () => {
  it('[IV1] says what is wrong with a link', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    const grace = await cast.open('grace')
    for (const bad of [
      '',
      'hello',
      'https://example.org',
      `${link.slice(0, -6)}`,
      link.replace('#j1.', '#j9.'),
      `${link}AAAA`
    ]) {
      await expect(grace.servers.join(bad), bad).rejects.toMatchObject({ code: 'XCORD_INVITE_INVALID' })
    }
    const inHttps = link.replace('xcord:', 'https://chat.example/')
    expect((await grace.servers.join(inHttps)).name).toBe('Engine')
  })

  it('[IV2, AU26, ND7] tells used, revoked and expired invites apart', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const once = await server.invites.create({ maxUses: 1 })
    const revoked = await server.invites.create()
    const expired = await server.invites.create({ expiresInMs: 1 })
    await revoked.revoke()
    const grace = await cast.open('grace')
    const alan = await cast.open('alan')
    await grace.servers.join(once.link as string)
    await until('the use is counted', () => server.invites.get(once.id)?.uses === 1)
    await expect(alan.servers.join(once.link as string)).rejects.toMatchObject({ code: 'XCORD_INVITE_USED' })
    await expect(alan.servers.join(revoked.link as string)).rejects.toMatchObject({
      code: 'XCORD_INVITE_REVOKED'
    })
    await expect(alan.servers.join(expired.link as string)).rejects.toMatchObject({
      code: 'XCORD_INVITE_EXPIRED'
    })
    expect(alan.servers.all).toEqual([])
  })

  it("[NT14] lists what was tried when nobody answers, and respects the caller's signal", async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    await ada.close()
    const grace = await cast.open('grace')
    await expect(grace.servers.join(link)).rejects.toMatchObject({
      code: 'XCORD_NO_PEER',
      details: { tried: expect.any(Array) as unknown[] }
    })
    await expect(grace.servers.join(link, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'XCORD_ABORTED',
      name: 'AbortError'
    })
  })

  it('[IV2] works while any member is online: the inviter need not be', async () => {
    const ada = await cast.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace')
    const graces = await grace.servers.join((await server.invites.create()).link as string)
    await until("grace's address is known", () => server.members.all.length === 2)
    // Grace's own address travels in links that are made once she is known.
    const link = await until('a link that names grace', async () => {
      const made = (await server.invites.create()).link as string
      const bytes = Buffer.from(made.split('#j1.')[1] as string, 'base64url').toString('latin1')
      return bytes.includes(grace.addresses()[0]?.split('/p2p/')[1] ?? 'none') ? made : undefined
    })
    await until('grace knows the invite', () => graces.invites.all.length === server.invites.all.length)
    await ada.close()
    const alan = await cast.open('alan')
    const alans = await alan.servers.join(link)
    await alans.channel('general').send('hello grace')
    await until('grace reads alan', async () => (await texts(graces)).includes('hello grace'))
  })

  it('[ID11, ND12] recovers an identity from 24 words and a link', async () => {
    const grace = await cast.open('grace')
    const server = await grace.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    let phrase = ''
    const ada = await cast.open('ada', {
      onPhrase: words => {
        phrase = words
      }
    })
    await (await ada.servers.join(link)).channel('general').send('from my first device')
    await until('grace has it', async () => (await texts(server)).length === 1)
    await ada.close()
    expect(phrase.split(' ')).toHaveLength(24)
    const again = await cast.open('ada-again', { phrase })
    expect(again.identity.id).toBe(ada.identity.id)
    expect(again.identity.device).not.toBe(ada.identity.device)
    const servers = await again.servers.join(link)
    await until('history is back', async () => (await texts(servers)).includes('from my first device'))
    await servers.channel('general').send('from my second')
    await until('grace reads the new device', async () => (await texts(server)).includes('from my second'))
    expect(server.members.all).toHaveLength(2)
    // Their checksum is wrong for certain: one altered word of a random phrase has a right one once in 256 times.
    const altered = Array.from({ length: 24 }, () => 'abandon').join(' ')
    await expect(cast.open('nobody', { phrase: altered })).rejects.toMatchObject({
      code: 'XCORD_PHRASE_INVALID'
    })
  })
})

describe('profiles in folders', () => {
  it('[KS5] gives one error for a wrong password and an altered key store', async () => {
    const ada = await cast.open('ada', { password: 'correct horse' })
    await ada.close()
    await expect(cast.open('ada', { password: 'battery staple' })).rejects.toMatchObject({
      code: 'XCORD_KEYSTORE_REFUSED'
    })
    const file = join(cast.home, 'ada', 'keystore')
    const bytes = await readFile(file)
    const altered = Buffer.from(bytes)
    altered[altered.length - 40] = (altered[altered.length - 40] as number) ^ 1
    await writeFile(file, altered)
    await expect(cast.open('ada', { password: 'correct horse' })).rejects.toMatchObject({
      code: 'XCORD_KEYSTORE_REFUSED'
    })
    await writeFile(file, bytes.subarray(0, 100))
    await expect(cast.open('ada', { password: 'correct horse' })).rejects.toMatchObject({
      code: expect.stringMatching(/^XCORD_KEYSTORE_/) as string
    })
    await writeFile(file, bytes)
    expect((await cast.open('ada', { password: 'correct horse' })).identity.id).toBe(ada.identity.id)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('[KS6] refuses a second owner with one sentence', async () => {
    await cast.open('ada')
    await expect(cast.open('ada')).rejects.toMatchObject({ code: 'XCORD_PROFILE_IN_USE' })
  })

  it('[ND4] asks for a name where there is no profile, and for the password where there is one', async () => {
    await expect(cast.open('empty', { profile: { name: '' } })).rejects.toMatchObject({
      code: 'XCORD_NO_PROFILE'
    })
    const ada = await cast.open('ada', { password: 'correct horse' })
    await ada.close()
    await expect(cast.open('ada')).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_LOCKED' })
    await rm(join(cast.home, 'ada', 'keystore'))
  })

  it('[TL5] refuses what is too long or empty, and names the limit', async () => {
    const ada = await cast.open('ada')
    const general = (await ada.servers.create({ name: 'Engine' })).channel('general')
    await expect(general.send('x'.repeat(8_001))).rejects.toMatchObject({
      code: 'XCORD_MESSAGE_TOO_LONG',
      details: { bytes: 8_001, limit: 8_000 }
    })
    await expect(general.send('   ')).rejects.toBeInstanceOf(TypeError)
    await general.send('é'.repeat(4_000))
    expect(() => ada.servers.all[0]?.channel('nowhere')).toThrow(/No channel "nowhere" in Engine/)
  })
})
