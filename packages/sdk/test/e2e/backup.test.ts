/** A whole profile backed up while it runs, and restored as a new device beside the old one (ND42). */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { restoreBackup, type Server, verifyBackup, verifyProfile } from '@xcord/sdk'
import { chainOf } from './faults.fixture.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* inPieces(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
}

/** Where the frames of a file begin. */
function framesOf(file: Buffer): readonly number[] {
  const places: number[] = []
  for (let at = 0; at < file.length; at += 4 + file.readUInt32BE(at)) places.push(at)
  return places
}

describe('[ND42] the backup of a profile', () => {
  it('[ND42] made while it is written to, it holds together, and comes back as a new device beside the old one', async () => {
    let phrase = ''
    const ada = await cast.open('ada', { onPhrase: words => void (phrase = words) })
    const server = await ada.servers.create({ name: 'Engine' })
    const grace = await cast.open('grace')
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    await server.channel('general').send('before')
    await until('grace reads', async () => (await texts(joined)).includes('before'))

    const writing = Array.from(
      { length: 50 },
      async (_, i) => await server.channel('general').send(`meanwhile ${i}`)
    )
    const file = await gather(ada.backup())
    await Promise.all(writing)
    expect(file.includes('before') || file.includes('Engine')).toBe(false)
    expect(await verifyBackup(inPieces(file), { phrase })).toMatchObject({ valid: true, problems: [] })
    const own = { path: join(cast.home, 'ada') }
    expect(await verifyBackup(inPieces(file), own)).toMatchObject({ valid: true, identity: ada.identity.id })

    await server.channel('general').send('after the backup')
    await until('grace reads on', async () => (await texts(joined)).includes('after the backup'))

    const path = join(cast.home, 'restored')
    const restored = await restoreBackup(inPieces(file), { path, phrase })
    expect(restored).toMatchObject({ name: 'ada', identity: ada.identity.id, servers: [server.id] })
    expect(restored.device).not.toBe(ada.identity.device)
    expect(await verifyProfile(path)).toMatchObject({ valid: true, problems: [] })
    // Offline: what it held is there, and it may write at once.
    const alone = await cast.open('restored', { network: false })
    const held = alone.servers.get('Engine') as Server
    expect(await texts(held)).toContain('before')
    await held.channel('general').send('from the restored one, offline')
    await alone.close()

    const again = await cast.open('restored')
    await again.connect(grace.addresses()[0] as string)
    const back = again.servers.get('Engine') as Server
    await until('what came after the backup is there', async () =>
      (await texts(back)).includes('after the backup')
    )
    await server.channel('general').send('the old one still writes')
    await until('all read all', async () => {
      const all = await Promise.all([server, joined, back].map(async each => (await texts(each)).join('\n')))
      return (
        new Set(all).size === 1 && all[0]?.includes('offline') === true && all[0].includes('still writes')
      )
    })
    for (const each of [server, joined, back])
      for (const device of [ada.identity.device, restored.device])
        expect(chainOf(each, device)).toMatchObject({ gaps: 0, forks: [] })
  })

  it('[ND42] altered, cut short, repeated or longer, it is refused, and nothing is left behind', async () => {
    let phrase = ''
    const ada = await cast.open('ada', { network: false, onPhrase: words => void (phrase = words) })
    const server = await ada.servers.create({ name: 'Engine' })
    for (let i = 0; i < 300; i++) void server.channel('general').send(`${i} ${'long '.repeat(200)}`)
    await server.channel('general').send('last')
    const file = await gather(ada.backup())
    const places = framesOf(file)
    expect(places.length).toBeGreaterThan(5)
    const cut = (from: number, to?: number): Buffer =>
      file.subarray(places[from], to === undefined ? undefined : places[to])
    const flipped = Buffer.from(file)
    flipped[(places[4] as number) + 100]! ^= 1
    const damaged: Readonly<Record<string, Buffer>> = {
      'a flipped byte': flipped,
      'cut in a frame': file.subarray(0, file.length - 10),
      'cut between frames': cut(0, 4),
      'a frame left out': Buffer.concat([cut(0, 3), cut(4)]),
      'a frame twice': Buffer.concat([cut(0, 4), cut(3)]),
      'frames exchanged': Buffer.concat([cut(0, 3), cut(4, 5), cut(3, 4), cut(5)]),
      'something behind it': Buffer.concat([file, cut(places.length - 1)]),
      nothing: Buffer.alloc(0),
      'no backup': Buffer.from('this is no backup at all, only some text')
    }
    const path = join(cast.home, 'restored')
    for (const [what, bytes] of Object.entries(damaged)) {
      await expect(restoreBackup(inPieces(bytes), { path, phrase }), what).rejects.toMatchObject({
        code: 'XCORD_BACKUP_INVALID'
      })
      await expect(verifyBackup(inPieces(bytes), { phrase }), what).rejects.toMatchObject({
        code: 'XCORD_BACKUP_INVALID'
      })
      await expect(stat(join(path, 'keystore')), what).rejects.toThrow()
      await expect(stat(join(path, 'database')), what).rejects.toThrow()
    }
    const grace = await cast.open('grace', { network: false })
    const others = await gather(grace.backup())
    await expect(restoreBackup(inPieces(others), { path, phrase })).rejects.toMatchObject({
      code: 'XCORD_BACKUP_INVALID'
    })
    await expect(
      restoreBackup(inPieces(file), { path: join(cast.home, 'grace-copy'), phrase: `${phrase} more` })
    ).rejects.toMatchObject({ code: 'XCORD_PHRASE_INVALID' })
    await ada.close()
    await expect(
      restoreBackup(inPieces(file), { path: join(cast.home, 'ada'), phrase })
    ).rejects.toMatchObject({ code: 'XCORD_PROFILE_EXISTS' })
  })
})
