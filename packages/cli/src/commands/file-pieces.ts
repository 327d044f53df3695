/** Files that verbs write and read, in pieces: exports and backups. */
import { createHash } from 'node:crypto'
import { createReadStream, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { XcordError } from '@xcord/core'
import type { Session } from './session.ts'

/** A file that was read or written. */
export interface WrittenFile {
  readonly bytes: number
  /** Of the whole file, hex. */
  readonly sha256: string
}

/** The pieces of a file, or of standard input for `-`. XCORD_USAGE where it cannot be read. */
export async function* readPieces(session: Session, path: string): AsyncGenerator<Uint8Array> {
  const stream = path === '-' ? session.terminal.stdin : createReadStream(path)
  try {
    for await (const piece of stream) yield piece as Uint8Array
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): XcordError<'XCORD_USAGE'> {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new XcordError(
    'XCORD_USAGE',
    `${path} cannot be read or written: ${reason}`,
    { argument: path },
    { cause }
  )
}

/** Writes beside the path first: what stands there is whole, or not there. */
export async function writePieces(path: string, pieces: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const beside = `${path}.part`
  const file = await open(beside, 'w', 0o600).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const piece of pieces) {
      await file.writeFile(piece)
      hash.update(piece)
      bytes += piece.length
    }
    await file.sync()
    await file.close()
    renameSync(beside, path)
  } catch (error) {
    await file.close().catch(() => undefined)
    rmSync(beside, { force: true })
    throw error
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** For `-o -`. */
export async function toStandardOutput(session: Session, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const { stdout } = session.terminal
  for await (const piece of pieces)
    if (!stdout.write(piece)) await new Promise(resolve => stdout.once('drain', resolve))
}

/** How large a file is, for people. */
export const sizeText = (bytes: number): string =>
  bytes < 10_000
    ? `${bytes} bytes`
    : bytes < 10_000_000
      ? `${Math.round(bytes / 1_000)} kB`
      : `${Math.round(bytes / 1_000_000)} MB`
