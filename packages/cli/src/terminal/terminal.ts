/** The process as an argument: streams, environment, time and the SDK's door. Tests pass their own. */
import type { Readable, Writable } from 'node:stream'
import type { Client, ClientInit } from '@xcord/sdk'
import type { LinkDeviceInit } from '@xcord/sdk/node'

export interface Input extends Readable {
  readonly isTTY?: boolean
  setRawMode?(on: boolean): unknown
}

export interface TextOutput extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface OpenInit extends Omit<ClientInit, 'store'> {
  /** Folder of the SDK's store. */
  readonly path: string
  readonly password?: string
}

export interface LinkInit extends Omit<LinkDeviceInit, 'store'> {
  readonly path: string
  readonly password?: string
}

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Input
  readonly stdout: TextOutput
  readonly stderr: TextOutput
  /** Milliseconds since the Unix epoch. */
  now(): number
  /**
   * Opens a profile; without a password by its key file, or by the system's keychain. XCORD_KEYSTORE_LOCKED,
   * XCORD_KEYCHAIN_UNAVAILABLE, XCORD_KEYCHAIN_MISMATCH where it wants a password and got none.
   */
  open(init: OpenInit): Promise<Client>
  /** Makes an empty place a further device of an identity (ID10). */
  link(init: LinkInit): Promise<Client>
  /** Calls back on SIGINT and SIGTERM; returns its removal. */
  onStop(listener: () => void): () => void
  /** Told the parent that started this process in the background. */
  report?(message: { readonly ready: true } | { readonly error: unknown }): void
}

const lock = (password: string | undefined) => (password === undefined ? {} : { password })

/** The real one. */
export function processTerminal(): Terminal {
  return {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => Date.now(),
    open: async ({ path, password, ...init }) => {
      const [{ createClient }, { folder }] = await Promise.all([
        import('@xcord/sdk'),
        import('@xcord/sdk/node')
      ])
      return createClient({ ...init, store: folder(path, { ...lock(password), keychain: true }) })
    },
    link: async ({ path, password, ...init }) => {
      const { folder, linkDevice } = await import('@xcord/sdk/node')
      return linkDevice({ ...init, store: folder(path, lock(password)) })
    },
    onStop: listener => {
      process.on('SIGINT', listener)
      process.on('SIGTERM', listener)
      return () => {
        process.off('SIGINT', listener)
        process.off('SIGTERM', listener)
      }
    },
    ...(process.send === undefined
      ? {}
      : {
          report: message => {
            process.send?.(message)
            process.disconnect()
          }
        })
  }
}
