/** Daemons that a network may part: each is known to the others by a forwarder's port alone. */
import { expect, vi } from 'vitest'
import type { StateJson } from '@xcord/sdk'
import { createForwarder, type Forwarder, freePort } from './forwarder.ts'
import { createHome, type Daemon, type Home } from './processes.ts'

export const WAIT = { timeout: 300_000, interval: 250 }
/** Dozens of processes, one after the other. */
export const LONG = 900_000

export interface Peer {
  readonly name: string
  readonly daemon: Daemon
  readonly forwarder: Forwarder
  /** Reached without the forwarder: for those on the same side. */
  readonly direct: string
  /** What others know. */
  readonly announced: string
  readonly words: string
  readonly device: string
}

export let home: Home
const forwarders = new Set<Forwarder>()

export function openHome(): void {
  home = createHome()
}

export async function closeHome(): Promise<void> {
  for (const each of forwarders) await each.close()
  forwarders.clear()
  await home.close()
}

/** A daemon of a profile that is there. */
export async function start(name: string, words: string): Promise<Peer> {
  const own = await freePort()
  const forwarder = await createForwarder(own)
  forwarders.add(forwarder)
  const daemon = await home.daemon(
    name,
    '--listen',
    `/ip4/127.0.0.1/tcp/${own}`,
    '--announce',
    `/ip4/127.0.0.1/tcp/${forwarder.port}`
  )
  const { addresses } = await daemon.api.call('runDoctor', { query: {} })
  expect(addresses).toHaveLength(1)
  const announced = addresses[0] ?? ''
  expect(announced).toContain(`/tcp/${forwarder.port}/`)
  const direct = announced.replace(`/tcp/${forwarder.port}/`, `/tcp/${own}/`)
  const { device } = await daemon.api.call('getMe')
  return { name, daemon, forwarder, direct, announced, words, device }
}

export async function init(name: string): Promise<Peer> {
  const made = await home.xcord(['init', '--profile', name, '--name', name, '--json'])
  expect([made.err, made.code]).toEqual(['', 0])
  return await start(name, made.lines<{ phrase: string }>()[0]?.phrase ?? '')
}

/** As a person types it. Everything asked is answered, and what is said on standard error is shown by a failure. */
export async function xcord<T>(who: Peer, ...argv: string[]): Promise<T[]> {
  const run = await home.xcord([...argv, '--profile', who.name, '--json', '--yes'])
  expect([argv.join(' '), run.err, run.code]).toEqual([argv.join(' '), '', 0])
  return run.lines<T>()
}
export const stateOf = async (who: Peer): Promise<StateJson> =>
  (await xcord<StateJson>(who, 'state', 'heads', 'Engine'))[0] as StateJson
export const serverOf = async ({ daemon }: Peer) => (await daemon.api.call('listServers')).items[0]

/** The same state hash, heads and leaves for all, as `xcord state heads` shows them. */
export async function agree(...all: readonly Peer[]): Promise<StateJson> {
  return await vi.waitFor(async () => {
    const hashes = await Promise.all(all.map(async each => (await serverOf(each))?.stateHash))
    expect(new Set(hashes).size).toBe(1)
    const states = await Promise.all(all.map(stateOf))
    for (const each of states) expect(each).toEqual(states[0])
    return states[0] as StateJson
  }, WAIT)
}

/** Ada founds; the others join by her link, which leads to her forwarder. */
export async function community(...names: readonly string[]): Promise<Peer[]> {
  const all: Peer[] = []
  for (const name of names) all.push(await init(name))
  const [ada, ...others] = all as [Peer, ...Peer[]]
  await xcord(ada, 'server', 'create', 'Engine')
  const [invite] = await xcord<{ link: string }>(ada, 'invite', 'create')
  for (const other of others) await xcord(other, 'server', 'join', invite?.link ?? '')
  await agree(...all)
  return all
}

/** Below all roles there are, held by somebody. */
export async function role(
  { daemon }: Peer,
  name: string,
  permissions: string[],
  holder?: string
): Promise<void> {
  const { items } = await daemon.api.call('listServers')
  const server = items[0]?.id ?? ''
  const made = await daemon.api.call('createRole', { params: { server }, body: { name, permissions } })
  if (holder === undefined) return
  const members = await daemon.api.call('listMembers', { params: { server } })
  const member = members.items.find(each => each.name === holder)?.id ?? ''
  await daemon.api.call('grantRole', { params: { server, member, role: made.id }, query: {} })
}

const connectedTo = async ({ daemon }: Peer): Promise<readonly string[]> =>
  (await daemon.api.call('listPeers')).items.map(each => each.peer)

/** Cuts every line, then joins each side by lines of its own. */
export async function part(...sides: readonly (readonly Peer[])[]): Promise<void> {
  const all = sides.flat()
  await Promise.all(all.map(async each => await each.forwarder.sever()))
  for (const side of sides) {
    const [first, ...others] = side as [Peer, ...Peer[]]
    for (const other of others)
      await other.daemon.api.call('connectPeer', { body: { address: first.direct } })
  }
  for (const side of sides) {
    const others = all.filter(each => !side.includes(each)).map(each => each.device)
    for (const each of side)
      await vi.waitFor(async () => {
        const connected = await connectedTo(each)
        for (const device of others) expect(connected).not.toContain(device)
      }, WAIT)
  }
}

/** The lines are back. One call makes it quick; the daemons would find each other by themselves. */
export async function heal(...all: readonly Peer[]): Promise<void> {
  await Promise.all(all.map(async each => await each.forwarder.restore()))
  const [first, ...others] = all as [Peer, ...Peer[]]
  for (const other of others)
    await other.daemon.api.call('connectPeer', { body: { address: first.announced } })
}
