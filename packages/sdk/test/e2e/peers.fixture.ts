/** Real peers for tests: libp2p over loopback, folders in a temporary directory, waits on conditions. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, type ClientInit, createClient, type Server } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const WAIT_MS = 60_000
const POLL_MS = 20

/** A cast of peers that share nothing but the loopback network. */
export interface Cast {
  readonly home: string
  /** Opens (or opens again) the profile of that name. Background faults fail the test at `end`. */
  open(name: string, init?: Partial<ClientInit> & { password?: string }): Promise<Client>
  end(): Promise<void>
}

/**
 * Makes a cast with a temporary home.
 *
 * @param bears - Background faults that the test brings about by itself.
 */
export async function createCast(bears: (error: unknown) => boolean = () => false): Promise<Cast> {
  const home = await mkdtemp(join(tmpdir(), 'xcord-test-'))
  const clients = new Set<Client>()
  const faults: unknown[] = []
  return {
    home,
    open: async (name, { password, ...init } = {}) => {
      const client = await createClient({
        profile: { name },
        store: folder(join(home, name), password === undefined ? {} : { password }),
        network: { listen: LOOPBACK, mdns: false },
        ...init
      })
      client.on('error', ({ error }) => void (bears(error) || faults.push(error)))
      clients.add(client)
      return client
    },
    end: async () => {
      await Promise.all([...clients].map(async client => await client.close()))
      await rm(home, { recursive: true, force: true })
      if (faults.length > 0)
        throw new AggregateError(faults, `background faults: ${faults.map(String).join('; ')}`)
    }
  }
}

/** Waits until a condition holds; the message says what did not. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  waitMs = WAIT_MS
): Promise<T> {
  const end = Date.now() + waitMs
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** Texts of a channel's newest page, oldest first. */
export async function texts(server: Server, channel = 'general', limit = 100): Promise<readonly string[]> {
  const page = await server.channel(channel).page({ limit })
  return page.map(message => message.content)
}

/** A newcomer, and the server as the newcomer has it. */
export interface Joined {
  readonly client: Client
  readonly server: Server
}

/** Somebody comes into a server by an invite of their own, and is known there. */
export async function joinAs(
  people: { open(name: string): Promise<Client> },
  name: string,
  server: Server
): Promise<Joined> {
  const client = await people.open(name)
  const joined = await client.servers.join((await server.invites.create()).link as string)
  await until(`${name} is known`, () => server.members.get(name) !== undefined)
  return { client, server: joined }
}

/** Ada's server with Grace and Alan in it, as each of them has it. */
export interface Three {
  readonly ada: Client
  readonly grace: Client
  readonly alan: Client
  readonly server: Server
  readonly graces: Server
  readonly alans: Server
  /** The invite both came by. */
  readonly link: string
}

/** Opens the three, and waits until all know all. */
export async function openThree(cast: Cast): Promise<Three> {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const link = (await server.invites.create()).link as string
  const grace = await cast.open('grace')
  const graces = await grace.servers.join(link)
  const alan = await cast.open('alan')
  const alans = await alan.servers.join(link)
  await until('all know all', () =>
    [server, graces, alans].every(each =>
      ['ada', 'grace', 'alan'].every(name => each.members.get(name) !== undefined)
    )
  )
  return { ada, grace, alan, server, graces, alans, link }
}
