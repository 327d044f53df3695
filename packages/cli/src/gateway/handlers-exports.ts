/** Server exports as calls of the SDK. */
import { Readable } from 'node:stream'
import { parseId, XcordError } from '@xcord/core'
import { verifyServerExport } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { exports } from './routes-exports.ts'

/** The request's bytes, which no schema describes. XCORD_USAGE where it has none. */
export function bytesOf(input: object): AsyncIterable<Uint8Array> {
  if ('body' in input && input.body instanceof Readable) return untilGone(input.body)
  throw usage('body', 'the file travels as the body, with content-type application/octet-stream')
}

/** Whoever sends may hang up in the middle: no fault of ours. */
async function* untilGone(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield piece as Uint8Array
  } catch (error) {
    throw new XcordError('XCORD_ABORTED', 'the file stopped coming', {}, { cause: error })
  }
}

/** A stream whose first piece is there: what fails before it is answered as an error. */
export async function streamOf(source: AsyncIterable<Uint8Array>): Promise<Readable> {
  const pieces = source[Symbol.asyncIterator]()
  const first = await pieces.next()
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await pieces.next()) yield next.value
    } finally {
      await pieces.return?.()
    }
  }
  return Readable.from(all(), { objectMode: false })
}

export const exportHandlers: Handlers<keyof typeof exports> = {
  exportServer: async ({ context: { client } }, { params, query }) =>
    // The gateway sends it as it is; only its type is told apart by the route.
    (await streamOf(findServer(client, params.server).export({ content: query.content ?? false }))) as never,
  createBackup: async ({ context: { client } }) => (await streamOf(client.backup())) as never,
  verifyExport: async (_call, input) => {
    const { query } = input
    const server = query.server === undefined ? undefined : parseId('s', query.server)
    if (query.server !== undefined && server === undefined)
      throw usage('server', `"${query.server}" is not the id of a server`)
    return await verifyServerExport(bytesOf(input), server === undefined ? {} : { server })
  },
  importServer: async ({ context: { client } }, input) =>
    (await client.servers.import(bytesOf(input), { enrol: input.query.enrol ?? false })).toJSON()
}
