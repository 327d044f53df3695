/** What handlers get: the open profile and the process around it. */
import type { Client } from '@xcord/sdk'

export interface GatewayInit {
  readonly client: Client
  readonly profile: string
  /** Path of the Unix socket, or null where only this process calls. */
  readonly socket: string | null
  readonly version: string
  readonly host: 'daemon' | 'tui' | 'command'
  /** Where figures for Prometheus are served, if they are. */
  readonly metrics?: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number
  /**
   * The lock of a profile that stays served (KS8); absent where only this process's end locks it. `client` throws
   * XCORD_KEYSTORE_LOCKED while it is locked.
   */
  readonly locking?:
    | {
        readonly locked: () => boolean
        /** Aborts when the profile that is open now is locked. */
        readonly untilLocked: () => AbortSignal
        lock(): Promise<void>
        /** XCORD_KEYSTORE_REFUSED. */
        unlock(password: string): Promise<void>
      }
    | undefined
  /** Ends the process that serves, after the answer left. Absent where it must not be ended from outside. */
  readonly stop?: () => void
  /** Told of each answered request: route pattern only, never ids, names or content. */
  readonly onAnswer?: (answer: {
    readonly method: string
    readonly route: string
    readonly status: number
    readonly ms: number
  }) => void
  /** Told of faults of ours. */
  readonly onFault?: (error: unknown) => void
  /** A reader that takes no event for so long is disconnected, milliseconds. Default 30,000. */
  readonly stalledMs?: number
  /** Bytes that may wait for a reader before no more are fetched. Default 262,144. */
  readonly bufferBytes?: number
}

export interface Context extends GatewayInit {
  readonly startedAt: number
}
