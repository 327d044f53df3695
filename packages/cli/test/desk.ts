/** Where verbs are typed against real peers: a home of its own, and people over loopback who keep nothing on disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Client, type ClientInit, createClient } from '@xcord/sdk'
import { memory } from '@xcord/sdk/node'
import { type FakeRun, lasting, markProfile, runFake } from './fake-terminal.ts'

export interface Desk {
  /** XCORD_HOME: a temporary folder. */
  readonly home: string
  open(name: string, init?: Partial<ClientInit>): Promise<Client>
  /** What a verb that this person types prints, and how it ends. */
  as(client: Client, argv: readonly string[], stdin?: string): Promise<FakeRun>
  /** The objects that a verb prints, which must succeed. */
  answers(client: Client, argv: readonly string[]): Promise<Record<string, unknown>[]>
  /** The error code of a verb that must be refused. */
  refusal(client: Client, argv: readonly string[]): Promise<string>
  /** Closes everybody, removes the home. */
  end(): Promise<void>
}

/** The error code that a run with `--json` told. */
export const codeOf = (run: FakeRun): string =>
  (JSON.parse(run.err) as { error: { code: string } }).error.code

/** Makes a desk with a temporary home. */
export function createDesk(): Desk {
  const home = mkdtempSync(join(tmpdir(), 'xcord-cli-'))
  markProfile(home)
  const clients: Client[] = []
  const as: Desk['as'] = async (client, argv, stdin) =>
    await runFake([...argv, '--yes'], {
      home,
      open: async () => lasting(client),
      now: () => Date.now(),
      env: { XCORD_TIMEOUT: '100ms' },
      ...(stdin === undefined ? {} : { stdin })
    })
  return {
    home,
    open: async (name, init = {}) => {
      const client = await createClient({
        profile: { name },
        store: memory(),
        network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false },
        ...init
      })
      clients.push(client)
      return client
    },
    as,
    answers: async (client, argv) => {
      const run = await as(client, [...argv, '--json'])
      expect(run.err).not.toContain('error')
      expect(run.code).toBe(0)
      return run.json() as Record<string, unknown>[]
    },
    refusal: async (client, argv) => codeOf(await as(client, [...argv, '--json'])),
    end: async () => {
      await Promise.all(clients.map(async client => await client.close()))
      rmSync(home, { recursive: true })
    }
  }
}
