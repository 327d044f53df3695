/** The node's identity on disk (BN2): one line of text in a file that only its owner may read. */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { type Random, XcordError } from '@xcord/core/base'
import { fromBase64, toBase64 } from './base64.ts'

/** First word and version of the line. */
const HEADER = 'xcord-node-key 1 '
const SEED_BYTES = 32
const OTHERS = 0o077

/**
 * Reads the seed, or makes one where there is no file.
 *
 * @throws XCORD_KEYSTORE_INVALID for a file that is none or that others may read, XCORD_NEWER_VERSION for one of a
 *   later XCord, XCORD_STORE_FAILED where the disk refuses.
 */
export function loadOrCreateKeyFile(
  path: string,
  random: Random
): { readonly seed: Uint8Array; readonly created: boolean } {
  const existing = read(path)
  if (existing !== undefined) return { seed: parse(existing, path), created: false }
  const seed = random.bytes(SEED_BYTES)
  try {
    // 'wx': a second start at the same moment must not replace the first one's identity.
    const file = openSync(path, 'wx', 0o600)
    writeSync(file, `${HEADER}${toBase64(seed)}\n`)
    fsyncSync(file)
    closeSync(file)
  } catch (error) {
    throw failed(path, 'made', error)
  }
  return { seed, created: true }
}

function read(path: string): string | undefined {
  try {
    const { mode, isFile } = factsOf(path)
    if (!isFile)
      throw new XcordError('XCORD_KEYSTORE_INVALID', `${path} is not a file.`, {
        rule: 'BN2',
        reason: 'not a file'
      })
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new XcordError(
        'XCORD_KEYSTORE_INVALID',
        `Others may read the key file ${path}: run "chmod 600 ${path}".`,
        {
          rule: 'BN2',
          reason: 'others may read it'
        }
      )
    }
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof XcordError) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw failed(path, 'read', error)
  }
}

function factsOf(path: string): { readonly mode: number; readonly isFile: boolean } {
  const facts = statSync(path)
  return { mode: facts.mode, isFile: facts.isFile() }
}

function parse(text: string, path: string): Uint8Array {
  const version = /^xcord-node-key (\d+) /.exec(text)?.[1]
  if (version !== undefined && Number(version) > 1) {
    throw new XcordError('XCORD_NEWER_VERSION', `The key file ${path} was written by a newer XCord.`, {
      what: 'key file',
      found: Number(version),
      supported: 1
    })
  }
  const seed = text.startsWith(HEADER) ? fromBase64(text.slice(HEADER.length).trimEnd()) : undefined
  if (seed?.length !== SEED_BYTES) {
    throw new XcordError('XCORD_KEYSTORE_INVALID', `${path} is not a whole key file of a node.`, {
      rule: 'BN2',
      reason: 'not a key file'
    })
  }
  return seed
}

function failed(path: string, verb: string, cause: unknown): XcordError<'XCORD_STORE_FAILED'> {
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new XcordError(
    'XCORD_STORE_FAILED',
    `The key file ${path} cannot be ${verb}${why}.`,
    { operation: 'key file' },
    { cause }
  )
}
