/**
 * Daemons that a network parts: each is known to the others by a forwarder's port alone, so that cutting the
 * forwarders parts them for good. What they moderate meanwhile comes together afterwards in one state.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AuditJson, OperationJson, StateJson } from '@xcord/sdk'
import { createForwarder, type Forwarder, freePort } from './forwarder.ts'
import { createHome, type Daemon, type Home } from './processes.ts'

const WAIT = { timeout: 300_000, interval: 250 }
/** Dozens of processes, one after the other. */
const LONG = 900_000

interface Peer {
  readonly name: string
  readonly daemon: Daemon
  readonly forwarder: Forwarder
  /** Reached without the forwarder: for those on the same side. */
  readonly direct: string
  /** What others know. */
  readonly announced: string
  readonly words: string
}

let home: Home
const peers = new Map<string, Peer>()
beforeEach(() => {
  home = createHome()
})
afterEach(async () => {
  for (const { forwarder } of peers.values()) await forwarder.close()
  peers.clear()
  await home.close()
})

async function start(name: string): Promise<Peer> {
  const made = await home.xcord(['init', '--profile', name, '--name', name, '--json'])
  expect([made.err, made.code]).toEqual(['', 0])
  const own = await freePort()
  const forwarder = await createForwarder(own)
  const daemon = await home.daemon(
    name,
    '--listen',
    `/ip4/127.0.0.1/tcp/${own}`,
    '--announce',
    `/ip4/127.0.0.1/tcp/${forwarder.port}`
  )
  const { addresses } = await daemon.api.call('runDoctor')
  expect(addresses).toHaveLength(1)
  const announced = addresses[0] ?? ''
  expect(announced).toContain(`/tcp/${forwarder.port}/`)
  const direct = announced.replace(`/tcp/${forwarder.port}/`, `/tcp/${own}/`)
  const { phrase: words } = made.lines<{ phrase: string }>()[0] as { phrase: string }
  const peer = { name, daemon, forwarder, direct, announced, words }
  peers.set(name, peer)
  return peer
}

/** As a person types it. Everything asked is answered, and what is said on standard error is shown by a failure. */
async function xcord<T>(who: Peer, ...argv: string[]): Promise<T[]> {
  const run = await home.xcord([...argv, '--profile', who.name, '--json', '--yes'])
  expect([argv.join(' '), run.err, run.code]).toEqual([argv.join(' '), '', 0])
  return run.lines<T>()
}
const stateOf = async (who: Peer): Promise<StateJson> =>
  (await xcord<StateJson>(who, 'state', 'heads', 'Engine'))[0] as StateJson
const serverOf = async ({ daemon }: Peer) => (await daemon.api.call('listServers')).items[0]

/** The same state hash, heads and leaves for all, as `xcord state heads` shows them. */
async function agree(...all: readonly Peer[]): Promise<StateJson> {
  return await vi.waitFor(async () => {
    const hashes = await Promise.all(all.map(async each => (await serverOf(each))?.stateHash))
    expect(new Set(hashes).size).toBe(1)
    const states = await Promise.all(all.map(stateOf))
    for (const each of states) expect(each).toEqual(states[0])
    return states[0] as StateJson
  }, WAIT)
}

/** Ada founds; the others join by her link, which leads to her forwarder. */
async function community(...names: readonly string[]): Promise<Peer[]> {
  const all: Peer[] = []
  for (const name of names) all.push(await start(name))
  const [ada, ...others] = all as [Peer, ...Peer[]]
  await xcord(ada, 'server', 'create', 'Engine')
  const [invite] = await xcord<{ link: string }>(ada, 'invite', 'create')
  for (const other of others) await xcord(other, 'server', 'join', invite?.link ?? '')
  await agree(...all)
  return all
}

/** Below all roles there are, held by somebody. */
async function role({ daemon }: Peer, name: string, permissions: string[], holder?: string): Promise<void> {
  const { items } = await daemon.api.call('listServers')
  const server = items[0]?.id ?? ''
  const made = await daemon.api.call('createRole', { params: { server }, body: { name, permissions } })
  if (holder === undefined) return
  const members = await daemon.api.call('listMembers', { params: { server } })
  const member = members.items.find(each => each.name === holder)?.id ?? ''
  await daemon.api.call('grantRole', { params: { server, member, role: made.id }, query: {} })
}

const connectedTo = async ({ daemon }: Peer): Promise<readonly string[]> =>
  (await daemon.api.call('listPeers')).items.flatMap(each => each.name ?? [])

/** Cuts every line, then joins each side by lines of its own. */
async function part(...sides: readonly (readonly Peer[])[]): Promise<void> {
  const all = sides.flat()
  await Promise.all(all.map(async each => await each.forwarder.sever()))
  for (const side of sides) {
    const [first, ...others] = side as [Peer, ...Peer[]]
    for (const other of others)
      await other.daemon.api.call('connectPeer', { body: { address: first.direct } })
  }
  for (const side of sides) {
    const others = all.filter(each => !side.includes(each)).map(each => each.name)
    for (const each of side)
      await vi.waitFor(async () => {
        const connected = await connectedTo(each)
        for (const name of others) expect(connected).not.toContain(name)
      }, WAIT)
  }
}

/** The lines are back. One call makes it quick; the daemons would find each other by themselves. */
async function heal(...all: readonly Peer[]): Promise<void> {
  await Promise.all(all.map(async each => await each.forwarder.restore()))
  const [first, ...others] = all as [Peer, ...Peer[]]
  for (const other of others)
    await other.daemon.api.call('connectPeer', { body: { address: first.announced } })
}

