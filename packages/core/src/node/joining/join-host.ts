/** What joining needs, out of what a node is made of. */
import type { ServerId } from '../../base/index.ts'
import type { NodeInit } from '../contract.ts'
import type { NodeParts } from '../node-parts.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { pause } from '../with-deadline.ts'
import { previewFinder } from './find-preview.ts'
import type { JoinHost } from './join.ts'

/** ND27: how long sync waits for a snapshot and a first page at most, ms: then they share the line. */
const HOLD_MS = 10_000

export interface JoinNode {
  readonly parts: NodeParts
  online(replica: LiveReplica): void
  changed(server: ServerId, signal: AbortSignal): Promise<void>
  asked(server: ServerId): void
}

export function createJoinHost(init: NodeInit, node: JoinNode, words: string): JoinHost {
  const { suite, clock, random, account, transport, bootstrap, timers } = init
  const { parts, online, changed, asked } = node
  return {
    suite,
    clock,
    random,
    account,
    name: parts.profiles.name,
    tellProfile: parts.profiles.tell,
    transport,
    bootstrap,
    prepare: async start => {
      const replica = await parts.registry.prepare(start)
      online(replica)
      return replica
    },
    replica: server => parts.registry.replicas.get(server),
    preview: previewFinder(init),
    hold: replica => {
      replica.current.holdsSync = true
      const release = (): void => {
        cancel()
        if (!replica.current.holdsSync) return
        replica.current.holdsSync = false
        parts.sync.feed({ type: 'standing', server: replica.server })
      }
      const cancel = timers.after(HOLD_MS, release)
      return release
    },
    firstPage: async replica => await parts.pages.first(replica),
    changed,
    words,
    pause: async (ms, signal) => await pause(timers, ms, signal),
    asked
  }
}
