/** Writes that fail: refused in one sentence, nothing acknowledged lost, no place in a chain used twice, and on once there is room. */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient, type Server } from '@xcord/sdk'
import { isXcordError } from '@xcord/core'
import { type Child, startChild } from './children/child.ts'
import { chainOf, failingFolder, replicaOf, seeded, type WriteFate } from './faults.fixture.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

const SEEDS = Number(process.env['XCORD_RUNS'] ?? 3)
const STORE_CODES = /^XCORD_(DISK_FULL|STORE_FAILED)$/

let cast: Cast
let home: string
const ends: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  cast = await createCast()
  home = await mkdtemp(join(tmpdir(), 'xcord-disk-'))
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await cast.end()
  await rm(home, { recursive: true, force: true })
})

interface Failing {
  readonly client: Client
  readonly server: Server
  /** What becomes of the next writes. */
  fate: () => WriteFate
  readonly faults: unknown[]
}

/** Ada, whose disk does as told, and grace, who joined her. */
async function failingAda(): Promise<{ ada: Failing; grace: Client; graces: Server }> {
  const faults: unknown[] = []
  const told: { fate: () => WriteFate } = { fate: () => 'ok' }
  const client = await createClient({
    profile: { name: 'ada' },
    store: failingFolder(join(home, 'ada'), () => told.fate()),
    network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
  })
  ends.push(async () => await client.close())
  client.on('error', ({ error }) => void faults.push(error))
  const server = await client.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  const graces = await grace.servers.join((await server.invites.create()).link as string)
  await until('ada knows grace', () => server.members.get('grace') !== undefined)
  return { ada: Object.assign(told, { client, server, faults }), grace, graces }
}

async function historyOf(server: Server): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const message of server.channel('general').history({ limit: 100 })) ids.push(message.id)
  return ids.reverse()
}

/** Equal histories and states; every chain whole in both their eyes. */
async function alike(a: Server, b: Server): Promise<void> {
  await until('equal histories', async () => (await historyOf(a)).join() === (await historyOf(b)).join())
  await until('equal states', () => a.stateHash === b.stateHash)
  const authors = [...replicaOf(a).current.authors.keys()]
  for (const author of authors) {
    await until('equal chains', () => chainOf(a, author).tip === chainOf(b, author).tip)
    for (const server of [a, b]) expect(chainOf(server, author)).toMatchObject({ gaps: 0, forks: [] })
  }
}

/** Background faults are told with the store's codes and nothing else. */
function expectStoreFaults(faults: readonly unknown[]): void {
  for (const each of faults) expect(isXcordError(each) ? each.code : each).toMatch(STORE_CODES)
}

