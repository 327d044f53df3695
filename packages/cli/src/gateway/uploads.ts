/** Files on their way into a message: taken in as bytes, named by the message that is sent next. */
import { randomUUID } from 'node:crypto'
import { XcordError } from '@xcord/core'
import type { Context } from './context.ts'

/** What one file may have; the SDK's bound, held while it still comes. */
const FILE_BYTES_MAX = 33_554_432
/** Bytes that wait for their message; the oldest go. */
const WAITING_BYTES_MAX = 4 * FILE_BYTES_MAX

const waiting = new WeakMap<Context, Map<string, Uint8Array>>()

/** Takes a file in. XCORD_LIMIT. */
export async function takeUpload(context: Context, body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > FILE_BYTES_MAX)
      throw new XcordError('XCORD_LIMIT', `a file has at most ${FILE_BYTES_MAX.toLocaleString('en')} bytes`, {
        what: 'bytes of a file',
        limit: FILE_BYTES_MAX,
        actual: size
      })
    pieces.push(piece)
  }
  const files = waiting.get(context) ?? new Map<string, Uint8Array>()
  waiting.set(context, files)
  const upload = randomUUID()
  files.set(upload, Buffer.concat(pieces))
  let held = 0
  for (const each of files.values()) held += each.length
  for (const [oldest, bytes] of files) {
    if (held <= WAITING_BYTES_MAX) break
    files.delete(oldest)
    held -= bytes.length
  }
  return upload
}

/** Gives files out for their message, and keeps them no longer. XCORD_USAGE. */
export function useUploads(context: Context, uploads: readonly string[]): readonly Uint8Array[] {
  const files = waiting.get(context)
  return uploads.map(upload => {
    const bytes = files?.get(upload)
    files?.delete(upload)
    if (bytes !== undefined) return bytes
    throw new XcordError('XCORD_USAGE', 'no upload of that name waits; each serves one message', {
      argument: 'files'
    })
  })
}