describe('a network parts the server', () => {
  test(
    '[AU19, AU23, AU-P1] an admin is banned here while there they ban and demote: one state, shown by all',
    async () => {
      const [ada, grace, alan, eve] = (await community('ada', 'grace', 'alan', 'eve')) as [
        Peer,
        Peer,
        Peer,
        Peer
      ]
      // Grace is a deputy who makes eve an admin; alan moderates. The first is the lowest.
      await role(ada, 'deputy', ['BanMembers', 'ManageRoles', 'ManageChannels', 'ViewAuditLog'], 'grace')
      await role(ada, 'admin', ['BanMembers', 'ManageRoles', 'ManageChannels'])
      await role(ada, 'mod', ['KickMembers'], 'alan')
      await agree(ada, grace, alan, eve)
      await xcord(grace, 'role', 'grant', 'admin', '@eve', '--reason', 'a good hand')
      const before = await agree(ada, grace, alan, eve)

      await part([ada, alan], [grace, eve])
      const through = [ada, grace, alan, eve].map(each => each.forwarder.bytes)
      const [ban] = await xcord<OperationJson>(ada, 'member', 'ban', '@eve', '--reason', 'sold the list')
      await xcord(alan, 'send', '#general', 'quiet here')
      await xcord(eve, 'role', 'revoke', 'mod', '@alan', '--reason', 'mine now')
      await xcord(eve, 'member', 'ban', '@alan', '--reason', 'in my way')
      await xcord(eve, 'channel', 'create', 'eves')
      await xcord(grace, 'channel', 'create', 'graces')
      const here = await agree(ada, alan)
      const there = await agree(grace, eve)
      expect(new Set([before.stateHash, here.stateHash, there.stateHash]).size).toBe(3)
      expect([ada, grace, alan, eve].map(each => each.forwarder.bytes)).toEqual(through)

      await heal(ada, grace, alan, eve)
      const after = await agree(ada, grace, alan)
      expect([here.stateHash, there.stateHash]).not.toContain(after.stateHash)
      for (const peer of [ada, grace, alan]) {
        const members = await xcord<{ name: string; roles: string[] }>(peer, 'member', 'list')
        expect(members.map(each => each.name).sort()).toEqual(['ada', 'alan', 'grace'])
        expect(members.find(each => each.name === 'alan')?.roles).toHaveLength(1)
        const channels = await xcord<{ name: string }>(peer, 'channel', 'list')
        expect(channels.map(each => each.name).sort()).toEqual(['general', 'graces'])
      }
      // What eve did fell to the ban, and every reader of the log is told so.
      for (const peer of [ada, grace]) {
        const voided = await xcord<AuditJson>(peer, 'audit', 'list', '--voided')
        expect(voided.map(each => [each.action, each.rule, each.by]).sort()).toEqual([
          ['channel:create', 'AU19', ban?.operation],
          ['member:ban', 'AU19', ban?.operation],
          ['role:revoke', 'AU19', ban?.operation]
        ])
        expect(voided.map(each => each.reason).sort()).toEqual(['in my way', 'mine now', null].sort())
      }
      const log = await home.xcord(['audit', 'list', '--voided', '--action', 'member', '--profile', 'ada'])
      expect(log.out).toMatch(/eve +member:ban +\S+ +voided by AU19 +in my way/)
      await xcord(alan, 'send', '#general', 'still here')
    },
    LONG
  )

  test(
    '[AU13, AU24] three peers, each alone: equals and stronger at once end alike everywhere, restarts included',
    async () => {
      const [ada, grace, alan] = (await community('ada', 'grace', 'alan')) as [Peer, Peer, Peer]
      const powers = ['ManageRoles', 'ManageChannels', 'ModerateMembers', 'ManageServer']
      await role(ada, 'left', powers, 'grace')
      await role(ada, 'right', powers, 'alan')
      await role(ada, 'crew', [])
      await agree(ada, grace, alan)

      await part([ada], [grace], [alan])
      await xcord(ada, 'role', 'edit', 'crew', '--name', 'watch', '--allow', 'KickMembers')
      await xcord(ada, 'role', 'revoke', 'left', '@grace', '--reason', 'sleepy')
      await xcord(grace, 'channel', 'edit', '#general', '--topic', 'left was here')
      await xcord(grace, 'member', 'nick', '@grace', 'Captain')
      await xcord(alan, 'channel', 'edit', '#general', '--topic', 'right was here')
      await xcord(alan, 'server', 'edit', '--description', 'by alan')
      const apart = await Promise.all([ada, grace, alan].map(stateOf))
      expect(new Set(apart.map(each => each.stateHash)).size).toBe(3)

      await heal(ada, grace, alan)
      const after = await agree(ada, grace, alan)
      for (const peer of [ada, grace, alan]) {
        const [server] = await xcord<{ description: string }>(peer, 'server', 'show')
        const [general] = await xcord<{ topic: string }>(peer, 'channel', 'list')
        const members = await xcord<{ name: string; nick: string | null; roles: string[] }>(
          peer,
          'member',
          'list'
        )
        expect([server?.description, general?.topic]).toEqual(['by alan', 'right was here'])
        // A name of one's own rests on no role: it stands though the role was taken.
        expect(members.find(each => each.nick === 'Captain')?.roles).toEqual([])
      }
      expect(await alan.daemon.stop()).toBe(0)
      const [alone] = await xcord<StateJson>(alan, 'state', 'heads', 'Engine')
      expect(alone).toEqual(after)
    },
    LONG
  )
})