describe('a disk that is full', () => {
  it('[DB2, SY18] refuses to send, reads on, keeps what was stored, and goes on with the same place once there is room', async () => {
    const { ada, graces } = await failingAda()
    await ada.server.channel('general').send('before')
    await until('grace has it', async () => (await texts(graces)).includes('before'))
    ada.fate = () => 'full'
    for (let i = 0; i < 5; i++) {
      await expect(ada.server.channel('general').send(`lost ${i}`)).rejects.toMatchObject({
        code: 'XCORD_DISK_FULL',
        message: 'The disk is full: nothing of this change was stored. Free some space and try again.'
      })
    }
    await expect(ada.server.roles.create({ name: 'lost' })).rejects.toMatchObject({ code: 'XCORD_DISK_FULL' })
    await graces.channel('general').send('grace meanwhile')
    expect(await texts(ada.server)).toEqual(['before'])
    await until('the failure was told', () => ada.faults.length > 0)
    expectStoreFaults(ada.faults)

    ada.fate = () => 'ok'
    const after = await ada.server.channel('general').send('after')
    await until('grace has it', async () => (await texts(graces)).includes('after'))
    await until('ada has what came meanwhile', async () =>
      (await texts(ada.server)).includes('grace meanwhile')
    )
    expect(await texts(ada.server)).not.toContain('lost 0')
    expect(ada.server.roles.get('lost')).toBeUndefined()
    expect((await historyOf(ada.server)).at(-1)).toBe(after.id)
    // A place that a refused message had kept would be a gap in the chain, before what came after it.
    await alike(ada.server, graces)
  })

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    '[DB9, EN5] any write may fail: nothing acknowledged is lost, nobody sees a fork (seed %i)',
    async seed => {
      const { ada, graces } = await failingAda()
      const random = seeded(seed)
      const fates: readonly WriteFate[] = ['full', 'failed']
      const kept: string[] = []
      const refused: unknown[] = []
      ada.fate = () => (random() < 0.25 ? (fates[Math.floor(random() * 2)] as WriteFate) : 'ok')
      const writer = async (name: string): Promise<void> => {
        for (let i = 0; i < 25; i++) {
          const act =
            i % 8 === 7
              ? ada.server.roles.create({ name: `${name} ${i}` }).then(role => role.id)
              : ada.server
                  .channel('general')
                  .send(`${name} ${i}`)
                  .then(message => message.id)
          await act.then(
            id => kept.push(id),
            (error: unknown) => refused.push(error)
          )
        }
      }
      const others = async (): Promise<void> => {
        for (let i = 0; i < 25; i++) kept.push((await graces.channel('general').send(`grace ${i}`)).id)
      }
      await Promise.all([writer('one'), writer('two'), writer('three'), others()])
      expectStoreFaults([...refused, ...ada.faults])
      expect(refused.length).toBeGreaterThan(3)
      ada.fate = () => 'ok'
      await ada.server.channel('general').send('the end')
      await alike(ada.server, graces)
      const held = new Set([...(await historyOf(ada.server)), ...ada.server.roles.all.map(each => each.id)])
      expect(kept.filter(id => !held.has(id))).toEqual([])

      await ada.client.close()
      const again = await createClient({
        store: failingFolder(join(home, 'ada'), () => 'ok'),
        network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false }
      })
      ends.push(async () => await again.close())
      const server = again.servers.all[0] as Server
      await server.channel('general').send('after opening again')
      await until('grace reads on', async () => (await texts(graces)).includes('after opening again'))
      await alike(server, graces)
    }
  )
})

describe('a real process whose files may not grow', () => {
  /** Grace joins the writer; what it says is checked against what she and it hold in the end. */
  async function writesOn(child: Child, full: RegExp, makeRoom: () => void | Promise<void>): Promise<void> {
    const grace = await cast.open('grace')
    const joined = await grace.servers.join(await child.heard('link'))
    child.tell('write')
    expect(await child.heard('refused')).toMatch(full)
    await child.heard('refused', 5)
    const before = child.said('ack').length
    child.tell('hush')
    await child.heard('hushed')
    await makeRoom()
    child.tell('write')
    await child.heard('ack', before + 20)
    child.tell('hush')
    await child.heard('hushed', 1)
    child.tell('history')
    const history = (await child.heard('history')).split(' ')
    expect(child.said('ack').filter(id => !history.includes(id))).toEqual([])
    await until('grace holds as many', async () => (await historyOf(joined)).length >= history.length)
    expect(await historyOf(joined)).toEqual(history)
    for (const author of replicaOf(joined).current.authors.keys())
      expect(chainOf(joined, author)).toMatchObject({ gaps: 0, forks: [] })
    child.tell('close')
    expect(await child.ended).toBe(0)
  }

  it('[DB2] refuses while a limit on file sizes tears its log, and loses nothing acknowledged', async () => {
    const limited = ['bash', '-c', `trap '' XFSZ; ulimit -S -f 512; exec "$0" "$@"`]
    const child = startChild('writer.ts', [home, 'hush'], { through: limited })
    ends.push(async () => await child.kill())
    await writesOn(
      child,
      STORE_SENTENCE,
      () => void execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    )
  })

  // Needs the right to mount; elsewhere the limit on file sizes above stands for it.
  it.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
    '[DB2] says that the disk is full when it is, and goes on when it is not',
    async () => {
      const disk = join(home, 'disk')
      await mkdir(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
      ends.push(async () => void execFileSync('umount', ['-l', disk]))
      const child = startChild('writer.ts', [join(disk, 'ada'), 'hush'])
      ends.push(async () => await child.kill())
      await writesOn(
        child,
        /^XCORD_DISK_FULL The disk is full: /,
        () => void execFileSync('mount', ['-o', 'remount,size=64m', disk])
      )
    }
  )
})

/** The code, then one sentence or two. */
const STORE_SENTENCE = /^XCORD_(DISK_FULL|STORE_FAILED) [A-Z][^\n]*\.$/
