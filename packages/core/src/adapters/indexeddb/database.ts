/** Databases of the page, and their failures in XCord's codes. */
import { isXcordError, XcordError } from '../../base/index.ts'

/** The one object store in each database of ours. */
export const ROWS = 'rows'

/** The XCord error for something IndexedDB threw. */
export function storageError(error: unknown, operation: 'open' | 'read' | 'write', name: string): XcordError {
  if (isXcordError(error)) return error
  const kind = error instanceof Error || error instanceof DOMException ? error.name : ''
  const options = { cause: error }
  if (kind === 'QuotaExceededError')
    return new XcordError(
      'XCORD_DISK_FULL',
      'The browser gives this page no more room: nothing of this change was stored. Free some space and try again.',
      { path: name },
      options
    )
  if (kind === 'VersionError')
    return new XcordError(
      'XCORD_NEWER_VERSION',
      `What this browser keeps under ${name} was written by a newer version of XCord.`,
      { what: name, found: 2, supported: 1 },
      options
    )
  if (operation === 'open')
    return new XcordError(
      'XCORD_STORE_FAILED',
      'The browser does not let this page keep anything: allow it to store data, or leave the private window.',
      { operation },
      options
    )
  return new XcordError(
    'XCORD_STORE_FAILED',
    `The browser failed to ${operation} ${name}.`,
    { operation },
    options
  )
}

/** What a request gives. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('no answer'))
  })
}

/** Settles when everything of a transaction is done, or undone. */
export function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('undone'))
  })
}

/** Opens a database, made where there is none. @throws XcordError XCORD_STORE_FAILED where storage is denied. */
export async function openDatabase(name: string): Promise<IDBDatabase> {
  try {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(ROWS)
    return await answerOf(request)
  } catch (error) {
    throw storageError(error, 'open', name)
  }
}

/** The bytes of a view and no others: a clone would carry along the whole buffer behind it. */
export function ownBytes(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer
}
