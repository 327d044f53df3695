/** Entering a server by a snapshot: a replay that waits for the test, and a member who lies. */
import type { Connection, FrameStream, Transport } from '@xcord/core/net'
import type { Server } from '@xcord/sdk'
// A hostile member publishes what no public function would.
import { draftCheckpoint } from '../../../core/src/authority/index.ts'
import { operate } from '../../../core/src/node/replica/operate.ts'
import { publishedTable } from '../../../core/src/node/replica/tables.ts'
import { replicaOf } from './faults.fixture.ts'

/** Published after fewer operations than a test makes. */
export const publishing = { every: 1_000, closing: 1_000, lag: 100, publish: 12 }
export const silent = { ...publishing, publish: 1_000_000 }

/** Sees each frame that comes over a stream, and may keep it waiting. */
export function watched(
  transport: Transport,
  sees: (protocol: string, frame: Uint8Array) => Promise<void> | undefined
): Transport {
  const bound = (target: object, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, name)
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
  }
  const stream = (inner: FrameStream): FrameStream =>
    new Proxy(inner, {
      get: (target, name) =>
        name === 'frames'
          ? async function* () {
              for await (const frame of target.frames()) {
                const waits = sees(target.protocol, frame)
                if (waits !== undefined) await waits
                yield frame
              }
            }
          : bound(target, name)
    })
  const connection = (inner: Connection): Connection =>
    new Proxy(inner, {
      get: (target, name) =>
        name === 'openStream'
          ? async (...args: Parameters<Connection['openStream']>) => stream(await target.openStream(...args))
          : bound(target, name)
    })
  return new Proxy(transport, {
    get: (target, name) => {
      if (name === 'handle')
        return (...[protocol, bounds, run]: Parameters<Transport['handle']>) =>
          target.handle(protocol, bounds, async each => await run(stream(each)))
      if (name === 'dial')
        return async (...args: Parameters<Transport['dial']>) => connection(await target.dial(...args))
      if (name === 'connections')
        return (...args: Parameters<Transport['connections']>) => target.connections(...args).map(connection)
      if (name === 'on')
        return (...[event, listener]: Parameters<Transport['on']>) =>
          target.on(event, data =>
            listener('connection' in data ? { connection: connection(data.connection) } : data)
          )
      return bound(target, name)
    }
  })
}

/** Whether a frame of sync brings operations. */
export const bringsOperations = (protocol: string, frame: Uint8Array): boolean =>
  protocol === '/xcord/sync/1' && frame[1] === 0x14

/** A transport that takes no operations over sync before a gate opens: a replay that takes its time. */
export function patient(transport: Transport, opened: Promise<void>): Transport {
  return watched(transport, (protocol, frame) => (bringsOperations(protocol, frame) ? opened : undefined))
}

export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>(resolve => (open = resolve))
  return { opened, open: () => open() }
}

/** The snapshot that a member published last, as one peer knows it. */
export const published = (server: Server): string | undefined => replicaOf(server).current.published?.id
export const linkOf = async (server: Server): Promise<string> =>
  (await server.invites.create()).link as string

/** Publishes a snapshot that stands for more than there is, and serves it. */
export async function lie(server: Server): Promise<string> {
  return await replicaOf(server).do(work => {
    const { state, turn } = work
    const honest = state.log.snapshot()
    if (honest === undefined) throw new Error('no snapshot')
    const id = operate(work, draftCheckpoint({ ...honest, count: honest.count + 1 }, state.published))
    const pieces = [state.log.get(id)?.bytes as Uint8Array, ...honest.chunks]
    for (const [at, bytes] of pieces.entries())
      turn.batch.put(publishedTable, [state.server, at], { version: 1, part: Math.min(at, 1), bytes })
    return id
  })
}
