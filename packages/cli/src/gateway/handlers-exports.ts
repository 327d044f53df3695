/** Server exports as calls of the SDK. */
import { Readable } from 'node:stream'
import { type OperationId, parseId, XcordError } from '@xcord/core'
import { type ExportOptions, verifyServerExport } from '@xcord/sdk'
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

/** XCORD_USAGE where they contradict each other, or name neither an operation nor a time. */
function exportOptions(query: {
  readonly content?: boolean
  readonly until?: string
  readonly before?: string
}): ExportOptions {
  const { content = false, until, before } = query
  const given = [content ? 'content' : undefined, until, before].filter(each => each !== undefined)
  if (given.length > 1) throw usage('until', 'give one of until, before and content')
  if (before !== undefined) return { before: operationOf('before', before) }
  if (until === undefined) return { content }
  const at = new Date(until)
  return { until: Number.isNaN(at.getTime()) ? operationOf('until', until) : at }
}

function operationOf(argument: string, text: string): OperationId {
  const operation = parseId('o', text)
  if (operation === undefined) throw usage(argument, `"${text}" is not the id of an operation`)
  return operation
}

export const exportHandlers: Handlers<keyof typeof exports> = {
  exportServer: async ({ context: { client } }, { params, query }) =>
    // The gateway sends it as it is; only its type is told apart by the route.
    (await streamOf(findServer(client, params.server).export(exportOptions(query)))) as never,
  createBackup: async ({ context: { client } }) => (await streamOf(client.backup())) as never,
  verifyExport: async (_call, input) => {
    const { query } = input
    const server = query.server === undefined ? undefined : parseId('s', query.server)
    if (query.server !== undefined && server === undefined)
      throw usage('server', `"${query.server}" is not the id of a server`)
    return await verifyServerExport(bytesOf(input), server === undefined ? {} : { server })
  },
  importServer: async ({ context: { client } }, input) =>
    (await client.servers.import(bytesOf(input), { enrol: input.query.enrol ?? false })).toJSON(),
  copyServer: async ({ context: { client } }, input) => {
    const { name } = input.query
    return (await client.servers.copy(bytesOf(input), name === undefined ? {} : { name })).toJSON()
  }
}
