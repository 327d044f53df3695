/** What the live objects share: the node, and the one instance per id that they hand out. */
import type { ServerId } from '@xcord/core'
import type { Node } from '@xcord/core/node'
import type { LiveServer } from './server.ts'

export interface ClientContext {
  readonly node: Node
  /** Faults in the background reach `error`. */
  fault(error: unknown): void
  server(id: ServerId): LiveServer | undefined
  /** Waits until the next event of any kind that touches a message's delivery. */
  onDelivery(message: string, listener: () => void): () => void
}
