/** Looks for a snapshot to enter by (ND26): at whoever the link led to, then at others who are connected. */
import type { Clock } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import { fetchSnapshot, type Preview } from '../snapshots/fetch-snapshot.ts'
import type { LiveReplica } from '../replica/replica.ts'

/** Peers asked: who refuses or lies is followed by another, and the replay goes on beside. */
const ASKED_MAX = 4

interface PreviewInit {
  readonly suite: Suite
  readonly clock: Clock
  readonly account: Account
  readonly transport: Transport
}

/** Undefined where nobody has one that holds together. Never rejects. */
export type FindPreview = (
  replica: LiveReplica,
  genesis: Operation,
  first: Connection,
  signal: AbortSignal
) => Promise<Preview | undefined>

/** Looks on behalf of one node. */
export function previewFinder(init: PreviewInit): FindPreview {
  return async (...asked) => await findPreview(init, ...asked)
}

async function findPreview(
  { suite, clock, account, transport }: PreviewInit,
  ...[replica, genesis, first, signal]: Parameters<FindPreview>
): Promise<Preview | undefined> {
  const { packageSecret: topicSecret } = replica.current
  if (topicSecret === null) return undefined
  const others = transport.connections().filter(each => each.device !== first.device)
  for (const connection of [first, ...others].slice(0, ASKED_MAX)) {
    const found = await fetchSnapshot(
      connection,
      {
        suite,
        genesis,
        topicSecret,
        self: account.device.device,
        now: clock.now(),
        isFalse: operation => replica.current.falseSnapshots.has(operation.id)
      },
      signal
    ).catch(() => undefined)
    if (found?.ok === true && found.value !== undefined) return found.value
  }
  return undefined
}
