/** ID11: the backup file, written anew after each change; changes in a row are one write. */
import type { Timers } from '@xcord/core'
import { writeKeyStoreFile } from '@xcord/core/adapters/runtime-node'
import type { AccountDevices } from '@xcord/core/node'

/** Changes so close together are written once. */
const SETTLE_MS = 300
/** Addresses of members change without a word: they are written anew so often, and at the end. */
const AGAIN_MS = 600_000

export interface BackupFile {
  /** Writes what is still to be written, and stops. */
  close(): Promise<void>
}

/** Keeps a file fresh, from now on. A failed write is told, and tried again at the next change. */
export function keepBackup(init: {
  readonly path: string
  readonly account: Pick<AccountDevices, 'backup' | 'onChange'>
  readonly timers: Timers
  readonly fault: (error: unknown) => void
}): BackupFile {
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = (): void => {
    cancel = undefined
    writing = writing.then(async () => {
      try {
        const bytes = init.account.backup()
        if (bytes !== undefined) await writeKeyStoreFile(init.path, bytes)
      } catch (error) {
        init.fault(error)
      }
    })
  }
  const due = (): void => {
    cancel ??= init.timers.after(SETTLE_MS, write)
  }
  const off = init.account.onChange(due)
  let stopAgain = init.timers.after(AGAIN_MS, again)
  function again(): void {
    due()
    stopAgain = init.timers.after(AGAIN_MS, again)
  }
  due()
  return {
    close: async () => {
      off()
      stopAgain()
      cancel?.()
      write()
      await writing
    }
  }
}
