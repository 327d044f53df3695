/** KS6 in browsers: the key store, replaced whole or not at all. */
import { answerOf, endOf, openDatabase, ownBytes, ROWS, storageError } from './database.ts'

/** One thing that is kept. Each call opens the database for itself, so that nothing has to be closed. */
export interface KeptFile {
  /** undefined where nothing was written yet. */
  read(): Promise<Uint8Array | undefined>
  /** Resolves once the bytes would survive a crash. XCORD_DISK_FULL, XCORD_STORE_FAILED; what was there stays. */
  write(bytes: Uint8Array): Promise<void>
}

const KEY = 'file'

/** Keeps bytes under a name of this origin. */
export function openKeptFile(name: string): KeptFile {
  const within = async <T>(
    operation: 'read' | 'write',
    run: (database: IDBDatabase) => Promise<T>
  ): Promise<T> => {
    const database = await openDatabase(name)
    try {
      return await run(database)
    } catch (error) {
      throw storageError(error, operation, name)
    } finally {
      database.close()
    }
  }
  return {
    read: async () =>
      await within('read', async database => {
        const rows = database.transaction(ROWS).objectStore(ROWS)
        const found = await answerOf<ArrayBuffer | undefined>(rows.get(KEY))
        return found && new Uint8Array(found)
      }),
    write: async bytes =>
      await within('write', async database => {
        const transaction = database.transaction(ROWS, 'readwrite', { durability: 'strict' })
        transaction.objectStore(ROWS).put(ownBytes(bytes), KEY)
        await endOf(transaction)
      })
  }
}
