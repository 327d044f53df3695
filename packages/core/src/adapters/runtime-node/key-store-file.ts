/** KS6's shell: the key-store file is replaced whole or not at all, and only its owner reads it. */
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CBOR_BYTES_MAX, XcordError } from '../../base/index.ts'

const OWNER_ONLY = 0o600

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function storeError(error: unknown, operation: string, path: string): XcordError {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new XcordError(
      'XCORD_DISK_FULL',
      `There is no room on the disk for ${path}. Free some space and try again; what was stored before is untouched.`,
      { path },
      { cause: error }
    )
  }
  return new XcordError(
    'XCORD_STORE_FAILED',
    `Cannot ${operation} ${path} (${code ?? 'unknown reason'}).`,
    { operation },
    { cause: error }
  )
}

/**
 * The bytes of a key-store file, or undefined where there is none.
 *
 * @throws XcordError XCORD_KEYSTORE_INVALID for a file too large to be one, XCORD_STORE_FAILED if it cannot be read.
 */
export async function readKeyStoreFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path)
    if (size > CBOR_BYTES_MAX) {
      throw new XcordError(
        'XCORD_KEYSTORE_INVALID',
        `${path} has ${size} bytes; a key store has at most ${CBOR_BYTES_MAX}.`,
        { rule: 'KS1', reason: 'too large' }
      )
    }
    const bytes = await readFile(path)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error instanceof XcordError ? error : storeError(error, 'read', path)
  }
}

/** Makes a rename survive power loss; some file systems cannot, and then there is nothing more to do. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'ENOTSUP', 'EISDIR'].includes(codeOf(error) ?? '')) throw error
  } finally {
    await directory.close()
  }
}

/**
 * Replaces the key-store file: temporary file beside it, fsync, rename, fsync of the directory; mode 0600.
 * A crash at any moment leaves the old file or the new one. The profile's lock is held, so there is one writer.
 *
 * @throws XcordError XCORD_DISK_FULL or XCORD_STORE_FAILED; the old file is then as it was.
 */
export async function writeKeyStoreFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw storeError(error, 'write', path)
  }
}
