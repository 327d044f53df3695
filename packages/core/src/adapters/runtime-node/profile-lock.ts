/**
 * KS6: one process per profile, since two would use one device's chain position twice.
 *
 * The lock is a kernel lock on a file (held through SQLite, the one such lock Node offers on every platform),
 * so it ends with its holder however that ends, and no stale lock is ever to be guessed at (docs/adr/0013).
 * Nothing else in the process may open `profile.lock`: closing any descriptor of it drops a POSIX lock.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { XcordError } from '../../base/index.ts'

const LOCK_FILE = 'profile.lock'
/** Tells people who holds the lock; decides nothing. */
const PID_FILE = 'profile.pid'
const OWNER_ONLY_DIRECTORY = 0o700
const OWNER_ONLY = 0o600
const SQLITE_BUSY = 5

/** Locks of this process: one that nothing refers to would be closed by the garbage collector, and its profile free. */
const held = new Set<DatabaseSync>()

/** An exclusive hold on a profile directory. */
export interface ProfileLock extends AsyncDisposable {
  readonly path: string
  /** Gives the profile free. Repeatable. */
  release(): Promise<void>
}

async function holderOf(path: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(path, PID_FILE), 'utf8').catch(() => ''))
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

function acquire(path: string): DatabaseSync {
  const database = new DatabaseSync(join(path, LOCK_FILE), { timeout: 0 })
  try {
    // The journal stays in memory: nothing is ever written, only held.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Takes a profile directory, making it (mode 0700) where there is none.
 *
 * @throws XcordError XCORD_PROFILE_IN_USE, with the holder's process id where it is known; XCORD_STORE_FAILED.
 */
export async function lockProfile(path: string): Promise<ProfileLock> {
  let database: DatabaseSync
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY })
    database = acquire(path)
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      const pid = await holderOf(path)
      const who = pid === undefined ? 'Another process' : `Process ${pid}`
      throw new XcordError(
        'XCORD_PROFILE_IN_USE',
        `${who} is using the profile ${path}. Stop it first, or use another profile.`,
        { path, ...(pid === undefined ? {} : { pid }) },
        { cause: error }
      )
    }
    throw new XcordError(
      'XCORD_STORE_FAILED',
      `Cannot lock the profile ${path}.`,
      { operation: 'lock' },
      { cause: error }
    )
  }
  await writeFile(join(path, PID_FILE), `${process.pid}\n`, { mode: OWNER_ONLY }).catch(() => undefined)
  held.add(database)
  const release = async (): Promise<void> => {
    if (!held.delete(database)) return
    await rm(join(path, PID_FILE), { force: true }).catch(() => undefined)
    database.close()
  }
  return { path, release, [Symbol.asyncDispose]: release }
}
