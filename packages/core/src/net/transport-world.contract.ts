/** What the parts of the transport suite share: worlds of peers, and small tools. */
import { afterEach } from 'vitest'
import type { DeviceId } from '../base/index.ts'
import type { Connection, FrameStream, ProtocolName, Transport } from './contract.ts'

/** A peer that a case wants. */
export interface PeerWish {
  /** Without, it is reached through a node only. */
  readonly listen: boolean
}

/** A world of peers that are started and know nothing of each other. */
export interface TransportWorld {
  readonly peers: readonly Transport[]
  /** A node that relays and answers the rendezvous: what peers need of it. */
  readonly node: { readonly device: DeviceId; addresses(): readonly string[]; stop(): Promise<void> }
  destroy(): Promise<void>
}

/** What a suite run needs of an adapter. */
export interface TransportContractInit {
  readonly name: string
  create(wishes: readonly PeerWish[]): Promise<TransportWorld>
  /** Text of an address where nobody answers. */
  deadAddress(device: DeviceId): string
}

export const ECHO: ProtocolName = '/xcord/sync/1'
export const LISTENS: PeerWish = { listen: true }
export const HIDES: PeerWish = { listen: false }
export const BOUNDS = { frameBytesMax: 70_000, inboundStreamsMax: 4, onLimited: true }

/** Waits until something is true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 20_000
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export async function echo(stream: FrameStream): Promise<void> {
  for await (const frame of stream.frames()) await stream.send(frame)
}

export async function nextFrame(stream: FrameStream): Promise<Uint8Array | undefined> {
  for await (const frame of stream.frames()) return frame
  return undefined
}

export async function caught(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => undefined,
    (error: unknown) => error
  )
}

export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte)

/** Makes worlds and ends them after each case. */
export interface Worlds {
  readonly init: TransportContractInit
  world(...wishes: PeerWish[]): Promise<TransportWorld>
  /** Two who listen and are strangers. */
  pair(): Promise<{ a: Transport; b: Transport; node: TransportWorld['node'] }>
  /** Two who are connected. */
  two(): Promise<{ a: Transport; b: Transport; connection: Connection }>
}

/** Call inside a `describe`. */
export function createWorlds(init: TransportContractInit): Worlds {
  const worlds: TransportWorld[] = []
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map(each => each.destroy()))
  })
  const world = async (...wishes: PeerWish[]): Promise<TransportWorld> => {
    const made = await init.create(wishes)
    worlds.push(made)
    return made
  }
  const pair = async (): Promise<{ a: Transport; b: Transport; node: TransportWorld['node'] }> => {
    const { peers, node } = await world(LISTENS, LISTENS)
    const [a, b] = peers
    if (a === undefined || b === undefined) throw new Error('the adapter made too few peers')
    return { a, b, node }
  }
  return {
    init,
    world,
    pair,
    two: async () => {
      const { a, b } = await pair()
      return { a, b, connection: await a.dial(b.addresses()) }
    }
  }
}
