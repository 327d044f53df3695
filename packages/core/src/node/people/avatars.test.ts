/** How pictures are fetched (AT9): each once, two at a time, and no more of one member than is fair. */
import { describe, expect, it } from 'vitest'
import { idFromBytes, type UserId, XcordError } from '../../base/index.ts'
import type { SealedAvatar } from '../../attachment/index.ts'
import { PICTURES } from '../../attachment/picture.fixture.ts'
import { Avatars, type AvatarsInit, shelfOf } from './avatars.ts'

const user = (at: number): UserId => idFromBytes('u', new Uint8Array(32).fill(at))
const server = idFromBytes('s', new Uint8Array(32).fill(9))
const device = idFromBytes('d', new Uint8Array(32).fill(9))
const picture = PICTURES['image/gif']?.(2, 2) as Uint8Array

function sealed(at: number): SealedAvatar {
  const key = new Uint8Array(32)
  return {
    blob: idFromBytes('b', new Uint8Array(32).fill(at)),
    type: 'image/gif',
    size: picture.length,
    noncePrefix: new Uint8Array(7),
    key,
    keyCommit: key
  }
}

/** A shelf that gives what it is told; `held` are here already. */
function stage(bytes: Uint8Array = picture) {
  const stagehand = {
    now: 0,
    held: new Set<string>(),
    read: [] as string[],
    dropped: [] as string[],
    atOnce: 0,
    most: 0,
    /** Servers whose members have it. */
    from: new Set<string>([server])
  }
  const blobs = {
    async *read(place: { server: string; shelf?: string }, file: { blob: string }) {
      stagehand.read.push(file.blob)
      stagehand.most = Math.max(stagehand.most, ++stagehand.atOnce)
      await new Promise(resolve => setImmediate(resolve))
      stagehand.atOnce--
      if (!stagehand.from.has(place.server) && !stagehand.held.has(file.blob))
        throw new XcordError('XCORD_ATTACHMENT_UNAVAILABLE', 'nobody', { name: 'avatar' })
      yield bytes
    },
    store: {
      isWhole: async (_shelf: string, blob: string) => stagehand.held.has(blob),
      drop: async (_shelf: string, blob: string) => void stagehand.dropped.push(blob)
    }
  }
  const init = { user: user(1), blobs, now: () => stagehand.now } as unknown as AvatarsInit
  return { stagehand, avatars: new Avatars(init) }
}

const worn = (of: UserId, at: number) => ({ user: of, avatar: sealed(at), places: [{ server, device }] })

describe('pictures', () => {
  it('[AT9] are fetched once, however many ask, and two at a time', async () => {
    const { stagehand, avatars } = stage()
    const all = [1, 2, 3, 4, 5].flatMap(at => [worn(user(at + 10), at), worn(user(at + 10), at)])
    const got = await Promise.all(all.map(async each => await avatars.picture(each)))
    expect(got.map(each => each.bytes)).toEqual(all.map(() => picture))
    expect(stagehand.read).toHaveLength(5)
    expect(stagehand.most).toBe(2)
  })

  it('[AT9] that are none are refused, forgotten, and not asked for again', async () => {
    const { stagehand, avatars } = stage(new TextEncoder().encode('<svg onload=alert(1)>'))
    const each = worn(user(2), 1)
    for (let time = 0; time < 2; time++)
      await expect(avatars.picture(each)).rejects.toMatchObject({
        code: 'XCORD_ATTACHMENT_INVALID',
        details: { rule: 'AT9' }
      })
    expect(stagehand.read).toHaveLength(1)
    expect(stagehand.dropped).toEqual([each.avatar.blob])
  })

  it('[AT9] of one member come eight at once and one more each minute; held and own ones always', async () => {
    const { stagehand, avatars } = stage()
    const fetched = async (of: UserId): Promise<number> => {
      for (let at = 0; ; at++) {
        try {
          await avatars.picture(worn(of, 100 + at))
        } catch (error) {
          expect(error).toMatchObject({ code: 'XCORD_LIMIT' })
          return at
        }
        if (at === 50) return at
      }
    }
    expect(await fetched(user(2))).toBe(8)
    expect(await fetched(user(3))).toBe(8)
    stagehand.now += 60_000
    expect(await fetched(user(2))).toBe(1)
    stagehand.held.add(sealed(7).blob)
    expect((await avatars.picture(worn(user(2), 7))).bytes).toEqual(picture)
    expect(await fetched(user(1))).toBe(50)
  })

  it('[AT9] come from members of any server where they are worn, or from here alone', async () => {
    const { stagehand, avatars } = stage()
    const elsewhere = idFromBytes('s', new Uint8Array(32).fill(8))
    stagehand.from = new Set([elsewhere])
    const each = { ...worn(user(2), 1), places: [server, elsewhere].map(at => ({ server: at, device })) }
    expect((await avatars.picture(each)).bytes).toEqual(picture)
    const alone = { ...each, avatar: sealed(2), places: [] }
    await expect(avatars.picture(alone)).rejects.toMatchObject({ code: 'XCORD_ATTACHMENT_UNAVAILABLE' })
    stagehand.held.add(alone.avatar.blob)
    expect((await avatars.picture(alone)).bytes).toEqual(picture)
    // Where avatars lie is no server.
    expect(shelfOf(user(2))).not.toBe(server)
  })
})
