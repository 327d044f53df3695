/** Looks for a snapshot to enter by (ND26): at whoever the link led to, then at others who are connected. */
import type { Clock, Timers } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import { fetchSnapshot, type Preview } from '../snapshots/fetch-snapshot.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { type Patience, withPatience } from '../with-patience.ts'

/** Peers asked: who refuses or lies is followed by another, and the replay goes on beside. */
const ASKED_MAX = 4
/** A peer that says nothing for so long is left for the next; four that only trickle cost four minutes beside the replay. */
const PATIENCE: Patience = { silenceMs: 5_000, totalMs: 60_000 }

interface PreviewInit {
  readonly suite: Suite
  readonly clock: Clock
  readonly account: Account
  readonly transport: Transport
  readonly timers: Timers
}

/** Undefined where nobody has one that holds together. Never rejects. */
export type FindPreview = (
  replica: LiveReplica,
  genesis: Operation,
  first: Connection,
  signal: AbortSignal,
  /** Whoever was asked first has none, or was waited for in vain: others are asked beside the replay. */
  missed: () => void
) => Promise<Preview | undefined>

/** Looks on behalf of one node. */
export function previewFinder(init: PreviewInit): FindPreview {
  return async (...asked) => await findPreview(init, ...asked)
}

async function findPreview(
  { suite, clock, account, transport, timers }: PreviewInit,
  ...[replica, genesis, first, signal, missed]: Parameters<FindPreview>
): Promise<Preview | undefined> {
  const { packageSecret: topicSecret } = replica.current
  if (topicSecret === null) return undefined
  const others = transport.connections().filter(each => each.device !== first.device)
  for (const connection of [first, ...others].slice(0, ASKED_MAX)) {
    if (signal.aborted) return undefined
    const init = {
      suite,
      genesis,
      topicSecret,
      self: account.device.device,
      now: clock.now(),
      isFalse: (operation: Operation) => replica.current.falseSnapshots.has(operation.id)
    }
    const found = await withPatience(timers, PATIENCE, signal, (aborted, heard) =>
      fetchSnapshot(connection, { ...init, heard }, aborted)
    ).catch(() => undefined)
    if (found?.ok === true && found.value !== undefined) return found.value
    missed()
  }
  return undefined
}
